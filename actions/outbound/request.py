"""A request as a step asks for it: whether it may be sent, and as what it is sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_plus, urlencode

from actions.conf import settings
from actions.errors import PermanentFailure
from actions.outbound.addresses import AddressRefused, Target, is_allowed, target_of
from tenants.core.json import Json, jsontext

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
# Set by the connection itself; a step that sets them could talk to another server than it says.
OWN_HEADERS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"}
    | {"expect", "idempotency-key", "proxy-authorization"}
)
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


def check_request(request: Request) -> Target:
    """Return where a request would go. Raises PermanentFailure for one that would not be sent."""
    target = destination_of(request)
    headers_of(request, "")
    body_of(request)
    return target


def destination_of(request: Request) -> Target:
    if request.method not in METHODS:
        raise PermanentFailure("bad_method", method=request.method)
    try:
        target = target_of(request.url)
    except AddressRefused as refused:
        raise PermanentFailure("bad_address", host=refused.host, reason=refused.reason) from None
    if request.all_secrets and target.scheme != "https" and not is_allowed(target):
        raise PermanentFailure("encryption_required", host=target.host)
    return target


def headers_of(request: Request, idempotency_key: str) -> dict[str, str]:
    headers = {"Accept": "application/json, */*;q=0.5"}
    for name, value in (*request.headers.items(), *request.secret_headers.items()):
        if not _HEADER_NAME.fullmatch(name) or name.lower() in OWN_HEADERS:
            raise PermanentFailure("bad_header", header=name)
        if not _HEADER_VALUE.fullmatch(value):
            raise PermanentFailure("bad_header", header=name)
        headers[name] = value
    headers["Idempotency-Key"] = idempotency_key
    return headers


def body_of(request: Request) -> bytes | None:
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


def address_of(request: Request) -> str:
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
