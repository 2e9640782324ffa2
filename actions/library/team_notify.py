"""Tell a team: one message to a Slack or Microsoft Teams channel."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from actions.conf import settings
from actions.connections import OpenConnection, open_connection
from actions.errors import PermanentFailure, TemporaryFailure
from actions.models.connection import ConnectionKind
from actions.outbound.answer import Answer
from actions.outbound.client import (
    NOT_ACTED_ON,
    TEMPORARY,
    Request,
    exchange,
    judge,
    send,
    wait_asked_for,
)
from actions.registry import action
from actions.spec import ActionContext, Effect, Preview

Json = Any

_TEAMS_STATUS: Final = re.compile(r"HTTP error ([1-5]\d\d)\b")
# Names that staff choose: Slack wants a number, Teams' cards a word.
COLORS: Final = {
    "green": ("#2eb67d", "good"),
    "yellow": ("#ecb22e", "warning"),
    "red": ("#e01e5a", "attention"),
    "blue": ("#36c5f0", "accent"),
}
PARAMS: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text"],
    "properties": {
        "connection": {
            "type": "string",
            "title": _("Connection"),
            "description": _("Slack or Microsoft Teams."),
            "x-reference": "connection:slack,teams",
            "x-no-template": True,
        },
        "text": {
            "type": "string",
            "title": _("Text"),
            "minLength": 1,
            "x-text": "plain",
            "x-widget": "textarea",
        },
        "channel": {
            "type": "string",
            "title": _("Channel"),
            "description": _("Slack only, for example #orders. Empty: the connection's channel."),
            "x-text": "plain",
        },
        "title": {"type": "string", "title": _("Title"), "x-text": "plain"},
        "color": {
            "type": "string",
            "title": _("Colour"),
            "enum": list(COLORS),
            "x-no-template": True,
        },
    },
}
OUTPUT: Final = {
    "type": "object",
    "required": ["service", "channel", "message_id", "text"],
    "properties": {
        "service": {"type": "string", "title": _("Service"), "enum": ["slack", "teams"]},
        "channel": {"type": "string", "title": _("Channel")},
        "message_id": {"type": "string", "title": _("Message id")},
        "text": {"type": "string", "title": _("Text")},
    },
}

# What Slack says in an answer of status 200 with "ok": false.
# By Slack's documentation the message was not acted on: the same one may be sent again.
SLACK_NOT_ACTED_ON: Final = frozenset(
    {"ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable"}
    | {"request_timeout", "team_added_to_org"}
)
# "It's possible some aspect of the operation succeeded before the error was raised."
SLACK_LEFT_OPEN: Final = frozenset({"internal_error", "fatal_error"})
SLACK_CHANNEL: Final = frozenset({"channel_not_found", "not_in_channel", "is_archived"})
SLACK_ACCESS: Final = frozenset(
    {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"}
    | {"missing_scope", "no_permission", "access_denied", "restricted_action"}
)


def preview_post(params: Json, context: ActionContext) -> Preview:
    """Show the message as the channel would."""
    connection = _connection(params, context)
    is_slack = connection.kind == ConnectionKind.SLACK
    service, channel = ("slack", _channel(params, connection)) if is_slack else ("teams", "")
    shown = {key: params[key] for key in ("title", "text", "color") if params.get(key)}
    output = _output(service, channel or connection.key, "", params)
    return Preview(service, (channel or connection.key,), shown, output)


@action(
    "team_notify",
    label=_("Tell the team"),
    description=_("Posts a message to a channel in Slack or Microsoft Teams."),
    params=PARAMS,
    output=OUTPUT,
    effect=Effect.NOT_REPEATABLE,
    preview=preview_post,
    icon="megaphone",
    ui={"summary": "%(text)s"},
)
def team_notify(params: Json, context: ActionContext) -> Json:
    """Post. A limit on how fast is temporary; an unknown channel or a bad token permanent."""
    connection = _connection(params, context)
    if connection.kind == ConnectionKind.SLACK:
        return _post_to_slack(params, connection, context)
    return _post_to_teams(params, connection, context)


def _connection(params: Json, context: ActionContext) -> OpenConnection:
    kinds = (ConnectionKind.SLACK, ConnectionKind.TEAMS)
    return open_connection(context, *kinds, key=params.get("connection"))


def _channel(params: Json, connection: OpenConnection) -> str:
    channel = params.get("channel") or connection.settings.get("channel")
    if not channel:
        raise PermanentFailure("channel_missing", connection=connection.key)
    return str(channel)


def _post_to_slack(params: Json, connection: OpenConnection, context: ActionContext) -> Json:
    channel = _channel(params, connection)
    base = str(connection.settings.get("base_url") or settings().slack_base_url).rstrip("/")
    request = Request(
        "POST",
        f"{base}/chat.postMessage",
        body=_slack_message(params, channel),
        headers={"Content-Type": "application/json; charset=utf-8"},
        secret_headers={"Authorization": f"Bearer {connection.secrets['bot_token']}"},
        secrets=connection.secret_values,
    )
    answer = exchange(
        request,
        idempotency_key=context.idempotency_key,
        timeout_seconds=context.timeout_seconds,
    )
    body = answer.body if isinstance(answer.body, dict) else {}
    if answer.status >= 500 and body.get("error") in SLACK_NOT_ACTED_ON:
        # Slack's own word says more than the status, which a gateway may have given as well.
        _refuse_slack(answer, str(body["error"]), channel)
    judge(answer, request)
    if body.get("ok") is not True:
        _refuse_slack(answer, str(body.get("error", "")), channel)
    return _output("slack", str(body.get("channel", channel)), str(body.get("ts", "")), params)


def _slack_message(params: Json, channel: str) -> Json:
    # Slack reads <!channel> and <@U1> as mentions: a customer's name must not call the company.
    text, title = _slack_text(params["text"]), _slack_text(params.get("title", ""))
    if "color" not in params and not title:
        return {"channel": channel, "text": text}
    attachment = {"text": text, "fallback": text}
    if title:
        attachment["title"] = title
    if "color" in params:
        attachment["color"] = COLORS[params["color"]][0]
    return {"channel": channel, "attachments": [attachment]}


def _slack_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _refuse_slack(answer: Answer, error: str, channel: str) -> None:
    if error in SLACK_NOT_ACTED_ON | SLACK_LEFT_OPEN:
        raise TemporaryFailure(
            "slack_busy",
            retry_after=wait_asked_for(answer),
            may_have_arrived=error in SLACK_LEFT_OPEN,
            answer=error,
        )
    if error in SLACK_CHANNEL:
        raise PermanentFailure("slack_channel_refused", channel=channel, answer=error)
    if error in SLACK_ACCESS:
        raise PermanentFailure("slack_access_refused", answer=error)
    raise PermanentFailure("slack_refused", answer=error or answer.excerpt)


def _post_to_teams(params: Json, connection: OpenConnection, context: ActionContext) -> Json:
    # The address is the secret: whoever has it can post. Servers echo its path alone, too.
    url = connection.secrets["webhook_url"]
    path = urlsplit(url).path
    request = Request("POST", url, body=_teams_message(params), secrets=(url, path))
    answer = send(
        request,
        idempotency_key=context.idempotency_key,
        timeout_seconds=context.timeout_seconds,
    )
    _refuse_teams(answer, request)
    return _output("teams", connection.key, answer.headers.get("request-id", ""), params)


def _teams_message(params: Json) -> Json:
    blocks: list[Json] = []
    color = {"color": COLORS[params["color"]][1]} if "color" in params else {}
    if params.get("title"):
        title = {"text": params["title"], "weight": "bolder", "size": "medium", **color}
        blocks.append({"type": "TextBlock", "wrap": True, **title})
        color = {}
    blocks.append({"type": "TextBlock", "wrap": True, "text": params["text"], **color})
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


def _refuse_teams(answer: Answer, request: Request) -> None:
    # Old Teams webhooks answer 200 and write the real status into the text.
    text = answer.body if isinstance(answer.body, str) else ""
    said = _TEAMS_STATUS.search(text)
    status = int(said[1]) if said else 0
    if status in TEMPORARY or status >= 500:
        raise TemporaryFailure(
            "teams_busy",
            retry_after=wait_asked_for(answer),
            may_have_arrived=status not in NOT_ACTED_ON,
            answer=text[:300],
        )
    if "delivery failed" in text.lower():
        raise PermanentFailure("teams_refused", answer=text[:300])
    judge(answer, request)


def _output(service: str, channel: str, message_id: str, params: Json) -> Json:
    return {
        "service": service,
        "channel": channel,
        "message_id": message_id,
        "text": params["text"],
    }
