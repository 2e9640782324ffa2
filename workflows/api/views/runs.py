"""GET /runs/ and /runs/{id}/: find runs, and read one."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.models.api_key import KeyScope
from workflows.api import description
from workflows.api.authentication import tenant_of
from workflows.api.paging import NewestFirst
from workflows.api.refusals import ApiProblem
from workflows.api.serializers.requests import Parameters
from workflows.api.serializers.runs import (
    RunDetailSerializer,
    RunPageSerializer,
    RunParameters,
    RunSummarySerializer,
)
from workflows.services.runs.queries import RunQuestion, find_runs, run_history


class RunsView(APIView):
    """Lists runs."""

    required_scope = KeyScope.READ_RUNS
    http_method_names = ["get", "head"]

    @extend_schema(
        operation_id="list_runs",
        summary="List runs, newest first",
        description=(
            "Follow `next` until it is null: a page may hold fewer runs than `limit`, or none, "
            "although there are more. Runs of loops and branches are parts of their parent."
        ),
        tags=["runs"],
        parameters=[RunParameters],
        responses={200: RunPageSerializer, **description.problems("invalid_parameters")},
    )
    def get(self, request: Request) -> Response:
        """Answer with a page of runs."""
        question, pages = RunQuestion(**RunParameters.of(request)), NewestFirst(request)
        runs = find_runs(tenant_of(request), question, pages.take)
        return pages.get_paginated_response(RunSummarySerializer.all_told(runs, request))


class RunView(APIView):
    """Shows a run."""

    required_scope = KeyScope.READ_RUNS
    http_method_names = ["get", "head"]

    @extend_schema(
        operation_id="get_run",
        summary="Read a run",
        tags=["runs"],
        responses={
            200: RunDetailSerializer,
            **description.problems("invalid_parameters", "not_found"),
        },
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        """Answer with everything about the run."""
        Parameters.of(request)
        history = run_history(tenant_of(request), run_id)
        if history is None:
            raise ApiProblem("not_found")
        return Response(RunDetailSerializer.told(history, request))
