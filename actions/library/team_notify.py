"""Tell a team: one message to a Slack or Microsoft Teams channel."""

import re
from typing import Final, NoReturn

from django.utils.translation import gettext_lazy as _

from actions.chat import slack as slack_messages
from actions.chat import teams as teams_cards
from actions.conf import settings
from actions.connections import OpenConnection, open_connection
from actions.errors import ActionFailure, PermanentFailure, TemporaryFailure
from actions.models.connection import ConnectionKind
from actions.outbound.answer import HttpAnswer
from actions.outbound.client import (
    NOT_ACTED_ON,
    TEMPORARY,
    Request,
    exchange,
    judge,
    wait_asked_for,
)
from actions.providers import slack, teams
from actions.providers.answers import Meaning, refuse
from actions.registry import action
from actions.spec import ActionContext, Effect, Preview
from tenants.core.json import Json
from tenants.core.text.isolates import without_isolates

# A status of Teams' that another server tells of, as text or as a member of JSON.
_STATUS_IN_TEXT: Final = re.compile(
    r"\b(?:HTTP(?:/[\d.]+)?|status|error|code)(?:[ _-]?(?:error|status|code))*\W{0,3}([45]\d\d)\b",
    re.IGNORECASE,
)
_FAILED: Final = re.compile(r"delivery failed|bad request", re.IGNORECASE)
_STATUS_MEMBERS: Final = ("status", "statusCode", "status_code", "code")
_SAID: Final = 300  # characters of an answer in a failure
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
            "x-text": "isolated",
            "x-widget": "textarea",
        },
        "channel": {
            "type": "string",
            "title": _("Channel"),
            "description": _("Slack only, for example #orders. Empty: the connection's channel."),
            "x-text": "plain",
        },
        "title": {"type": "string", "title": _("Title"), "x-text": "isolated"},
        "color": {
            "type": "string",
            "title": _("Colour"),
            "enum": list(slack_messages.COLORS),
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
        "warnings": {
            "type": "array",
            "title": _("Warnings"),
            "description": _("What the service, or the step, says of a message that was posted."),
            "items": {"type": "string"},
        },
    },
}


