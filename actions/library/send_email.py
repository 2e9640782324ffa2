"""Send one mail. Each recipient gets it once, however many attempts it takes for the others."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives
from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy as _

from actions.conf import settings
from actions.connections import OpenConnection, find_connection
from actions.errors import ActionFailure, PartialResult, PermanentFailure, TemporaryFailure
from actions.mail.delivery import Server, hand_over
from actions.mail.headers import MAX_HEADER, header_text
from actions.mail.mailboxes import Mailbox, each_once, mailbox_of
from actions.mail.replies import (
    MAX_UNCERTAIN,
    KnownRecipients,
    Replies,
    failure_of,
    failure_of_some,
    said,
)
from actions.message_templates import find_template
from actions.models.connection import ConnectionKind
from actions.models.message_template import Channel
from actions.registry import action
from actions.spec import ActionContext, Effect, Preview
from tenants.core.json import Json
from tenants.core.text.addresses import for_server
from tenants.core.text.characters import without_invisible

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
        "language": {
            "type": "string",
            "title": _("Language"),
            "description": _("For example ar. Empty: the language of the template."),
            "x-text": "plain",
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

# What a mail server puts off is tried again for about eight hours, at first after 10 s and 30 s as
# usual, then ever more rarely (RFC 5321, 4.5.4.1). A run that waits costs nothing.
RETRY: Final = {"attempts": 14}


class _Content(NamedTuple):
    subject: str
    text: str
    html: str


class _Letter(NamedTuple):
    """A mail that is ready to be sent."""

    message: EmailMultiAlternatives
    content: _Content
    recipients: Sequence[str]  # addresses alone, each once
    connection: OpenConnection | None

    def output(self, replies: Replies) -> dict[str, Json]:
        """Return what the step keeps."""
        return {
            "message_id": self.message.extra_headers["Message-ID"],
            "to": self.message.to,
            "subject": self.content.subject,
            "text": self.content.text[: settings().mail_text_limit_characters],
            "refused": said(replies),
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
    retry=RETRY,
    preview=preview_mail,
    icon="mail",
    ui={"summary": _("To %(to)s")},
)
def send_email(params: Json, context: ActionContext) -> Json:
    """Send to those who have not got it yet.

    What the mail server puts off is temporary, what it refuses permanent. Where others have the
    mail, the step is done in part.
    """
    letter, told = _letter(params, context), KnownRecipients.before(context)
    left = told.left(letter.recipients)
    if left:
        server = Server(letter.connection, context.timeout_seconds)
        told = told.and_now(_handed_over(letter, left, server, told))
    output = letter.output(told.replies)
    if not any(one.is_accepted for one in told.replies.values()):
        failure = failure_of(told.replies)
        failure.part = PartialResult(told.as_json())
        raise failure
    trouble = failure_of_some(told.replies)
    if trouble is not None:
        trouble.part = PartialResult(told.as_json(), output)
        raise trouble
    return output


def _handed_over(
    letter: _Letter, left: Sequence[str], server: Server, told: KnownRecipients
) -> Replies:
    """Send; return the answers. Not for ever to a server that may have the mail each time."""
    try:
        return hand_over(letter.message, left, server)
    except TemporaryFailure as failure:
        if not failure.params.get("may_have_arrived"):
            raise
        told = told.and_perhaps()
        last: ActionFailure = failure
        if told.uncertain >= MAX_UNCERTAIN:
            last = PermanentFailure(failure.code, **failure.params)
        last.part = PartialResult(told.as_json())
        raise last from None


def _letter(params: Json, context: ActionContext) -> _Letter:
    """Make the mail. Raises PermanentFailure for one that could not be sent."""
    fields = {field: _mailboxes(params.get(field, []), field) for field in ("to", "cc", "bcc")}
    to, cc, bcc = each_once(*fields.values())
    recipients = [one.address for one in (*to, *cc, *bcc)]
    _check_count(to, recipients)
    content = _content(params, context)
    connection = find_connection(context, ConnectionKind.SMTP, key=params.get("connection"))
    sender = _sender(params, connection)
    reply_to = [params["reply_to"]] if params.get("reply_to") else []
    message = EmailMultiAlternatives(
        subject=content.subject,
        body=content.text,
        from_email=str(sender),
        to=_written(to),
        cc=_written(cc),
        bcc=_written(bcc),
        reply_to=_written(_mailboxes(reply_to, "reply_to")),
        headers={"Message-ID": _message_id(context, sender.address)},
    )
    if content.html:
        message.attach_alternative(content.html, "text/html")
    return _Letter(message, content, recipients, connection)


def _mailboxes(given: Iterable[str], field: str) -> list[Mailbox]:
    return [mailbox_of(text, field) for text in given]


def _written(mailboxes: Iterable[Mailbox]) -> list[str]:
    return [str(one) for one in mailboxes]


def _check_count(to: Sequence[Mailbox], recipients: Sequence[str]) -> None:
    count, limit = len(recipients), settings().mail_recipients_limit
    if not to or count > limit:
        raise PermanentFailure("bad_recipient_count", count=count, limit=limit)


def _content(params: Mapping[str, Json], context: ActionContext) -> _Content:
    subject, text, html = (params.get(field, "") for field in ("subject", "text", "html"))
    if params.get("template"):
        stored = find_template(context, Channel.EMAIL, params["template"])
        said = stored.in_language(params.get("language") or "")
        subject = subject or context.render_text(said["subject"])
        text = text or (context.render_text(said["text"]) if said["text"] else "")
        html = html or (context.render_text(said["html"], html=True) if said["html"] else "")
    text = text or strip_tags(html).strip()
    if not text:
        raise PermanentFailure("mail_is_empty")
    # A line break or a tab in a value is a blank: nothing can begin another header.
    subject = header_text(subject, MAX_HEADER)
    if not without_invisible(subject).strip():
        raise PermanentFailure("mail_has_no_subject")
    return _Content(subject, text, html)


def _sender(params: Mapping[str, Json], connection: OpenConnection | None) -> Mailbox:
    of_connection = str(connection.settings.get("sender", "")) if connection else ""
    sender = params.get("from") or of_connection or django_settings.DEFAULT_FROM_EMAIL
    return mailbox_of(sender, "from")


def _message_id(context: ActionContext, sender: str) -> str:
    # The same on every attempt, so that mail programs can show a repeated mail once.
    digest = sha256(context.idempotency_key.encode()).hexdigest()[:32]
    return f"<{digest}@{for_server(sender).rpartition('@')[2]}>"
