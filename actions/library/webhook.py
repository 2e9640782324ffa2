"""Call a web address."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from actions.outbound.client import send
from actions.registry import action
from actions.spec import ActionContext, Effect, Preview
from actions.web.answer import (
    ANSWER,
    EXAMPLE,
    FAIL_WHEN,
    RESPONSE,
    kept,
    likely_output,
    refuse_failure,
)
from actions.web.request import (
    ACCEPT_STATUS,
    BODY,
    CONNECTION,
    HEADERS,
    URL,
    preview_of,
    request_of,
)
from tenants.core.json import Json

PARAMS: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["url"],
    "properties": {
        "url": URL,
        "method": {
            "type": "string",
            "title": _("Method"),
            "enum": ["POST", "PUT", "PATCH", "DELETE", "GET"],
            "default": "POST",
            "x-no-template": True,
        },
        "headers": HEADERS,
        "body": BODY,
        "connection": CONNECTION,
        "accept_status": ACCEPT_STATUS,
        "fail_when": FAIL_WHEN,
        "response": RESPONSE,
        "example": EXAMPLE,
    },
}
OUTPUT: Final = {
    "type": "object",
    "required": ["status"],
    "properties": ANSWER,
    # What was picked, by its names.
    "additionalProperties": True,
    "x-named-in": "response.pick",
}


def preview_webhook(params: Json, context: ActionContext) -> Preview:
    """Show the request."""
    request = request_of(params.get("method", "POST"), params, context)
    return preview_of(request, likely_output(params))


@action(
    "webhook",
    label=_("Call a web address"),
    description=_("Sends data to another system and keeps its answer."),
    params=PARAMS,
    output=OUTPUT,
    effect=Effect.REPEATABLE,
    preview=preview_webhook,
    icon="globe",
    ui={"summary": "%(url)s"},
)
def webhook(params: Json, context: ActionContext) -> Json:
    """Send the request. A 4xx answer is permanent: the same request would be refused again."""
    request = request_of(params.get("method", "POST"), params, context)
    answer = send(
        request, idempotency_key=context.idempotency_key, timeout_seconds=context.timeout_seconds
    )
    refuse_failure(answer, request, params, context)
    return kept(answer, params)
