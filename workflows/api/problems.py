"""Answer with problem details (RFC 9457) whatever goes wrong."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import psycopg
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import Error as DatabaseTrouble
from django.http import Http404
from django.http.request import UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from tenants.core.database.outages import Outage, outage_of
from tenants.core.json import Json
from tenants.core.json.strict_json import MAX_BYTES, BadJson, JsonFault
from workflows.api.codes import ASK_AGAIN_WITH_KEY, KINDS
from workflows.api.refusals import ApiProblem
from workflows.services.events.backlog import TooMuchPending
from workflows.services.events.fire_once import IdempotencyKeyReused

logger = logging.getLogger(__name__)


MEDIA_TYPE: Final = "application/problem+json"
RETRY_DATABASE_SECONDS: Final = 5
RETRY_BACKLOG_SECONDS: Final = 30
_OUTAGES: Final = {
    Outage.AWAY: "database_unavailable",
    Outage.BUSY: "database_busy",
    Outage.TOO_LONG: "took_too_long",
}


def answer_problem(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the answer to an error of a view, its authentication included. Never raises it."""
    problem = _problem(error)
    status = KINDS[problem.code].status
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("api_request_failed", exc_info=error)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        logger.warning("api_database_unavailable", exc_info=error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and context["request"].method == "POST":
        problem.params["next"] = ASK_AGAIN_WITH_KEY
    set_rollback()
    return Response(
        problem.as_json(), status=status, headers=problem.headers, content_type=MEDIA_TYPE
    )


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
        case IdempotencyKeyReused() | TooMuchPending():
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


def _from_service(error: IdempotencyKeyReused | TooMuchPending) -> ApiProblem:
    if isinstance(error, IdempotencyKeyReused):
        return ApiProblem("idempotency_key_reused")
    headers = {"Retry-After": str(RETRY_BACKLOG_SECONDS)}
    return ApiProblem("too_much_pending", {"limit": error.limit}, headers=headers)


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
