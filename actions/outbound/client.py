"""Sending one request: the only way out of the house over HTTP."""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

from urllib3 import HTTPResponse

from actions.conf import settings
from actions.errors import PermanentFailure, TemporaryFailure
from actions.outbound.addresses import Target, target_of
from actions.outbound.answer import HttpAnswer, read_answer, retry_after
from actions.outbound.decoding import CutOff, UndecodableAnswer, unpacked
from actions.outbound.faults import OF_THE_LIBRARIES, fail_to_reach, perhaps_sent
from actions.outbound.places import place_at
from actions.outbound.request import (
    Request,
    address_of,
    body_of,
    destination_of,
    headers_of,
)
from actions.outbound.transport import session
from actions.scrub import Scrubber
from actions.tables.database import release_database

# Statuses after which the same request may succeed later.
TEMPORARY: Final = frozenset({408, 425, 429})
# Statuses that say that the request was turned away at the door.
NOT_ACTED_ON: Final = frozenset({408, 425, 429, 503})
# What Envoy writes into a 503 for a connection that broke while it waited for the answer.
PASSED_ON: Final = "disconnect/reset before headers"


def send(request: Request, *, idempotency_key: str, timeout_seconds: float) -> HttpAnswer:
    """Send, and return the answer if it says that all is well.

    Raises PermanentFailure and TemporaryFailure. A temporary one has `may_have_arrived`: false
    when the other side certainly did not act on the request.
    """
    answer = exchange(request, idempotency_key=idempotency_key, timeout_seconds=timeout_seconds)
    return judge(answer, request)


def exchange(request: Request, *, idempotency_key: str, timeout_seconds: float) -> HttpAnswer:
    """Send, and return the answer whatever it says: for callers that read error bodies first.

    `timeout_seconds` is for everything, from connecting to the last byte. Raises like `send`, and
    NoPlace before anything is sent, where calls are counted.
    """
    target = destination_of(request)
    headers = headers_of(request, idempotency_key)
    body = body_of(request)
    release_database()
    try:
        with place_at(target.host):
            response = _open(request, headers, body, timeout_seconds)
            try:
                raw = _whole(response, settings().answer_limit_bytes + 1)
            finally:
                _end(response)
    except OF_THE_LIBRARIES as error:
        fail_to_reach(error, target)
    return _read(response, raw, request, target)


def _whole(response: HTTPResponse, most: int) -> bytes:
    """Return the body as it came, at most so many bytes. Raises if it ends before it should."""
    parts, left = [], most
    while left and (part := response.read(left, decode_content=False)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _read(response: HTTPResponse, raw: bytes, request: Request, target: Target) -> HttpAnswer:
    scrub, by_content = Scrubber(request.all_secrets), request.json_by_content
    try:
        raw = _unpacked(response, raw, request, target)
        return read_answer(
            response.status, response.headers, raw, scrub, json_by_content=by_content
        )
    except ValueError as error:
        raise PermanentFailure("answer_unreadable", host=target.host, reason=str(error)) from None


def _unpacked(response: HTTPResponse, raw: bytes, request: Request, target: Target) -> bytes:
    limit, headers = settings().answer_limit_bytes, response.headers
    try:
        if len(raw) <= limit:
            coding, kind = headers.get("content-encoding", ""), headers.get("content-type", "")
            raw = unpacked(raw, coding, kind, limit)
    except (CutOff, UndecodableAnswer) as error:
        if not _is_good(response.status, request):
            return b""  # its status says enough
        if isinstance(error, CutOff):
            raise perhaps_sent("connection_lost", target) from None
        raise PermanentFailure(
            "answer_unreadable", host=target.host, reason=str(error), **error.facts
        ) from None
    if len(raw) > limit:
        raise PermanentFailure("answer_too_large", host=target.host, limit_bytes=limit)
    return raw


def _is_good(status: int, request: Request) -> bool:
    return 200 <= status < 300 or status in request.accept_status


def judge(answer: HttpAnswer, request: Request) -> HttpAnswer:
    """Return a good answer. Raises PermanentFailure or TemporaryFailure for another."""
    status = answer.status
    if _is_good(status, request):
        return answer
    facts = {"status": status, "host": target_of(request.url).host, "answer": answer.excerpt}
    if status in TEMPORARY or status >= 500:
        raise TemporaryFailure(
            f"http_{status}",
            retry_after=wait_asked_for(answer),
            may_have_arrived=status not in NOT_ACTED_ON or _was_passed_on(answer),
            **facts,
        )
    if 300 <= status < 400:
        location = answer.headers.get("location", "")
        raise PermanentFailure("redirect_refused", location=location, **facts)
    raise PermanentFailure(f"http_{status}", **facts)


def _was_passed_on(answer: HttpAnswer) -> bool:
    """Whether a proxy says that it lost the server after it had passed the request on."""
    return PASSED_ON in answer.excerpt


def wait_asked_for(answer: HttpAnswer) -> timedelta | None:
    """Return the least wait the other side asks for, clamped; None if it does not say."""
    limit = timedelta(seconds=settings().retry_after_limit_seconds)
    return retry_after(answer.headers, limit=limit, now=datetime.fromtimestamp(time.time(), UTC))


def _open(
    request: Request, headers: dict[str, str], body: bytes | None, timeout_seconds: float
) -> HTTPResponse:
    if body is not None:
        headers = {"Content-Type": "application/json", **headers}
    current = session()
    current.deadline.start(timeout_seconds)
    connect = min(settings().connect_timeout_seconds, timeout_seconds)
    return current.exchange(request.method, address_of(request), headers, body, connect)


def _end(response: HTTPResponse) -> None:
    # An answer read to its end gives its connection back to the pool; another one cannot be used
    # again, because the rest of it is still to come.
    if not response.isclosed() and not response.closed:
        response.close()
    response.release_conn()
