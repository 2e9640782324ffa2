"""Call a web address."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from actions.conf import settings
from actions.connections import OpenConnection, open_connection
from actions.errors import PermanentFailure
from actions.models.connection import ConnectionKind
from actions.outbound.addresses import AddressRefused, target_of
from actions.outbound.client import Request, send
from actions.registry import action
from actions.spec import ActionContext, Effect
from tenants import jsontext

Json = Any

PARAMS: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["url"],
    "properties": {
        "url": {
            "type": "string",
            "title": _("Address"),
            "description": _("With a connection, the part after its address is enough."),
            "x-text": "plain",
        },
        "method": {
            "type": "string",
            "title": _("Method"),
            "enum": ["POST", "PUT", "PATCH", "DELETE", "GET"],
            "default": "POST",
            "x-no-template": True,
        },
        "headers": {
            "type": "object",
            "title": _("Headers"),
            "description": _("Nothing secret: passwords and keys belong into a connection."),
            "additionalProperties": {"type": "string", "x-text": "plain"},
            "x-more": True,
        },
        "body": {
            "title": _("Body"),
            "description": _("What to send, as JSON."),
            "x-widget": "json",
        },
        "connection": {
            "type": "string",
            "title": _("Connection"),
            "description": _("Adds its credentials; the address must be one of its server."),
            "x-reference": "connection:http",
            "x-no-template": True,
        },
        "accept_status": {
            "type": "array",
            "title": _("Also accept these statuses"),
            "description": _("For example 404, when “not found” is an answer and no error."),
            "items": {"type": "integer", "minimum": 300, "maximum": 599},
            "x-more": True,
            "x-no-template": True,
        },
    },
}
OUTPUT: Final = {
    "type": "object",
    "required": ["status", "headers", "body"],
    "properties": {
        "status": {"type": "integer"},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "body": {"description": _("JSON if the answer is JSON, else text; empty: null.")},
    },
}


@action(
    "webhook",
    label=_("Call a web address"),
    description=_("Sends data to another system and keeps its answer."),
    params=PARAMS,
    output=OUTPUT,
    effect=Effect.REPEATABLE,
    icon="globe",
    ui={"summary": "%(url)s"},
)
def webhook(params: Json, context: ActionContext) -> Json:
    """Send the request. A 4xx answer is permanent: the same request would be refused again."""
    connection = None
    if params.get("connection"):
        connection = open_connection(context, ConnectionKind.HTTP, key=params["connection"])
    answer = send(
        Request(
            params.get("method", "POST"),
            _url(params["url"].strip(), connection),
            body=params.get("body"),
            headers=params.get("headers", {}),
            secret_headers=_secret_headers(connection),
            secrets=connection.secret_values if connection else (),
            accept_status=frozenset(params.get("accept_status", ())),
        ),
        idempotency_key=context.idempotency_key,
        timeout_seconds=context.timeout_seconds,
    )
    output = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
    _check_size(output)
    return output


def _url(given: str, connection: OpenConnection | None) -> str:
    if connection is None:
        return given
    base = str(connection.settings["base_url"]).rstrip("/")
    if "://" not in given:
        return f"{base}/{given.lstrip('/')}" if given else base
    # Whoever edits a workflow must not be able to send the credentials to a server of their own.
    try:
        same = target_of(given).origin == target_of(base).origin
    except AddressRefused as refused:
        raise PermanentFailure("bad_address", host=refused.host, reason=refused.reason) from None
    if not same:
        raise PermanentFailure("connection_for_other_host", connection=connection.key)
    return given


def _secret_headers(connection: OpenConnection | None) -> Mapping[str, str]:
    """Return the header that the connection names, with its secret and the word before it."""
    if connection is None or not connection.secrets.get("token"):
        return {}
    name = str(connection.settings.get("secret_header") or "Authorization")
    usual = "Bearer " if name == "Authorization" else ""
    prefix = connection.settings.get("secret_prefix", usual)
    return {name: f"{prefix}{connection.secrets['token']}"}


def _check_size(output: Mapping[str, Json]) -> None:
    size, limit = len(jsontext.dumps(output).encode()), settings().output_limit_bytes
    if size > limit:
        raise PermanentFailure("output_too_large", bytes=size, limit_bytes=limit)
