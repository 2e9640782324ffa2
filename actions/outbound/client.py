"""Sending one request: the only way out of the house over HTTP."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NoReturn
from urllib.parse import unquote_plus, urlencode

from requests import exceptions  # noqa: TID251 - this package is the HTTP client
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3 import HTTPResponse
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    InvalidHeader,
    LocationValueError,
    MaxRetryError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from actions.conf import settings
from actions.errors import PermanentFailure, TemporaryFailure
from actions.outbound.addresses import AddressRefused, Target, is_allowed, target_of
from actions.outbound.answer import HttpAnswer, read_answer, retry_after
from actions.outbound.decoding import CutOff, UndecodableAnswer, unpacked
from actions.outbound.places import place_at
from actions.outbound.transport import session
from actions.scrub import Scrubber
from actions.tables.database import release_database
from tenants.core.json import Json, jsontext

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
# Statuses after which the same request may succeed later.
TEMPORARY: Final = frozenset({408, 425, 429})
# Statuses that say that the request was turned away at the door.
NOT_ACTED_ON: Final = frozenset({408, 425, 429, 503})
# What Envoy writes into a 503 for a connection that broke while it waited for the answer.
PASSED_ON: Final = "disconnect/reset before headers"
# Set by the connection itself; a step that sets them could talk to another server than it says.
OWN_HEADERS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"}
    | {"expect", "idempotency-key", "proxy-authorization"}
)
BAD_ADDRESS: Final = (
    exceptions.InvalidURL,
    InvalidHeader,
    LocationValueError,
    UnicodeError,
)
DAMAGED: Final = {"reason": "its compression is damaged", "fault": "damaged"}
UNRESOLVED: Final = "Failed to resolve"  # requests-hardened has no class of its own for it
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. Secrets stand apart, so that nothing else of a request is ever secret."""

    method: str
    url: str
    body: Json = None  # written as JSON; None: no body
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_query: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_body: Mapping[str, str] = field(default_factory=dict, repr=False)  # top members
    secrets: tuple[str, ...] = field(default=(), repr=False)  # taken out of what comes back
    accept_status: frozenset[int] = frozenset()  # an answer for the caller instead of a failure
    json_by_content: bool = False  # the caller looks into the body, whatever it is labelled

    @property
    def all_secrets(self) -> tuple[str, ...]:
        """What must travel encrypted, and never come back."""
        placed = (self.secret_headers, self.secret_query, self.secret_body)
        return (*self.secrets, *(secret for place in placed for secret in place.values()))


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
    target = _target(request)
    headers = _headers(request, idempotency_key)
    body = _body(request)
    release_database()
    try:
        with place_at(target.host):
            response = _open(request, headers, body, timeout_seconds)
            try:
                raw = _whole(response, settings().answer_limit_bytes + 1)
            finally:
                _end(response)
    except (exceptions.RequestException, HTTPError, OSError, UnicodeError) as error:
        _fail_to_reach(error, target)
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
            raise _perhaps_sent("connection_lost", target) from None
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


def check_request(request: Request) -> Target:
    """Return where a request would go. Raises PermanentFailure for one that would not be sent."""
    target = _target(request)
    _headers(request, "")
    _body(request)
    return target


def _target(request: Request) -> Target:
    if request.method not in METHODS:
        raise PermanentFailure("bad_method", method=request.method)
    try:
        target = target_of(request.url)
    except AddressRefused as refused:
        raise PermanentFailure("bad_address", host=refused.host, reason=refused.reason) from None
    if request.all_secrets and target.scheme != "https" and not is_allowed(target):
        raise PermanentFailure("encryption_required", host=target.host)
    return target


