"""GET /approvals/ and /approvals/{id}/, POST /approvals/{id}/decide/: questions to people."""

from typing import Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.core.json.strict_json import JsonFault
from tenants.models.api_key import Scope
from workflows.api import approval_shapes, approving, description, paging, parameters
from workflows.api.authentication import key_of, may, tenant_of
from workflows.api.json import body_of
from workflows.api.refusals import ApiProblem
from workflows.presentation.approvals import ApprovalState
from workflows.services.approvals.decide import decide
from workflows.services.approvals.queries import ApprovalQuestion, find_approval, find_approvals
from workflows.services.approvals.refusals import NotDecided

# Who fires events and reads runs does not thereby decide what people were asked.
DECIDE_APPROVALS: Final = Scope.DECIDE_APPROVALS
_STATUSES: Final = [ApprovalState.OPEN.value, ApprovalState.DECIDED.value]

PARAMETERS: Final = [
    description.query("status", "Only approvals that stand so.", enum=_STATUSES),
    *paging.page_parameters("Approvals"),
]
_KNOWN: Final = [parameter.name for parameter in PARAMETERS]


class ApprovalsView(APIView):
    """Lists approvals."""

    required_scope = Scope.READ_RUNS
    http_method_names = ["get", "head"]

    @extend_schema(
        operation_id="list_approvals",
        summary="List approvals, newest first",
        description="Questions that runs have put to people. Follow `next` until it is null.",
        tags=["approvals"],
        parameters=PARAMETERS,
        responses={
            200: approval_shapes.ApprovalPage,
            **description.problems("invalid_parameters"),
        },
    )
    def get(self, request: Request) -> Response:
        """Answer with a page of approvals."""
        found = find_approvals(tenant_of(request), _question(request))
        shown = [approving.approval(request, one) for one in found.approvals]
        return Response(paging.page(request, shown, found.next_before))


class ApprovalView(APIView):
    """Shows an approval."""

    required_scope = Scope.READ_RUNS
    http_method_names = ["get", "head"]

    @extend_schema(
        operation_id="get_approval",
        summary="Read an approval",
        tags=["approvals"],
        responses={
            200: approval_shapes.Approval,
            **description.problems("invalid_parameters", "not_found"),
        },
    )
    def get(self, request: Request, approval_id: UUID) -> Response:
        """Answer with everything about the approval."""
        parameters.Parameters(request, []).check()
        return Response(_shown(request, approval_id))


class DecideView(APIView):
    """Takes a decision."""

    required_scope = DECIDE_APPROVALS
    http_method_names = ["post"]

    @extend_schema(
        operation_id="decide_approval",
        summary="Decide an approval",
        description=(
            "The approvers have to name the key, as `key:<name>`. With `on_behalf_of` the person "
            "named there has to be among them as well; nobody decides on an own request. One "
            "decision takes effect, however many arrive at once; the others are told of it with "
            "409 `already_decided`. A key without `runs:read` is told `id`, `url`, `status` and "
            "the `decision` alone."
        ),
        tags=["approvals"],
        request=approval_shapes.Decision,
        responses={
            200: approval_shapes.APPROVAL_AFTER,
            **description.problems(
                *(fault for fault in JsonFault),
                "invalid_parameters",
                "invalid_decision",
                "not_found",
                "already_decided",
                "no_longer_open",
                "may_not_decide",
                "unknown_choice",
                "answer_invalid",
                "length_required",
                "request_interrupted",
                "unsupported_media_type",
            ),
        },
    )
    def post(self, request: Request, approval_id: UUID) -> Response:
        """Decide, answer once it is committed."""
        parameters.Parameters(request, []).check()
        body = body_of(request)
        answer, decider = approving.answer_in(body), approving.decider_in(body, key_of(request))
        try:
            decide(tenant_of(request), approval_id, decider, answer)
        except NotDecided as refused:
            raise approving.problem_of(refused) from None
        return Response(_shown(request, approval_id))


def _shown(request: Request, approval_id: UUID) -> dict[str, object]:
    found = find_approval(tenant_of(request), approval_id)
    if found is None:
        raise ApiProblem("not_found")
    if may(request, Scope.READ_RUNS):
        return approving.approval(request, found)
    return approving.approval_brief(request, found)


def _question(request: Request) -> ApprovalQuestion:
    given = parameters.Parameters(request, _KNOWN)
    status = given.read("status", parameters.one_of(_STATUSES))
    before, limit = paging.asked_page(given)
    given.check()
    return ApprovalQuestion(ApprovalState(status) if status else None, before, limit)
