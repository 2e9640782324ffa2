"""GET /runs/ and /runs/{id}/: find runs, and read one."""

from typing import Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.models.api_key import Scope
from workflows.api import description, paging, parameters, presenting, shapes
from workflows.api.authentication import tenant_of
from workflows.api.refusals import ApiProblem
from workflows.engine.statuses import RunStatus
from workflows.services.runs.queries import RunQuestion, find_runs, run_history

_SUBJECT_LENGTH: Final = 100
_STATUSES: Final = [status.value for status in RunStatus]

PARAMETERS: Final = [
    description.query("status", "Only runs in this status.", enum=_STATUSES),
    description.query("workflow", "Only runs of the workflow with this key."),
    description.query("trigger_type", "Only runs that this type of event started."),
    description.query("order_id", "Only runs whose payload has this `order_id`."),
    description.query("subject_type", "With `subject_id`: only runs about this record."),
    description.query("subject_id", "With `subject_type`."),
    description.query("event_id", "Only runs that this event started.", UUID),
    description.query("parent_run", "The parts of this run. Without it: whole runs.", UUID),
    description.query("created_after", "From this moment on (ISO 8601 with its offset)."),
    description.query("created_before", "Before this moment (ISO 8601 with its offset)."),
    *paging.page_parameters("Runs"),
]
_KNOWN: Final = [parameter.name for parameter in PARAMETERS]


class RunsView(APIView):
    """Lists runs."""

    required_scope = Scope.READ_RUNS
    http_method_names = ["get", "head"]

    @extend_schema(
        operation_id="list_runs",
        summary="List runs, newest first",
        description=(
            "Follow `next` until it is null: a page may hold fewer runs than `limit`, or none, "
            "although there are more. Runs of loops and branches are parts of their parent."
        ),
        tags=["runs"],
        parameters=PARAMETERS,
        responses={200: shapes.RunPage, **description.problems("invalid_parameters")},
    )
    def get(self, request: Request) -> Response:
        """Answer with a page of runs."""
        found = find_runs(tenant_of(request), _question(request))
        shown = [presenting.run_summary(request, run) for run in found.runs]
        return Response(paging.page(request, shown, found.next_before))


class RunView(APIView):
    """Shows a run."""

    required_scope = Scope.READ_RUNS
    http_method_names = ["get", "head"]

    @extend_schema(
        operation_id="get_run",
        summary="Read a run",
        tags=["runs"],
        responses={
            200: shapes.RunDetail,
            **description.problems("invalid_parameters", "not_found"),
        },
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        """Answer with everything about the run."""
        parameters.Parameters(request, []).check()
        history = run_history(tenant_of(request), run_id)
        if history is None:
            raise ApiProblem("not_found")
        return Response(presenting.run_detail(request, history))


def _question(request: Request) -> RunQuestion:
    given = parameters.Parameters(request, _KNOWN)
    status = given.read("status", parameters.one_of(_STATUSES))
    before, limit = paging.asked_page(given)
    question = RunQuestion(
        status=RunStatus(status) if status else None,
        workflow=given.text("workflow"),
        trigger_type=given.text("trigger_type"),
        order_id=given.text("order_id"),
        subject=given.pair("subject_type", "subject_id", _SUBJECT_LENGTH),
        event_id=given.read("event_id", parameters.uuid),
        parent_run=given.read("parent_run", parameters.uuid),
        created_after=given.read("created_after", parameters.moment),
        created_before=given.read("created_before", parameters.moment),
        before=before,
        limit=limit,
    )
    given.check()
    return question
