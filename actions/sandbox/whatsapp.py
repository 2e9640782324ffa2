"""The stand-in for the WhatsApp Cloud API."""

from collections.abc import Mapping
from typing import Any

from actions.sandbox.journal import Behaviour
from actions.sandbox.replies import REFUSED, Message, Reply

Json = Any


def read(content: Mapping[str, Json], texts: Mapping[str, str]) -> Message:
    """Return what the message says; `texts` are the registered ones, by their names."""
    template = content.get("template") or {}
    components = template.get("components") or [{}]
    values = [str(value.get("text", "")) for value in components[0].get("parameters", [])]
    language = (template.get("language") or {}).get("code", "")
    text = texts.get(str(template.get("name", "")), "")
    for place, value in enumerate(values, start=1):
        text = text.replace(f"{{{{{place}}}}}", value)
    name = f"{template.get('name', '')} ({language})"
    return Message(str(content.get("to", "")), text or "\n".join(values), name)


def reply(content: Mapping[str, Json], authorization: str, number: int) -> Reply:
    """Answer as the provider does when all is well, or when the request is wrong."""
    if not authorization.startswith("Bearer "):
        return Reply(401, error_body(190, "Invalid OAuth access token."))
    template = content.get("template") or {}
    if content.get("messaging_product") != "whatsapp" or not template.get("name"):
        return Reply(400, error_body(100, "Invalid parameter"))
    phone = str(content.get("to", ""))
    return Reply(
        200,
        {
            "messaging_product": "whatsapp",
            "contacts": [{"input": phone, "wa_id": phone.lstrip("+")}],
            "messages": [{"id": f"wamid.sandbox{number}", "message_status": "accepted"}],
        },
    )


def error_body(code: int, message: str) -> Json:
    """Return an error as the Cloud API writes it."""
    return {
        "error": {
            "message": message,
            "type": "OAuthException",
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": message},
            "fbtrace_id": "sandbox",
        }
    }


def failure(rule: Behaviour) -> Reply:
    """Answer as told to: with an error, or that there were too many messages."""
    busy = rule.mode == "rate_limit"
    wait = {"Retry-After": str(rule.retry_after)} if busy and rule.retry_after is not None else {}
    code = rule.code or (130429 if busy else 131000)
    text = "(#130429) Rate limit hit" if busy else "Something went wrong"
    status = 400 if busy else rule.status or 500
    return Reply(status, error_body(code, text), {**rule.headers, **wait})


def introduce(path: str, authorization: str) -> Reply:
    """Answer who the token belongs to."""
    token = authorization.removeprefix("Bearer ")
    if token in {"", REFUSED, authorization}:
        return Reply(401, error_body(190, "Invalid OAuth access token."))
    number = path.partition("?")[0].rpartition("/")[2]
    if not number.isdecimal():
        return Reply(400, error_body(100, f"Object with ID '{number}' does not exist"))
    known = {"display_phone_number": "+961 3 000 000", "verified_name": "Sandbox", "id": number}
    return Reply(200, known)
