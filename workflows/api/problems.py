"""Answer with problem details (RFC 9457) whatever goes wrong."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import psycopg
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import Error as DatabaseTrouble
from django.http import Http404
from django.http.request import UnreadablePostError
from rest_framework import exceptions, serializers
from rest_framework.fields import SkipField
from rest_framework.response import Response
from rest_framework.views import set_rollback

from tenants.core.database.outages import Outage, outage_of
from tenants.core.json import Json
from tenants.core.json.faults import BadJson, JsonFault
from tenants.core.json.pointers import pointer
from tenants.core.json.strict_json import MAX_BYTES
from workflows.api.codes import ASK_AGAIN_WITH_KEY, KINDS
from workflows.api.refusals import ApiProblem
from workflows.api.serializers.fields import AnswerSerializer, Moment
from workflows.presentation.approvals import fault_words, refusal_words
from workflows.presentation.runs.refusals import refusal_sentence
from workflows.services.approvals.page import chosen
from workflows.services.approvals.refusals import (
    AlreadyDecided,
    AnswerInvalid,
    MayNotDecide,
    NoLongerOpen,
    NotDecided,
    UnknownChoice,
)
from workflows.services.events.backlog import TooMuchPending
from workflows.services.events.fire_once import IdempotencyKeyReused
from workflows.services.refusals import Refused

logger = logging.getLogger(__name__)


MEDIA_TYPE: Final = "application/problem+json"
RETRY_DATABASE_SECONDS: Final = 5
RETRY_BACKLOG_SECONDS: Final = 30
_OUTAGES: Final = {
    Outage.AWAY: "database_unavailable",
    Outage.BUSY: "database_busy",
    Outage.TOO_LONG: "took_too_long",
}


# Of a run that is not there, or not this tenant's, nothing is told.
NOT_FOUND: Final = frozenset({"unknown_run"})
# The request names something that is not there; the others are about the run's state.
WRONG: Final = frozenset(
    {"unknown_step", "inside_a_step", "results_missing", "not_reached"}
    | {"decided_on_other_values", "decided_otherwise", "asks_otherwise", "filtered_out"}
    | {"asks_on_values_of_the_run", "decision_used"}
)


class ProblemErrorSerializer(serializers.Serializer[Mapping[str, Json]]):
    """One thing that is wrong, and where."""

    pointer = serializers.CharField(required=False, help_text="Into the body (RFC 6901).")
    line = serializers.IntegerField(required=False, help_text="Of the body, from 1.")
    column = serializers.IntegerField(required=False, help_text="Of the line, from 1.")
    parameter = serializers.CharField(required=False, help_text="Of the address.")
    code = serializers.CharField()
    detail = serializers.CharField(help_text="A sentence in the request's language.")


class ProblemSerializer(AnswerSerializer):
    """Problem details (RFC 9457)."""

    type = serializers.CharField(help_text="urn:sayr:problem:<code>")
    title = serializers.CharField(source="kind.title")
    status = serializers.IntegerField(source="kind.status")
    detail = serializers.CharField(help_text="A sentence in the request's language.")
    code = serializers.CharField(help_text="Stable: programs decide by it.")
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]  # a field

    def get_type(self, problem: ApiProblem) -> str:
        return f"urn:sayr:problem:{problem.code}"

    def get_errors(self, problem: ApiProblem) -> Sequence[Mapping[str, Json]]:
        """Return what is wrong, if something can be pointed at."""
        if not problem.errors:
            raise SkipField
        return problem.errors


def answer_problem(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the answer to an error of a view, its authentication included. Never raises it."""
    problem = _problem(error)
    status = problem.kind.status
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("api_request_failed", exc_info=error)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        logger.warning("api_database_unavailable", exc_info=error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and context["request"].method == "POST":
        problem.params["next"] = ASK_AGAIN_WITH_KEY
    set_rollback()
    body = ProblemSerializer(problem).data
    return Response(body, status=status, headers=problem.headers, content_type=MEDIA_TYPE)


def _problem(error: Exception) -> ApiProblem:
    match error:
        case ApiProblem():
            return error
        case BadJson():
            return _bad_json(error)
        case exceptions.APIException():
            return _from_framework(error)
        case DatabaseTrouble() | psycopg.Error():
            return _from_database(error)
        case IdempotencyKeyReused() | TooMuchPending() | Refused():
            return _from_service(error)
    return _from_django(error)


def _bad_json(error: BadJson) -> ApiProblem:
    place: dict[str, Json] = {}
    if error.pointer is not None:
        place["pointer"] = error.pointer
    if error.line is not None:
        place |= {"line": error.line, "column": error.column}
    if place:
        return ApiProblem.at(place, error.fault, error.params)
    return ApiProblem(error.fault, error.params)


def _from_framework(error: exceptions.APIException) -> ApiProblem:
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else ""
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if code in KINDS:
        return ApiProblem(code, headers=headers)
    if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return ApiProblem("bad_request", {"reason": str(error.detail)}, headers=headers)
    return ApiProblem("internal_error", headers=headers)


def _from_service(error: IdempotencyKeyReused | TooMuchPending | Refused) -> ApiProblem:
    match error:
        case IdempotencyKeyReused():
            return ApiProblem("idempotency_key_reused")
        case TooMuchPending():
            headers = {"Retry-After": str(RETRY_BACKLOG_SECONDS)}
            return ApiProblem("too_much_pending", {"limit": error.limit}, headers=headers)
        case NotDecided():
            return _not_decided(error)
    if error.code in NOT_FOUND:
        return ApiProblem("not_found")
    code = "step_not_possible" if error.code in WRONG else error.code
    return ApiProblem(code, {"reason": refusal_sentence(error.code)})


def _not_decided(error: NotDecided) -> ApiProblem:
    match error:
        case AlreadyDecided(approval=row):
            when = row.decided_at and Moment().to_representation(row.decided_at)
            facts = {"choice": chosen(row), "who": row.decided_by or "-", "when": when}
            return ApiProblem("already_decided", facts)
        case MayNotDecide(reason="not_asked"):
            return ApiProblem(error.code, {"reason": refusal_words("key_not_asked")})
        case NoLongerOpen() | MayNotDecide():
            return ApiProblem(error.code, {"reason": refusal_words(error.reason)})
        case UnknownChoice():
            offered = {"choices": ", ".join(error.offered)}
            return ApiProblem.at({"pointer": "/choice"}, "unknown_choice", offered)
        case AnswerInvalid():
            return ApiProblem("answer_invalid", errors=_faults(error))
    return ApiProblem("not_found")


def _faults(error: AnswerInvalid) -> list[dict[str, Json]]:
    return [
        {
            "pointer": pointer("/answers", key),
            "code": fault.code,
            "detail": fault_words(fault.code, fault.params),
        }
        for key, fault in error.faults.items()
    ]


def _from_database(error: Exception) -> ApiProblem:
    outage = outage_of(error)
    if outage is None:
        return ApiProblem("internal_error")
    headers = {"Retry-After": str(RETRY_DATABASE_SECONDS)}
    return ApiProblem(_OUTAGES[outage], headers=headers)


def _from_django(error: Exception) -> ApiProblem:
    match error:
        case Http404():
            return ApiProblem("not_found")
        case PermissionDenied():
            return ApiProblem("permission_denied")
        case UnreadablePostError():
            return ApiProblem("request_interrupted")
        case RequestDataTooBig():
            return ApiProblem(JsonFault.TOO_LARGE, {"limit_bytes": MAX_BYTES})
        case SuspiciousOperation():
            return ApiProblem("bad_request", {"reason": str(error)})
        case _:
            return ApiProblem("internal_error")
