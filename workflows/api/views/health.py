"""GET /health/: for load balancers and monitoring."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from workflows.api import description, presenting, shapes
from workflows.services.operations.health import look


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
        responses={200: shapes.Health, **description.problems(with_key=False)},
    )
    def get(self, request: Request) -> Response:
        """Answer with the numbers."""
        return Response(presenting.health(look()))
