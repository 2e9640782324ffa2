"""Send a registered WhatsApp template to one phone, through the WhatsApp Cloud API."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, NoReturn

from django.utils.translation import gettext_lazy as _

from actions.conf import settings
from actions.connections import OpenConnection, open_connection
from actions.errors import PermanentFailure, TemporaryFailure
from actions.message_templates import find_template
from actions.models.connection import ConnectionKind
from actions.models.message_template import Channel, MessageTemplate
from actions.outbound.answer import Answer
from actions.outbound.client import Request, exchange, judge, wait_asked_for
from actions.phones import to_e164
from actions.registry import action
from actions.spec import ActionContext, Effect, Preview

Json = Any

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
            "description": _("One for each value that the template takes."),
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
    },
}

_PLACE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
# Error codes of the Cloud API after which the same message may go through later, whatever the
# HTTP status beside them: service trouble and limits on how much may be sent how fast.
TEMPORARY_CODES: Final = frozenset(
    {1, 2, 4, 17, 613, 80007, 130429, 131000, 131016, 131048, 131056, 131057, 133004, 133016}
)
# Not processed for certain: sending again cannot make two messages.
LIMIT_CODES: Final = frozenset({4, 17, 613, 80007, 130429, 131048, 131056})
REFUSALS: Final = {
    "whatsapp_undeliverable": {131026, 131047, 130472},
    "whatsapp_access_refused": {0, 3, 10, 190, 131005, 131031, 131042, 368},
    "whatsapp_template_unknown": {132001, 132007, 132015, 132016},
    "whatsapp_values_refused": {131008, 131009, 132000, 132005, 132012, 132018},
}


class _Letter(NamedTuple):
    """A message that is ready to be sent."""

    phone: str
    template: MessageTemplate
    language: str
    values: list[str]
    connection: OpenConnection

    def output(self, message_id: str) -> dict[str, Json]:
        """Return what the step keeps."""
        return {
            "message_id": message_id,
            "phone": self.phone,
            "template": self.template.key,
            "language": self.language,
            "values": self.values,
            "text": _as_read(self.template, self.values),
        }


def preview_message(params: Json, context: ActionContext) -> Preview:
    """Show the message as the customer would read it."""
    letter = _letter(params, context)
    shown = letter.output("")
    name = letter.template.provider_name or letter.template.key
    content = {"name": name, **{key: shown[key] for key in ("language", "values", "text")}}
    return Preview("whatsapp", (letter.phone,), content, shown)


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
    letter = _letter(params, context)
    connection = letter.connection
    request = Request(
        "POST",
        _url(connection),
        body=_message(letter),
        secret_headers={"Authorization": f"Bearer {connection.secrets['access_token']}"},
        secrets=connection.secret_values,
    )
    answer = exchange(
        request,
        idempotency_key=context.idempotency_key,
        timeout_seconds=context.timeout_seconds,
    )
    if answer.status >= 400:
        _refuse_by_code(answer)
    return letter.output(_message_id(judge(answer, request)))


def _letter(params: Json, context: ActionContext) -> _Letter:
    """Make the message. Raises PermanentFailure for one that could not be sent."""
    phone = to_e164(params["phone"], context.tenant.country)
    template = find_template(context, Channel.WHATSAPP, params["template"])
    values = _values(template, params.get("template_vars", {}))
    connection = open_connection(context, ConnectionKind.WHATSAPP, key=params.get("connection"))
    return _Letter(phone, template, params.get("language") or template.language, values, connection)


def _values(template: MessageTemplate, given: Mapping[str, str]) -> list[str]:
    missing = [name for name in template.parameters if name not in given]
    superfluous = sorted(set(given) - set(template.parameters))
    if missing or superfluous:
        raise PermanentFailure(
            "template_values_differ",
            template=template.key,
            missing=missing,
            superfluous=superfluous,
        )
    # WhatsApp refuses line breaks, tabs and runs of spaces inside a value.
    values = {name: " ".join(str(given[name]).split()) for name in template.parameters}
    for name, value in values.items():
        if not value:
            raise PermanentFailure("template_value_empty", template=template.key, name=name)
    return list(values.values())


def _as_read(template: MessageTemplate, values: list[str]) -> str:
    """Fill the copy of the registered text; WhatsApp writes {{1}}, or {{name}}."""
    by_place = {str(place): value for place, value in enumerate(values, start=1)}
    known = {**by_place, **dict(zip(template.parameters, values, strict=True))}
    return _PLACE.sub(lambda found: known.get(found[1], found[0]), template.text)


def _url(connection: OpenConnection) -> str:
    base = str(connection.settings.get("base_url") or settings().whatsapp_base_url).rstrip("/")
    version = connection.settings.get("version") or settings().whatsapp_version
    return f"{base}/{version}/{connection.settings['phone_number_id']}/messages"


def _message(letter: _Letter) -> Json:
    content: dict[str, Json] = {
        "name": letter.template.provider_name or letter.template.key,
        "language": {"code": letter.language},
    }
    if letter.values:
        parameters = [{"type": "text", "text": value} for value in letter.values]
        content["components"] = [{"type": "body", "parameters": parameters}]
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": letter.phone,
        "type": "template",
        "template": content,
    }


def _refuse_by_code(answer: Answer) -> None:
    """Raise what the error body says; return if it says nothing that is known."""
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(error, dict) or not isinstance(code, int):
        return
    if code in TEMPORARY_CODES:
        raise TemporaryFailure(
            "whatsapp_busy",
            retry_after=wait_asked_for(answer),
            may_have_arrived=code not in LIMIT_CODES,
            **_facts(answer, error),
        )
    if answer.status < 500 and answer.status != 429:
        _refuse_for_good(answer, error, code)


def _refuse_for_good(answer: Answer, error: Mapping[str, Json], code: int) -> NoReturn:
    permission = 200 <= code <= 299
    named = (name for name, codes in REFUSALS.items() if code in codes)
    failure = "whatsapp_access_refused" if permission else next(named, "whatsapp_refused")
    raise PermanentFailure(failure, **_facts(answer, error))


def _facts(answer: Answer, error: Mapping[str, Json]) -> dict[str, Json]:
    details = error.get("error_data")
    text = details.get("details") if isinstance(details, dict) else None
    return {
        "status": answer.status,
        "provider_code": error["code"],
        "answer": str(text or error.get("message", ""))[:300],
    }


def _message_id(answer: Answer) -> str:
    body: Json = answer.body
    try:
        return str(body["messages"][0]["id"])
    except (KeyError, IndexError, TypeError):
        # Accepted, by the status; without an id nobody can ask after the message.
        return ""
