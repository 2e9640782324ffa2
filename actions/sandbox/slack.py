"""The stand-in for Slack."""

from collections.abc import Mapping
from typing import Any

from actions.sandbox.journal import Behaviour
from actions.sandbox.replies import REFUSED, Message, Reply

Json = Any


def read(content: Mapping[str, Json]) -> Message:
    """Return what the message says, as the channel shows it."""
    parts = [content, *content.get("attachments", [])]
    text = "\n".join(str(part["text"]) for part in parts if part.get("text"))
    title = next((str(part["title"]) for part in parts if part.get("title")), "")
    return Message(str(content.get("channel", "")), _plain(text), _plain(title))


def _plain(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def reply(content: Mapping[str, Json], authorization: str, number: int) -> Reply:
    """Answer as the provider does when all is well, or when the request is wrong."""
    if not authorization.startswith("Bearer "):
        return Reply(200, {"ok": False, "error": "not_authed"})
    if not content.get("channel"):
        return Reply(200, {"ok": False, "error": "channel_not_found"})
    if not (content.get("text") or content.get("attachments")):
        return Reply(200, {"ok": False, "error": "no_text"})
    return Reply(200, {"ok": True, "channel": "C0SANDBOX", "ts": f"1700000000.{number:06}"})


def failure(rule: Behaviour) -> Reply:
    """Answer as told to: with an error, or that there were too many messages."""
    busy = rule.mode == "rate_limit"
    wait = {"Retry-After": str(rule.retry_after)} if busy and rule.retry_after is not None else {}
    error = rule.error or ("ratelimited" if busy else "internal_error")
    status = 200 if rule.error else rule.status or (429 if busy else 500)
    return Reply(status, {"ok": False, "error": error}, wait)


def introduce(authorization: str) -> Reply:
    """Answer who the token belongs to."""
    token = authorization.removeprefix("Bearer ")
    if token in {"", REFUSED, authorization}:
        return Reply(200, {"ok": False, "error": "invalid_auth"})
    return Reply(200, {"ok": True, "team": "Sandbox", "user": "sayr", "bot_id": "B0SANDBOX"})
