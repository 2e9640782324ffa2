"""Which stand-in answers at an address."""

import re
from typing import Final

from actions.sandbox import slack, teams, whatsapp
from actions.sandbox.journal import Behaviour
from actions.sandbox.replies import ReceivedMessage, SandboxReply
from actions.sandbox.whatsapp_templates import Registrations
from tenants.core.json import Json

ROUTES: Final = (
    ("whatsapp", re.compile(r"/v\d+\.\d+/[\w-]+/messages")),
    ("slack", re.compile(r"/(slack|api)/chat\.postMessage")),
    ("teams", re.compile(r"/teams/.*")),
    ("hook", re.compile(r"/hook(/.*)?")),
)


def channel_of(path: str) -> str | None:
    path = path.partition("?")[0]
    return next((channel for channel, route in ROUTES if route.fullmatch(path)), None)


INTRODUCTIONS: Final = (
    ("GET", "whatsapp", re.compile(r"/v\d+\.\d+/(?P<id>[\w-]+)")),
    ("POST", "slack", re.compile(r"/(slack|api)/auth\.test")),
)


def introduced(method: str, path: str) -> str | None:
    """Return which provider is asked who we are, without anything being sent."""
    path = path.partition("?")[0]
    asked = (
        name for verb, name, route in INTRODUCTIONS if verb == method and route.fullmatch(path)
    )
    return next(asked, None)


def introduce(channel: str, path: str, authorization: str) -> SandboxReply:
    if channel == "slack":
        return slack.introduce(authorization)
    return whatsapp.introduce(path, authorization)


def read(channel: str, path: str, body: Json, templates: Registrations) -> ReceivedMessage:
    """Return what the request says; a body of another shape gives an empty message.

    `templates` are those registered with WhatsApp: a request names one and brings the values.
    """
    content = body if isinstance(body, dict) else {}
    match channel:
        case "whatsapp":
            return whatsapp.read(content, templates)
        case "slack":
            return slack.read(content)
        case "teams":
            return teams.read(path, content)
    return ReceivedMessage(path, "" if body is None else str(body)[:2000])


def reply(
    channel: str, body: Json, authorization: str, number: int, templates: Registrations
) -> SandboxReply:
    """Answer as the provider does when all is well, or when the request is wrong."""
    content = body if isinstance(body, dict) else {}
    match channel:
        case "whatsapp":
            return whatsapp.reply(content, authorization, number, templates)
        case "slack":
            return slack.reply(content, authorization, number)
        case "teams":
            return teams.reply(body)
    return SandboxReply(200, {"ok": True, "id": number, "received": body})


def failure(channel: str, rule: Behaviour) -> SandboxReply:
    """Answer as the provider does when something is wrong with it, or with us."""
    if channel == "whatsapp":
        return whatsapp.failure(rule)
    if channel == "slack":
        return slack.failure(rule)
    if channel == "teams" and rule.error:
        return teams.failure(rule)
    busy = rule.mode == "rate_limit"
    status = rule.status or (429 if busy else 500)
    wait = {"Retry-After": str(rule.retry_after)} if busy and rule.retry_after is not None else {}
    text = rule.error or ("slow down" if busy else "it does not work")
    return SandboxReply(status, {"error": text}, {**rule.headers, **wait})
