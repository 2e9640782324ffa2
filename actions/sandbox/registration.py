"""Message templates, registered with the stand-in: in the demo, what is saved is approved."""

import http.client
import json
import logging
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import transaction

from actions.conf import settings
from actions.models.message_template import Channel, MessageTemplate
from actions.whatsapp.places import places_in
from actions.whatsapp.registered import MEDIA, Button, ButtonKind, HeaderKind, Registered
from tenants.core.json import Json

logger = logging.getLogger(__name__)
TIMEOUT_SECONDS: Final = 3


def registration(template: Registered) -> Json:
    body = template.body
    if len(places_in(body)) != len(template.parameters):
        # Without a true copy of the text only its values are known.
        marks = template.parameters if template.is_named else range(1, len(template.parameters) + 1)
        body = " ".join(f"{{{{{mark}}}}}" for mark in marks)
    components: list[Json] = [{"type": "BODY", "text": body}]
    if template.header is HeaderKind.TEXT:
        components.insert(0, {"type": "HEADER", "format": "TEXT", "text": template.header_text})
    elif template.header in MEDIA:
        components.insert(0, {"type": "HEADER", "format": template.header.value.upper()})
    if template.footer:
        components.append({"type": "FOOTER", "text": template.footer})
    if template.buttons:
        components.append(
            {"type": "BUTTONS", "buttons": [_button(one) for one in template.buttons]}
        )
    return {
        "name": template.name,
        "language": template.language,
        "status": "APPROVED",
        "parameter_format": "NAMED" if template.is_named else "POSITIONAL",
        "components": components,
    }


def registrations(templates: Iterable[MessageTemplate]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for row in templates:
        if row.channel == Channel.WHATSAPP:
            one = registration(row.registered)
            found.setdefault(one["name"], []).append(one)
    return found


def register(base_url: str, templates: Iterable[MessageTemplate]) -> None:
    """Tell the stand-in at this address. One that does not answer is left alone."""
    found = registrations(templates)
    if not found:
        return
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("PUT", "/texts", json.dumps(found))
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        logger.warning("sandbox_not_told", extra={"address": base_url})
    finally:
        connection.close()


def when_saved(instance: MessageTemplate, **_signal: Any) -> None:
    """Register what was saved where there is a sandbox: nobody at Meta approves it there."""
    base_url = settings().sandbox_url
    if base_url:
        transaction.on_commit(lambda: register(base_url, [instance]), robust=True)


def _button(button: Button) -> Json:
    match button.kind:
        case ButtonKind.URL:
            return {"type": "URL", "text": button.text, "url": button.target}
        case ButtonKind.PHONE:
            return {"type": "PHONE_NUMBER", "text": button.text, "phone_number": button.target}
        case ButtonKind.OTP:
            return {"type": "OTP", "otp_type": "COPY_CODE", "text": button.text}
    return {"type": button.kind.value.upper(), "text": button.text}
