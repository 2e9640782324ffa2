"""Send a registered WhatsApp template to one phone, through the WhatsApp Cloud API."""

from typing import Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from actions.conf import settings
from actions.connections import OpenConnection, open_connection
from actions.message_templates import find_template
from actions.models.connection import ConnectionKind
from actions.models.message_template import Channel
from actions.outbound.client import exchange
from actions.outbound.request import Request
from actions.phones import to_e164
from actions.registry import action
from actions.spec import ActionContext, Effect, Preview
from actions.whatsapp.answers import accepted, status_of
from actions.whatsapp.letter import Letter, letter
from tenants.core.json import Json

PARAMS: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["phone", "template"],
    "properties": {
        "phone": {
            "type": "string",
            "title": _("Phone"),
            "description": _("Without a country code it is a number of your own country."),
            "x-text": "plain",
        },
        "template": {
            "type": "string",
            "title": _("Message template"),
            "description": _("A template that WhatsApp has approved."),
            "x-reference": "message_template:whatsapp",
            "x-no-template": True,
        },
        "template_vars": {
            "type": "object",
            "title": _("Values"),
            "description": _("One for each value of its text, header and buttons."),
            "additionalProperties": {"type": "string", "x-text": "plain"},
            "x-parameters-of": "template",
        },
        "language": {
            "type": "string",
            "title": _("Language"),
            "description": _("For example ar. Empty: the language of the template."),
            "x-text": "plain",
            "x-more": True,
        },
        "connection": {
            "type": "string",
            "title": _("Connection"),
            "description": _("Only needed if you have several for WhatsApp."),
            "x-reference": "connection:whatsapp",
            "x-more": True,
            "x-no-template": True,
        },
    },
}
OUTPUT: Final = {
    "type": "object",
    "required": ["message_id", "phone", "template", "language", "values", "text"],
    "properties": {
        "message_id": {
            "type": "string",
            "title": _("Message id"),
            "description": _("WhatsApp's name for the message."),
        },
        "message_status": {
            "type": "string",
            "title": _("Held back"),
            "description": _("WhatsApp's word for why. Not there if it sends the message."),
        },
        "phone": {
            "type": "string",
            "title": _("Phone"),
            "description": _("As sent, with the country code."),
        },
        "template": {"type": "string", "title": _("Template")},
        "language": {"type": "string", "title": _("Language")},
        "values": {"type": "array", "title": _("Values"), "items": {"type": "string"}},
        "text": {
            "type": "string",
            "title": _("Text"),
            "description": _("As the customer reads it, if the template keeps a copy of its text."),
        },
        "header": {
            "type": "object",
            "title": _("Header"),
            "properties": {
                "kind": {"type": "string", "title": _("Kind of header")},
                "text": {"type": "string", "title": _("Text")},
                "link": {"type": "string", "title": _("Address of the file")},
                "file_name": {"type": "string", "title": _("Name of the file")},
            },
        },
        "footer": {"type": "string", "title": _("Footer")},
        "buttons": {"type": "array", "title": _("Buttons"), "items": {"type": "object"}},
    },
}


class _Ready(NamedTuple):
    """A message, and what it is sent through."""

    key: str  # of the message template
    letter: Letter
    connection: OpenConnection

    def output(self, message_id: str) -> dict[str, Json]:
        """Return what the step keeps."""
        return {
            "message_id": message_id,
            "phone": self.letter.phone,
            "template": self.key,
            **self.letter.shown(),
        }


def preview_message(params: Json, context: ActionContext) -> Preview:
    """Show the message as the customer would read it."""
    ready = _ready(params, context)
    content = {"name": ready.letter.template.name, **ready.letter.shown()}
    return Preview("whatsapp", (ready.letter.phone,), content, ready.output(""))


@action(
    "whatsapp_notify",
    label=_("Send a WhatsApp message"),
    description=_("Sends an approved WhatsApp template to a phone."),
    params=PARAMS,
    output=OUTPUT,
    effect=Effect.NOT_REPEATABLE,
    preview=preview_message,
    icon="message",
    ui={"summary": _("%(template)s, to %(phone)s")},
)
def whatsapp_notify(params: Json, context: ActionContext) -> Json:
    """Send. Limits and trouble at WhatsApp are temporary; a bad number or template permanent."""
    ready = _ready(params, context)
    connection = ready.connection
    request = Request(
        "POST",
        _url(connection),
        body=ready.letter.body(),
        secret_headers={"Authorization": f"Bearer {connection.secrets['access_token']}"},
        secrets=connection.secret_values,
    )
    answer = exchange(
        request,
        idempotency_key=context.idempotency_key,
        timeout_seconds=context.timeout_seconds,
    )
    output = ready.output(accepted(answer, request))
    held = status_of(answer)
    return {**output, "message_status": held} if held else output


def _ready(params: Json, context: ActionContext) -> _Ready:
    """Make the message. Raises PermanentFailure for one that could not be sent."""
    phone = to_e164(params["phone"], context.tenant.country)
    template = find_template(context, Channel.WHATSAPP, params["template"])
    given = params.get("template_vars", {})
    made = letter(phone, template.registered, given, params.get("language") or "")
    connection = open_connection(context, ConnectionKind.WHATSAPP, key=params.get("connection"))
    return _Ready(template.key, made, connection)


def _url(connection: OpenConnection) -> str:
    base = str(connection.settings.get("base_url") or settings().whatsapp_base_url).rstrip("/")
    version = connection.settings.get("version") or settings().whatsapp_version
    return f"{base}/{version}/{connection.settings['phone_number_id']}/messages"
