"""How each provider reads a request and answers: the shapes of the real ones."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from actions.sandbox.journal import Behaviour

Json = Any

ROUTES: Final = (
    ("whatsapp", re.compile(r"/v\d+\.\d+/[\w-]+/messages")),
    ("slack", re.compile(r"/(slack|api)/chat\.postMessage")),
    ("teams", re.compile(r"/teams/.*")),
    ("hook", re.compile(r"/hook(/.*)?")),
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer."""

    status: int
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """What a request says, for the page."""

    to: str
    text: str
    subject: str = ""


def channel_of(path: str) -> str | None:
    """Return which provider answers at this path."""
    path = path.partition("?")[0]
    return next((channel for channel, route in ROUTES if route.fullmatch(path)), None)


INTRODUCTIONS: Final = (
    ("GET", "whatsapp", re.compile(r"/v\d+\.\d+/(?P<id>[\w-]+)")),
    ("POST", "slack", re.compile(r"/(slack|api)/auth\.test")),
)
# A token that the stand-ins refuse, so that a refusal can be tried.
REFUSED: Final = "wrong"


def introduced(method: str, path: str) -> str | None:
    """Return which provider is asked who we are, without anything being sent."""
    path = path.partition("?")[0]
    asked = (
        name for verb, name, route in INTRODUCTIONS if verb == method and route.fullmatch(path)
    )
    return next(asked, None)


def introduce(channel: str, path: str, authorization: str) -> Reply:
    """Answer who the token belongs to."""
    token = authorization.removeprefix("Bearer ")
    refused = token in {"", REFUSED, authorization}
    if channel == "slack":
        if refused:
            return Reply(200, {"ok": False, "error": "invalid_auth"})
        return Reply(200, {"ok": True, "team": "Sandbox", "user": "sayr", "bot_id": "B0SANDBOX"})
    if refused:
        return Reply(401, _whatsapp_error(190, "Invalid OAuth access token."))
    number = path.partition("?")[0].rpartition("/")[2]
    if not number.isdecimal():
        return Reply(400, _whatsapp_error(100, f"Object with ID '{number}' does not exist"))
    known = {"display_phone_number": "+961 3 000 000", "verified_name": "Sandbox", "id": number}
    return Reply(200, known)


def read(channel: str, path: str, body: Json, texts: Mapping[str, str]) -> Message:
    """Return what the request says; a body of another shape gives an empty message.

    `texts` are the registered WhatsApp texts: a request names the text and brings the values.
    """
    content = body if isinstance(body, dict) else {}
    match channel:
        case "whatsapp":
            return _whatsapp_message(content, texts)
        case "slack":
            parts = [content, *content.get("attachments", [])]
            text = "\n".join(str(part["text"]) for part in parts if part.get("text"))
            title = next((str(part["title"]) for part in parts if part.get("title")), "")
            return Message(str(content.get("channel", "")), _slack_plain(text), _slack_plain(title))
        case "teams":
            return _teams_message(path, content)
    return Message(path, "" if body is None else str(body)[:2000])


def reply(channel: str, body: Json, authorization: str, number: int) -> Reply:
    """Answer as the provider does when all is well, or when the request is wrong."""
    content = body if isinstance(body, dict) else {}
    match channel:
        case "whatsapp":
            return _whatsapp_reply(content, authorization, number)
        case "slack":
            return _slack_reply(content, authorization, number)
        case "teams":
            return Reply(202)
    return Reply(200, {"ok": True, "id": number, "received": body})


def failure(channel: str, rule: Behaviour) -> Reply:
    """Answer as the provider does when something is wrong with it, or with us."""
    busy = rule.mode == "rate_limit"
    status = rule.status or (429 if busy else 500)
    wait = {"Retry-After": str(rule.retry_after)} if busy and rule.retry_after is not None else {}
    if channel == "whatsapp":
        code = rule.code or (130429 if busy else 131000)
        text = "(#130429) Rate limit hit" if busy else "Something went wrong"
        return Reply(400 if busy else status, _whatsapp_error(code, text), {**rule.headers, **wait})
    if channel == "slack":
        error = rule.error or ("ratelimited" if busy else "internal_error")
        return Reply(200 if rule.error else status, {"ok": False, "error": error}, wait)
    text = rule.error or ("slow down" if busy else "it does not work")
    return Reply(status, {"error": text}, {**rule.headers, **wait})


def _whatsapp_message(content: Mapping[str, Json], texts: Mapping[str, str]) -> Message:
    template = content.get("template") or {}
    components = template.get("components") or [{}]
    values = [str(value.get("text", "")) for value in components[0].get("parameters", [])]
    language = (template.get("language") or {}).get("code", "")
    text = texts.get(str(template.get("name", "")), "")
    for place, value in enumerate(values, start=1):
        text = text.replace(f"{{{{{place}}}}}", value)
    name = f"{template.get('name', '')} ({language})"
    return Message(str(content.get("to", "")), text or "\n".join(values), name)


def _whatsapp_reply(content: Mapping[str, Json], authorization: str, number: int) -> Reply:
    if not authorization.startswith("Bearer "):
        return Reply(401, _whatsapp_error(190, "Invalid OAuth access token."))
    template = content.get("template") or {}
    if content.get("messaging_product") != "whatsapp" or not template.get("name"):
        return Reply(400, _whatsapp_error(100, "Invalid parameter"))
    phone = str(content.get("to", ""))
    return Reply(
        200,
        {
            "messaging_product": "whatsapp",
            "contacts": [{"input": phone, "wa_id": phone.lstrip("+")}],
            "messages": [{"id": f"wamid.sandbox{number}", "message_status": "accepted"}],
        },
    )


def _whatsapp_error(code: int, message: str) -> Json:
    return {
        "error": {
            "message": message,
            "type": "OAuthException",
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": message},
            "fbtrace_id": "sandbox",
        }
    }


def _slack_plain(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _slack_reply(content: Mapping[str, Json], authorization: str, number: int) -> Reply:
    if not authorization.startswith("Bearer "):
        return Reply(200, {"ok": False, "error": "not_authed"})
    if not content.get("channel"):
        return Reply(200, {"ok": False, "error": "channel_not_found"})
    if not (content.get("text") or content.get("attachments")):
        return Reply(200, {"ok": False, "error": "no_text"})
    return Reply(200, {"ok": True, "channel": "C0SANDBOX", "ts": f"1700000000.{number:06}"})


def _teams_message(path: str, content: Mapping[str, Json]) -> Message:
    cards = [attachment.get("content", {}) for attachment in content.get("attachments", [])]
    blocks = [block.get("text", "") for card in cards for block in card.get("body", [])]
    blocks = blocks or [content.get("text", "")]
    title = blocks[0] if len(blocks) > 1 else content.get("title", "")
    return Message(path, "\n".join(blocks[1:] or blocks), title)
