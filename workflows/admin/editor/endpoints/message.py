"""The message that a step sends, as its reader gets it: shown beside the step's fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.template.loader import render_to_string

from actions.models.message_template import Channel, MessageTemplate
from actions.whatsapp.letter import Letter
from actions.whatsapp.values import own_key
from tenants.core.json import Json
from tenants.models.tenant import Tenant
from workflows.addresses import page_of
from workflows.definition.blocks import mapping
from workflows.definition.errors import ExpressionError
from workflows.definition.scope import NameScope
from workflows.definition.templates import render_text
from workflows.presentation.whatsapp import told, value_names

CHANNELS: Final = {"whatsapp_notify": Channel.WHATSAPP, "send_email": Channel.EMAIL}
BUBBLE: Final = "admin/sayr/whatsapp_message.html"


def message_of(tenant: Tenant, step: Mapping[str, Json], scope: NameScope) -> dict[str, Json]:
    """Return what the step's stored message says with these values; {} if it names none.

    A value that cannot be filled in stands there by its name: its field says what is wrong.
    """
    params, channel = mapping(step.get("params")), CHANNELS.get(str(step.get("action")))
    key = params.get("template")
    if channel is None or not isinstance(key, str):
        return {}
    own = MessageTemplate.objects.of(tenant.pk).published().for_channel(channel)
    template = own.filter(key=key).first()
    if template is None:
        return {}
    shown = {"name": template.name, "url": page_of(template)}
    if channel == Channel.WHATSAPP:
        bubble = _bubble(template, mapping(params.get("template_vars")), scope)
        return {**shown, "bubble": bubble}
    said = template.in_language(_filled(params.get("language"), scope, ""))
    subject = params.get("subject") or said["subject"]
    return {
        **shown,
        "subject": _filled(subject, scope, said["subject"]),
        "text": _filled(said["text"], scope, said["text"]),
    }


def _bubble(template: MessageTemplate, given: Mapping[str, Json], scope: NameScope) -> str:
    """Fill the registered parts as the provider does."""
    entered, names = template.registered, value_names()
    values = {
        own_key(one): _filled(given.get(one.key), scope, f"«{names.get(one.key, one.key)}»")
        for one in entered.wanted
    }
    shown: dict[str, Any] = Letter("", entered, entered.language, values).shown()
    message = told({**shown, "name": template.name})
    return render_to_string(BUBBLE, {"message": message, "direction": "auto"})


def _filled(source: Json, scope: NameScope, otherwise: str) -> str:
    if not isinstance(source, str) or not source.strip():
        return otherwise
    try:
        return render_text(source, scope)
    except ExpressionError:
        return otherwise
