"""GET /health/: for load balancers and monitoring."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from workflows.api import description
from workflows.api.serializers.fields import AnswerSerializer, Moment
from workflows.services.operations.health import Health, look


class HealthSerializer(AnswerSerializer):
    """How the work is going."""

    status = serializers.CharField(help_text="`ok` or `degraded`.")
    oldest_due_seconds = serializers.IntegerField(allow_null=True)
    live_workers = serializers.IntegerField()
    last_beat_at = Moment(source="last_beat", allow_null=True)

    def get_status(self, found: Health) -> str:
        """Return the one word that monitoring reads."""
        return "ok" if found.is_working else "degraded"

    def get_oldest_due_seconds(self, found: Health) -> float | None:
        """Return for how long the oldest run has waited."""
        return None if found.oldest_due is None else found.oldest_due.total_seconds()


class HealthView(APIView):
    """Tells how the work is going. Needs no key, and names no tenant."""

    authentication_classes = ()
    permission_classes = ()
    http_method_names = ["get", "head"]

    @extend_schema(
        operation_id="get_health",
        summary="Whether this works",
        description=(
            "200 as long as events can be accepted; `degraded` means that nobody works on them, or "
            "that a run has waited for a minute. 503: the database cannot be reached."
        ),
        tags=["health"],
        responses={200: HealthSerializer, **description.problems(with_key=False)},
    )
    def get(self, request: Request) -> Response:
        """Answer with the numbers."""
        return Response(HealthSerializer(look()).data)
