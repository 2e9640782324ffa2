"""GET /events/{id}/: read an event, and what became of it."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.models.api_key import KeyScope
from workflows.api import description
from workflows.api.authentication import tenant_of
from workflows.api.refusals import ApiProblem
from workflows.api.serializers.events import EventDetailSerializer
from workflows.api.serializers.requests import Parameters
from workflows.services.runs.queries import event_history


class EventView(APIView):
    """Shows an event."""

    required_scope = KeyScope.READ_RUNS
    http_method_names = ["get", "head"]

    @extend_schema(
        operation_id="get_event",
        summary="Read an event",
        tags=["events"],
        responses={
            200: EventDetailSerializer,
            **description.problems("invalid_parameters", "not_found"),
        },
    )
    def get(self, request: Request, event_id: UUID) -> Response:
        """Answer with the event, its evaluations and its runs."""
        Parameters.of(request)
        history = event_history(tenant_of(request), event_id)
        if history is None:
            raise ApiProblem("not_found")
        return Response(EventDetailSerializer.told(history, request))
