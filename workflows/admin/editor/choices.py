"""What a tenant's people can choose from: actions, tables and fields, templates, connections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db.models import Field
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from actions import records, registry
from actions.models.connection import Connection
from actions.models.message_template import Channel, MessageTemplate
from tenants.models.tenant import Tenant
from workflows.admin.editor.events import events_of
from workflows.admin.editor.nodes import params_node
from workflows.admin.editor.operators import operators
from workflows.admin.editor.params import blank

Json = Any

# What people call choices that actions offer as words of code.
WORDS: Final[Mapping[str, Any]] = {
    "green": _("Green"),
    "yellow": _("Yellow"),
    "red": _("Red"),
    "blue": _("Blue"),
    "at_least": _("is at least"),
    "at_most": _("is at most"),
    "any": _("Any number"),
    "one": _("Exactly one"),
    "many": _("At least one"),
    "count": _("Count them"),
    "sum": _("Sum"),
    "average": _("Average"),
    "min": _("Smallest"),
    "max": _("Greatest"),
    **{method: method for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")},
}
Choice = dict[str, str]


def choices_of(tenant: Tenant) -> dict[str, Json]:
    """Return everything for the page."""
    templates = list(MessageTemplate.objects.of(tenant.pk).order_by("name"))
    connections = list(Connection.objects.of(tenant.pk).order_by("name"))
    return {
        "actions": {spec.name: _action(spec) for spec in registry.all_actions()},
        "events": [
            {"value": kind.name, "title": kind.label, "seen": kind.seen}
            for kind in events_of(tenant)
        ],
        "tables": [_choice(one.alias, one.label) for one in records.all_records()],
        "fields": {one.alias: _fields(one, one.writable) for one in records.all_records()},
        "creatable": {one.alias: _fields(one, one.creatable) for one in records.all_records()},
        "readable": {one.alias: _fields(one, one.readable) for one in records.all_records()},
        "references": _references(templates, connections),
        "parameters": {
            template.key: list(template.parameters)
            for template in templates
            if template.channel == Channel.WHATSAPP
        },
        "operators": operators(),
        "words": {word: str(label) for word, label in WORDS.items()},
    }


def field_choices(field: Field[Any, Any]) -> list[Choice]:
    """Return a model field's choices."""
    return [_choice(value, label) for value, label in field.flatchoices if value not in ("", None)]


def _action(spec: Any) -> dict[str, Json]:
    node = params_node(spec.params)
    return {
        "label": str(spec.label),
        "description": str(spec.description),
        "icon": spec.icon,
        "node": node.as_json(),
        "blank": blank(node),
    }


def _fields(record: Any, names: Iterable[str]) -> dict[str, Json]:
    return {name: _field(record.field(name)) for name in names}


def _field(field: Any) -> dict[str, Json]:
    is_long = field.get_internal_type() == "TextField"
    is_yes_no = field.get_internal_type() == "BooleanField"
    return {
        "title": capfirst(str(field.verbose_name)),
        "choices": field_choices(field),
        "long": is_long,
        "boolean": is_yes_no,
    }


def _references(
    templates: Iterable[MessageTemplate], connections: Iterable[Connection]
) -> dict[str, list[Choice]]:
    found: dict[str, list[Choice]] = {}
    for template in templates:
        kind = f"message_template:{template.channel}"
        found.setdefault(kind, []).append(_choice(template.key, template.name))
    for connection in connections:
        kind = f"connection:{connection.kind}"
        found.setdefault(kind, []).append(_choice(connection.key, connection.name))
    return found


def _choice(value: object, title: object) -> Choice:
    return {"value": str(value), "title": capfirst(str(title))}