def preview_post(params: Json, context: ActionContext) -> Preview:
    """Show the message as the channel would."""
    connection = _connection(params, context)
    shown = {key: params[key] for key in ("title", "text", "color") if params.get(key)}
    if connection.kind == ConnectionKind.SLACK:
        service, channel = "slack", _channel(params, connection)
        _body, warnings = _slack_message(params, channel)
    else:
        service, channel, warnings = "teams", "", []
        _teams_message(params)
    output = _output(service, channel or connection.key, "", params, warnings)
    content = {key: without_isolates(value) for key, value in shown.items()}
    return Preview(service, (channel or connection.key,), content, output)


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
    message, warnings = _slack_message(params, channel)
    base = str(connection.settings.get("base_url") or settings().slack_base_url).rstrip("/")
    request = Request(
        "POST",
        f"{base}/chat.postMessage",
        body=message,
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
    row = slack.ANSWERS.get(_text_in(body, "error"))
    if answer.status >= 500 and row and row.meaning is Meaning.TEMPORARY:
        # Slack's own word says more than the status, which a gateway may have given as well.
        _refuse_slack(answer, body, channel)
    judge(answer, request)
    if body.get("ok") is False:
        _refuse_slack(answer, body, channel)
    if body.get("ok") is not True:
        # Whoever answered was not Slack, and may or may not have passed the message on.
        raise TemporaryFailure("slack_unclear", may_have_arrived=True, answer=answer.excerpt)
    warnings = list(dict.fromkeys([*warnings, *_warnings(body)]))
    return _output(
        "slack", _text_in(body, "channel") or channel, _text_in(body, "ts"), params, warnings
    )


def _slack_message(params: Json, channel: str) -> tuple[Json, list[str]]:
    return slack_messages.message(
        params["text"], params.get("title", ""), params.get("color"), channel
    )


def _refuse_slack(answer: HttpAnswer, body: Json, channel: str) -> NoReturn:
    error = _text_in(body, "error").strip()
    said = "; ".join(dict.fromkeys([error, *_messages(body)])) if error else answer.excerpt
    facts = {"answer": said[:_SAID]}
    row = slack.ANSWERS.get(error)
    if row is None:
        raise PermanentFailure("slack_refused", **facts)
    if row.failure == "slack_channel_refused":
        facts["channel"] = channel
    if error == "missing_scope":
        facts |= {name: _text_in(body, name)[:_SAID] for name in ("needed", "provided")}
    refuse(row, retry_after=wait_asked_for(answer), **facts)


def _text_in(body: Json, name: str) -> str:
    """Return a text of an answer; a list as its elements, nothing for anything else."""
    value = body.get(name)
    return ",".join(_lines(body, name)) or (value if isinstance(value, str) else "")


def _messages(body: Json) -> list[str]:
    """Return what Slack says beside its code: which part of the message it means, and why."""
    return [*_lines(body.get("response_metadata"), "messages"), *_lines(body, "errors")]


def _warnings(body: Json) -> list[str]:
    codes = [code for code in str(body.get("warning") or "").split(",") if code]
    return [*codes, *_lines(body.get("response_metadata"), "warnings"), *_messages(body)]


def _lines(said: Json, name: str) -> list[str]:
    found = said.get(name) if isinstance(said, dict) else None
    return [str(line) for line in found] if isinstance(found, list) else []


def _post_to_teams(params: Json, connection: OpenConnection, context: ActionContext) -> Json:
    # The address is the secret: whoever has it can post.
    url = connection.secrets["webhook_url"]
    request = Request("POST", url, body=_teams_message(params), secrets=(url,))
    answer = exchange(
        request,
        idempotency_key=context.idempotency_key,
        timeout_seconds=context.timeout_seconds,
    )
    _refuse_teams(answer, request)
    return _output("teams", connection.key, answer.headers.get("request-id", ""), params)


def _teams_message(params: Json) -> Json:
    return teams_cards.card(params["text"], params.get("title", ""), params.get("color"))


def _refuse_teams(answer: HttpAnswer, request: Request) -> None:
    try:
        judge(answer, request)
    except ActionFailure as failure:
        failure.params["provider_code"] = teams.code_of_flow(answer.status, answer.body)
        raise
    said = answer.excerpt[:_SAID]
    if answer.kind == "html":
        # A log-in page or a proxy: neither a flow nor a connector answers so.
        raise TemporaryFailure("teams_unclear", may_have_arrived=True, answer=said)
    status = _status_in(answer.body)
    row = teams.ANSWERS.get(str(status))
    if row is not None:
        refuse(row, retry_after=wait_asked_for(answer), answer=said)
    if status in TEMPORARY or status >= 500:
        raise TemporaryFailure(
            "teams_busy",
            retry_after=wait_asked_for(answer),
            may_have_arrived=status not in NOT_ACTED_ON,
            answer=said,
        )
    if status or _FAILED.search(said) or _has_error(answer.body):
        raise PermanentFailure("teams_refused", answer=said)


def _has_error(body: Json) -> bool:
    return isinstance(body, dict) and bool(body.get("error"))


def _status_in(body: Json) -> int:
    """Return the status of Teams that the body of a good answer tells of; 0: none.

    Connectors answer 200 and write the real status into the text.
    """
    if isinstance(body, dict):
        inner = body.get("error")
        places = (body, inner) if isinstance(inner, dict) else (body,)
        told = [place.get(name) for place in places for name in _STATUS_MEMBERS]
        found = next((one for one in map(str, told) if one.isdigit() and len(one) == 3), "")
        if not found:
            texts = [place.get(name) for place in places for name in ("error", "message")]
            return _status_of_text("\n".join(text for text in texts if isinstance(text, str)))
        return int(found) if int(found) >= 400 else 0
    return _status_of_text(body) if isinstance(body, str) else 0


def _status_of_text(text: str) -> int:
    said = _STATUS_IN_TEXT.search(text)
    return int(said[1]) if said else 0


def _output(service: str, channel: str, message_id: str, params: Json, warnings: Json = ()) -> Json:
    output = {
        "service": service,
        "channel": channel,
        "message_id": message_id,
        "text": without_isolates(params["text"]),
    }
    return {**output, "warnings": list(warnings)} if warnings else output
