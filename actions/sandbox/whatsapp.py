"""The stand-in for the WhatsApp Cloud API: it refuses what Meta refuses, in Meta's words."""

import re
from collections.abc import Mapping
from typing import Final

from actions.providers.whatsapp import ANSWERS
from actions.sandbox import whatsapp_parts
from actions.sandbox.journal import Behaviour
from actions.sandbox.replies import REFUSED, ReceivedMessage, SandboxReply
from actions.sandbox.whatsapp_parts import RefusedMessage, components_of, members
from actions.sandbox.whatsapp_templates import KnownTemplate, Registrations
from tenants.core.json import Json

_PHONE: Final = re.compile(r"\+?[1-9]\d{6,14}")
# What a template is once Meta no longer sends it, and the code that says so.
_STATUSES: Final = {"PAUSED": "132015", "DISABLED": "132016"}


def read(content: Mapping[str, Json], known: Registrations) -> ReceivedMessage:
    template = members(content.get("template"))
    name, language = str(template.get("name", "")), _language(template)
    registered = known.find(name, language) or known.find(name)
    text = whatsapp_parts.shown(registered or KnownTemplate(name), components_of(template))
    return ReceivedMessage(str(content.get("to", "")), text, f"{name} ({language})")


def reply(
    content: Mapping[str, Json], authorization: str, number: int, known: Registrations
) -> SandboxReply:
    """Answer as the provider does when all is well, or when the request is wrong."""
    token = authorization.removeprefix("Bearer ")
    if token in {"", REFUSED, authorization}:
        return refusal("190", "Invalid OAuth access token.")
    fault = _fault_of_message(content) or _fault_of_template(content, known)
    if fault is not None:
        return refusal(fault.code, fault.details)
    phone = str(content.get("to", ""))
    return SandboxReply(
        200,
        {
            "messaging_product": "whatsapp",
            "contacts": [{"input": phone, "wa_id": phone.lstrip("+")}],
            "messages": [{"id": f"wamid.sandbox{number}", "message_status": "accepted"}],
        },
    )


def _fault_of_message(content: Mapping[str, Json]) -> RefusedMessage | None:
    template = content.get("template")
    checks = (
        (content.get("messaging_product") == "whatsapp", "100", "messaging_product is required"),
        (bool(content.get("to")), "100", "The parameter to is required."),
        (content.get("type", "text") == "template", "131051", "The type is not supported here."),
        (bool(members(template).get("name")), "100", "The parameter template['name'] is required."),
        (bool(_language(members(template))), "100", "template['language']['code'] is required."),
        (
            _PHONE.fullmatch(str(content.get("to", ""))) is not None,
            "131009",
            "The parameter to is no phone number.",
        ),
    )
    return next((RefusedMessage(code, said) for holds, code, said in checks if not holds), None)


def _fault_of_template(content: Mapping[str, Json], known: Registrations) -> RefusedMessage | None:
    template = members(content.get("template"))
    name, language = str(template["name"]), _language(template)
    if not known:
        return None  # it was told of no template at all, so it takes any
    found = known.find(name, language)
    if found is None or found.status not in {"APPROVED", *_STATUSES}:
        return RefusedMessage("132001", f"template name ({name}) does not exist in {language}")
    if found.status in _STATUSES:
        return RefusedMessage(_STATUSES[found.status], f"template name ({name}) cannot be sent")
    return whatsapp_parts.fault(found, components_of(template))


def _language(template: Mapping[str, Json]) -> str:
    return str(members(template.get("language")).get("code", ""))


def refusal(code: str, details: str = "", status: int = 0) -> SandboxReply:
    row = ANSWERS[code]
    said = row.said if code in {"100", "190"} else f"(#{code}) {row.said}"
    return SandboxReply(status or row.status, error_body(int(code), said, details or row.said))


def error_body(code: int, message: str, details: str = "") -> Json:
    return {
        "error": {
            "message": message,
            "type": "OAuthException",
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": details or message},
            "fbtrace_id": "sandbox",
        }
    }


def failure(rule: Behaviour) -> SandboxReply:
    """Answer as told to: with an error, or that there were too many messages."""
    busy = rule.mode == "rate_limit"
    wait = {"Retry-After": str(rule.retry_after)} if busy and rule.retry_after is not None else {}
    code = rule.code if rule.code is not None else 130429 if busy else 131000
    headers = {**rule.headers, **wait}
    status = rule.status or (400 if busy else 0)
    if str(code) not in ANSWERS:
        return SandboxReply(status or 500, error_body(code, "Something went wrong"), headers)
    documented = refusal(str(code), rule.error, status)
    return SandboxReply(documented.status, documented.body, headers)


def introduce(path: str, authorization: str) -> SandboxReply:
    token = authorization.removeprefix("Bearer ")
    if token in {"", REFUSED, authorization}:
        return refusal("190", "Invalid OAuth access token.")
    number = path.partition("?")[0].rpartition("/")[2]
    if not number.isdecimal():
        return refusal("100", f"Object with ID '{number}' does not exist")
    known = {"display_phone_number": "+961 3 000 000", "verified_name": "Sandbox", "id": number}
    return SandboxReply(200, known)
