"""Send one mail."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives
from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy as _

from actions.conf import settings
from actions.connections import OpenConnection, find_connection
from actions.errors import PermanentFailure
from actions.mail import deliver
from actions.message_templates import find_template
from actions.models.connection import ConnectionKind
from actions.models.message_template import Channel
from actions.registry import action
from actions.spec import ActionContext, Effect, Preview
from tenants.addresses import is_address

Json = Any

_ADDRESS: Final = {"type": "string", "x-text": "plain"}
PARAMS: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["to"],
    "anyOf": [{"required": ["template"]}, {"required": ["text"]}, {"required": ["html"]}],
    "properties": {
        "to": {
            "type": "array",
            "title": _("To"),
            "description": _("One address each."),
            "items": _ADDRESS,
            "minItems": 1,
            "maxItems": 50,
        },
        "subject": {
            "type": "string",
            "title": _("Subject"),
            "description": _("Empty: the subject of the message template."),
            "x-text": "plain",
        },
        "template": {
            "type": "string",
            "title": _("Message template"),
            "description": _("A stored mail, instead of the text below."),
            "x-reference": "message_template:email",
            "x-no-template": True,
        },
        "text": {
            "type": "string",
            "title": _("Text"),
            "x-text": "plain",
            "x-widget": "textarea",
        },
        "html": {
            "type": "string",
            "title": _("HTML"),
            "description": _("Beside the text, for mail programs that show it."),
            "x-text": "html",
            "x-widget": "textarea",
            "x-more": True,
        },
        "cc": {
            "type": "array",
            "title": _("Copy to"),
            "items": _ADDRESS,
            "maxItems": 50,
            "x-more": True,
        },
        "bcc": {
            "type": "array",
            "title": _("Hidden copy to"),
            "items": _ADDRESS,
            "maxItems": 50,
            "x-more": True,
        },
        "reply_to": {
            "type": "string",
            "title": _("Answers go to"),
            "x-text": "plain",
            "x-more": True,
        },
        "from": {
            "type": "string",
            "title": _("From"),
            "description": _("Empty: the sender of the connection."),
            "x-text": "plain",
            "x-more": True,
        },
        "connection": {
            "type": "string",
            "title": _("Connection"),
            "description": _("Only needed if you have several mail servers."),
            "x-reference": "connection:smtp",
            "x-more": True,
            "x-no-template": True,
        },
    },
}
OUTPUT: Final = {
    "type": "object",
    "required": ["message_id", "to", "subject", "text", "refused"],
    "properties": {
        "message_id": {"type": "string", "title": _("Message id")},
        "to": {"type": "array", "title": _("To"), "items": {"type": "string"}},
        "subject": {"type": "string", "title": _("Subject")},
        "text": {
            "type": "string",
            "title": _("Text"),
            "description": _("As sent; a long one is shortened here."),
        },
        "refused": {
            "type": "object",
            "title": _("Refused"),
            "description": _("Recipients that the mail server did not take, and what it said."),
            "additionalProperties": {"type": "string"},
        },
    },
}

# A name before the address may hold anything but what would begin another address or header.
_RECIPIENT: Final = re.compile(r'(?:"?(?P<name>[^<>,;:"@\\]*?)"?\s*<)?(?P<address>[^<>,;\s]+)>?')
_TO_QUOTE: Final = re.compile(r"[^\w\s'-]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


class _Content(NamedTuple):
    subject: str
    text: str
    html: str


class _Letter(NamedTuple):
    """A mail that is ready to be sent."""

    message: EmailMultiAlternatives
    content: _Content
    connection: OpenConnection | None

    def output(self, refused: Mapping[str, str]) -> dict[str, Json]:
        """Return what the step keeps."""
        return {
            "message_id": self.message.extra_headers["Message-ID"],
            "to": self.message.to,
            "subject": self.content.subject,
            "text": self.content.text[: settings().mail_text_limit_characters],
            "refused": refused,
        }


def preview_mail(params: Json, context: ActionContext) -> Preview:
    """Show the mail as it would arrive."""
    letter = _letter(params, context)
    message = letter.message
    shown = {"from": message.from_email, "to": message.to, "cc": message.cc, "bcc": message.bcc}
    texts = {"subject": letter.content.subject, "text": letter.content.text}
    content = {**shown, "reply_to": message.reply_to, **texts, "html": letter.content.html}
    return Preview("email", tuple(message.recipients()), content, letter.output({}))


@action(
    "send_email",
    label=_("Send a mail"),
    description=_("Sends a mail, written here or stored as a message template."),
    params=PARAMS,
    output=OUTPUT,
    effect=Effect.REPEATABLE,
    preview=preview_mail,
    icon="mail",
    ui={"summary": _("To %(to)s")},
)
def send_email(params: Json, context: ActionContext) -> Json:
    """Send. What the mail server defers is temporary, what it refuses permanent."""
    letter = _letter(params, context)
    return letter.output(deliver(letter.message, letter.connection, context.timeout_seconds))


def _letter(params: Json, context: ActionContext) -> _Letter:
    """Make the mail. Raises PermanentFailure for one that could not be sent."""
    to, cc, bcc = (_addresses(params.get(field, []), field) for field in ("to", "cc", "bcc"))
    _check_count(to, cc, bcc)
    content = _content(params, context)
    connection = find_connection(context, ConnectionKind.SMTP, key=params.get("connection"))
    sender = _sender(params, connection)
    message = EmailMultiAlternatives(
        subject=_one_line(content.subject, "subject"),
        body=content.text,
        from_email=sender,
        to=to,
        cc=cc,
        bcc=bcc,
        reply_to=_addresses([params["reply_to"]], "reply_to") if params.get("reply_to") else None,
        headers={"Message-ID": _message_id(context, sender)},
    )
    if content.html:
        message.attach_alternative(content.html, "text/html")
    return _Letter(message, content, connection)


def _addresses(given: list[str], field: str) -> list[str]:
    return [_address(text, field) for text in given]


def _address(text: str, field: str) -> str:
    """Return one checked address: `"a" <a@b.c>, evil@x.y` would be two to the mail library."""
    text = text.strip()
    found = _RECIPIENT.fullmatch(text)
    if found is None or _CONTROL.search(text) or ("<" in text) != text.endswith(">"):
        raise PermanentFailure("bad_mail_address", field=field, address=text[:100])
    if not is_address(found["address"]):
        raise PermanentFailure("bad_mail_address", field=field, address=text[:100])
    name = (found["name"] or "").strip()
    if _TO_QUOTE.search(name):
        name = f'"{name}"'
    return f"{name} <{found['address']}>" if name else found["address"]


def _check_count(*fields: list[str]) -> None:
    count, limit = sum(map(len, fields)), settings().mail_recipients_limit
    if not fields[0] or count > limit:
        raise PermanentFailure("bad_recipient_count", count=count, limit=limit)


def _content(params: Mapping[str, Json], context: ActionContext) -> _Content:
    subject, text, html = (params.get(field, "") for field in ("subject", "text", "html"))
    if params.get("template"):
        stored = find_template(context, Channel.EMAIL, params["template"])
        subject = subject or context.render_text(stored.subject)
        text = text or (context.render_text(stored.text) if stored.text else "")
        html = html or (context.render_text(stored.html, html=True) if stored.html else "")
    text = text or strip_tags(html).strip()
    if not text:
        raise PermanentFailure("mail_is_empty")
    if not subject.strip():
        raise PermanentFailure("mail_has_no_subject")
    return _Content(subject.strip(), text, html)


def _sender(params: Mapping[str, Json], connection: OpenConnection | None) -> str:
    of_connection = str(connection.settings.get("sender", "")) if connection else ""
    sender = params.get("from") or of_connection or django_settings.DEFAULT_FROM_EMAIL
    return _address(sender, "from")


def _one_line(text: str, field: str) -> str:
    if _CONTROL.search(text):
        raise PermanentFailure("mail_header_injection", field=field)
    return text


def _message_id(context: ActionContext, sender: str) -> str:
    # The same on every attempt, so that mail programs can show a repeated mail once.
    digest = sha256(context.idempotency_key.encode()).hexdigest()[:32]
    return f"<{digest}@{sender.rpartition('@')[2].rstrip('>')}>"
