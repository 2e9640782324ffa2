"""GET /approvals/ and /approvals/{id}/, POST /approvals/{id}/decide/: questions to people."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.core.json.faults import JsonFault
from tenants.models.api_key import ApiKey, KeyScope
from workflows.api import description
from workflows.api.authentication import key_of, may, tenant_of
from workflows.api.paging import NewestFirst
from workflows.api.refusals import ApiProblem
from workflows.api.serializers import approvals, requests
from workflows.services.approvals.approvers import Decider, key_decider, key_decider_for
from workflows.services.approvals.decide import GivenAnswer, decide
from workflows.services.approvals.queries import find_approval, find_approvals

# Who fires events and reads runs does not thereby decide what people were asked.
DECIDE_APPROVALS: Final = KeyScope.DECIDE_APPROVALS


class ApprovalsView(APIView):
    """Lists approvals."""

    required_scope = KeyScope.READ_RUNS
    http_method_names = ["get", "head"]

    @extend_schema(
        operation_id="list_approvals",
        summary="List approvals, newest first",
        description="Questions that runs have put to people. Follow `next` until it is null.",
        tags=["approvals"],
        parameters=[approvals.ApprovalParameters],
        responses={
            200: approvals.ApprovalPageSerializer,
            **description.problems("invalid_parameters"),
        },
    )
    def get(self, request: Request) -> Response:
        """Answer with a page of approvals."""
        asked, pages = approvals.ApprovalParameters.of(request), NewestFirst(request)
        found = find_approvals(tenant_of(request), asked.get("status"), pages.take)
        return pages.get_paginated_response(approvals.ApprovalSerializer.all_told(found, request))


class ApprovalView(APIView):
    """Shows an approval."""

    required_scope = KeyScope.READ_RUNS
    http_method_names = ["get", "head"]

    @extend_schema(
        operation_id="get_approval",
        summary="Read an approval",
        tags=["approvals"],
        responses={
            200: approvals.ApprovalSerializer,
            **description.problems("invalid_parameters", "not_found"),
        },
    )
    def get(self, request: Request, approval_id: UUID) -> Response:
        """Answer with everything about the approval."""
        requests.Parameters.of(request)
        return _shown(request, approval_id)


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
        request=approvals.DecisionSerializer,
        responses={
            200: approvals.APPROVAL_AFTER,
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
        requests.Parameters.of(request)
        said = approvals.DecisionSerializer.of(request)
        answer = GivenAnswer(said["choice"], said.get("answers", {}))
        decide(tenant_of(request), approval_id, _decider(said, key_of(request)), answer)
        return _shown(request, approval_id)


def _shown(request: Request, approval_id: UUID) -> Response:
    found = find_approval(tenant_of(request), approval_id)
    if found is None:
        raise ApiProblem("not_found")
    shape = (
        approvals.ApprovalSerializer
        if may(request, KeyScope.READ_RUNS)
        else approvals.ApprovalBriefSerializer
    )
    return Response(shape.told(found, request))


def _decider(said: Mapping[str, Any], key: ApiKey) -> Decider:
    address = said.get("on_behalf_of", "").strip()
    if address:
        return key_decider_for(key, address)
    return key_decider(key, said.get("as", "").strip())