def _headers(request: Request, idempotency_key: str) -> dict[str, str]:
    headers = {"Accept": "application/json, */*;q=0.5"}
    for name, value in (*request.headers.items(), *request.secret_headers.items()):
        if not _HEADER_NAME.fullmatch(name) or name.lower() in OWN_HEADERS:
            raise PermanentFailure("bad_header", header=name)
        if not _HEADER_VALUE.fullmatch(value):
            raise PermanentFailure("bad_header", header=name)
        headers[name] = value
    headers["Idempotency-Key"] = idempotency_key
    return headers


def _body(request: Request) -> bytes | None:
    content = request.body
    if request.secret_body:
        if not isinstance(content, dict | None):
            raise PermanentFailure("secret_needs_object", host=target_of(request.url).host)
        content = {**(content or {}), **request.secret_body}
    if content is None:
        return None
    body = jsontext.dumps(content).encode()
    limit = settings().request_limit_bytes
    if len(body) > limit:
        raise PermanentFailure("request_too_large", limit_bytes=limit)
    return body


def _address(request: Request) -> str:
    """Return the address with the secrets in its query, each of them once."""
    if not request.secret_query:
        return request.url
    address, _, query = request.url.partition("#")[0].partition("?")
    kept = [
        pair
        for pair in query.split("&")
        if pair and unquote_plus(pair.partition("=")[0]) not in request.secret_query
    ]
    return f"{address}?{'&'.join([*kept, urlencode(request.secret_query)])}"


def _open(
    request: Request, headers: dict[str, str], body: bytes | None, timeout_seconds: float
) -> HTTPResponse:
    if body is not None:
        headers = {"Content-Type": "application/json", **headers}
    current = session()
    current.deadline.start(timeout_seconds)
    connect = min(settings().connect_timeout_seconds, timeout_seconds)
    return current.exchange(request.method, _address(request), headers, body, connect)


def _end(response: HTTPResponse) -> None:
    # An answer read to its end gives its connection back to the pool; another one cannot be used
    # again, because the rest of it is still to come.
    if not response.isclosed() and not response.closed:
        response.close()
    response.release_conn()


def _fail_to_reach(error: Exception, target: Target) -> NoReturn:
    """Raise what the libraries' error means. The order matters: they wrap one another."""
    causes = _causes(error)
    for kinds, failure in (
        (InvalidIPAddress, PermanentFailure("address_not_allowed", host=target.host)),
        (BAD_ADDRESS, PermanentFailure("bad_address", host=target.host, reason="cannot be read")),
        # The library looks at how the body is packed before it is read.
        (DecodeError, PermanentFailure("answer_unreadable", host=target.host, **DAMAGED)),
        # Once something was sent, encryption that breaks is a connection that breaks.
        (SSLError, _unless_sent(_not_sent("certificate_refused", target), target)),
        ((ConnectTimeoutError, NewConnectionError), _not_sent("unreachable", target)),
        ((TimeoutError, ReadTimeoutError), _perhaps_sent("timed_out", target)),
    ):
        if any(isinstance(cause, kinds) for cause in causes):
            raise failure from None
    if UNRESOLVED in str(error):
        raise _not_sent("unreachable", target) from None
    raise _perhaps_sent("connection_lost", target) from None


def _not_sent(code: str, target: Target) -> TemporaryFailure:
    return TemporaryFailure(code, host=target.host, may_have_arrived=False)


def _perhaps_sent(code: str, target: Target) -> TemporaryFailure:
    return TemporaryFailure(code, host=target.host, may_have_arrived=True)


def _unless_sent(failure: TemporaryFailure, target: Target) -> TemporaryFailure:
    return _perhaps_sent("connection_lost", target) if session().deadline.has_sent else failure


def _causes(error: BaseException) -> list[BaseException]:
    """Return the error and everything inside it: each library wraps the one below."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        cause = waiting.pop()
        if cause is None or cause in found:
            continue
        found.append(cause)
        waiting += [cause.__cause__, cause.__context__]
        waiting += [part for part in cause.args if isinstance(part, BaseException)]
        if isinstance(cause, MaxRetryError):
            waiting.append(cause.reason)
    return found
