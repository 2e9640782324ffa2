"""What a step sends to a web address: the parameters of such steps, and the request they make."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from actions.connections import OpenConnection, open_connection
from actions.errors import PermanentFailure
from actions.models.connection import ConnectionKind
from actions.outbound.addresses import AddressRefused, target_of
from actions.outbound.request import Request, check_request
from actions.scrub import HIDDEN, Scrubber
from actions.spec import ActionContext, Preview
from actions.web.answer import looks_into_body
from tenants.core.json import Json
from tenants.core.values.comparison import as_text

URL: Final = {
    "type": "string",
    "title": _("Address"),
    "description": _("With a connection, the part after its address is enough."),
    "x-text": "plain",
}
HEADERS: Final = {
    "type": "object",
    "title": _("Headers"),
    "description": _("Nothing secret: passwords and keys belong into a connection."),
    "additionalProperties": {"type": "string", "x-text": "plain"},
    "x-no-secrets": True,
    "x-more": True,
}
BODY: Final = {
    "title": _("Body"),
    "description": _("What to send, as JSON."),
    "x-widget": "json",
}
CONNECTION: Final = {
    "type": "string",
    "title": _("Connection"),
    "description": _("Adds its credentials; the address must be one of its server."),
    "x-reference": "connection:http",
    "x-no-template": True,
}
ACCEPT_STATUS: Final = {
    "type": "array",
    "title": _("Also accept these statuses"),
    "description": _("For example 404, when “not found” is an answer and no error."),
    "items": {"type": "integer", "minimum": 300, "maximum": 599},
    "x-more": True,
    "x-no-template": True,
}


def request_of(method: str, params: Json, context: ActionContext) -> Request:
    """Return the request that the parameters ask for. Raises PermanentFailure."""
    connection = None
    if params.get("connection"):
        connection = open_connection(context, ConnectionKind.HTTP, key=params["connection"])
    return Request(
        method,
        with_query(_address(params["url"].strip(), connection), params.get("query", {})),
        body=params.get("body"),
        headers=params.get("headers", {}),
        secrets=connection.secret_values if connection else (),
        accept_status=frozenset(params.get("accept_status", ())),
        json_by_content=looks_into_body(params),
        **_placed_secrets(connection),
    )


def preview_of(request: Request, output: Json) -> Preview:
    """Return what the request would send, without its secrets. Raises PermanentFailure."""
    target = check_request(request)
    secrets = dict.fromkeys(request.secret_query, HIDDEN)
    headers = {**request.headers, **dict.fromkeys(request.secret_headers, HIDDEN)}
    body = request.body
    if request.secret_body:
        body = {**(body or {}), **dict.fromkeys(request.secret_body, HIDDEN)}
    content = {"method": request.method, "url": with_query(request.url, secrets)}
    shown = Scrubber(request.secrets).json({**content, "headers": headers, "body": body})
    return Preview("http", (target.host,), shown, output, is_guess=True)


def with_query(url: str, query: Mapping[str, Json]) -> str:
    """Return the address with `query` after what it asks already. Null is left out."""
    pairs = [
        (name, as_text(value))
        for name, given in query.items()
        for value in (given if isinstance(given, list) else [given])
        if value is not None
    ]
    if not pairs:
        return url
    url = url.partition("#")[0]
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs)}"


def is_same_server(one: str, other: str) -> bool:
    """Say whether two addresses are of one server. Raises PermanentFailure."""
    try:
        return target_of(one).origin == target_of(other).origin
    except AddressRefused as refused:
        raise PermanentFailure("bad_address", host=refused.host, reason=refused.reason) from None


def _address(given: str, connection: OpenConnection | None) -> str:
    if connection is None:
        return given
    base = str(connection.settings["base_url"]).rstrip("/")
    if "://" not in given:
        return f"{base}/{given.lstrip('/')}" if given else base
    # Whoever edits a workflow must not be able to send the credentials to a server of their own.
    if not is_same_server(given, base):
        raise PermanentFailure("connection_for_other_host", connection=connection.key)
    return given


def _placed_secrets(connection: OpenConnection | None) -> dict[str, Any]:
    """Return the secret at the place that the connection names: a header, unless it says else."""
    if connection is None or not connection.secrets.get("token"):
        return {}
    token, settings = connection.secrets["token"], connection.settings
    match settings.get("secret_in"):
        case None:
            return _in_header(str(settings.get("secret_header") or "Authorization"), connection)
        case {"header": str(name), **others} if name and not others:
            return _in_header(name, connection)
        case {"query": str(name), **others} if name and not others:
            return {"secret_query": {name: token}}
        case {"body": str(name), **others} if name and not others:
            return {"secret_body": {name: token}}
        case _:
            raise PermanentFailure(
                "connection_unclear", connection=connection.key, setting="secret_in"
            )


def _in_header(name: str, connection: OpenConnection) -> dict[str, Any]:
    usual = "Bearer " if name == "Authorization" else ""
    prefix = connection.settings.get("secret_prefix", usual)
    return {"secret_headers": {name: f"{prefix}{connection.secrets['token']}"}}
