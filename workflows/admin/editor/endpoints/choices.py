"""What a tenant's people can choose from: actions, tables and fields, templates, connections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db.models import Field
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from actions import records
from actions.models.message_template import Channel, MessageTemplate
from tenants.core.json import Json
from tenants.models.membership import Role
from tenants.models.tenant import Tenant
from workflows.admin.editor.endpoints.known import KnownNames, all_known
from workflows.admin.editor.form.nodes import Node
from workflows.admin.editor.form.params import blank, show
from workflows.admin.editor.form.steps import node_of
from workflows.admin.editor.presentation.events import events_of
from workflows.admin.editor.presentation.kinds import PRESENTATIONS, usual_choices
from workflows.admin.editor.presentation.operators import operators
from workflows.definition.values.windows import DAYS
from workflows.presentation.values import payload_fields
from workflows.presentation.whatsapp import asked
from workflows.services.definitions.catalogue import TenantThing
from workflows.services.definitions.favourites import uses_of_actions

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
    "minimum": _("Smallest"),
    "maximum": _("Greatest"),
    **{method: method for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")},
}
# What people look for first, where nobody has built anything yet.
ORDER: Final = (
    *("whatsapp_notify", "send_email", "update_record", "find_records", "team_notify"),
    *("create_record", "http_request", "webhook", "aggregate_records", "set_values"),
    *("transform", "log_note", *PRESENTATIONS),
)
Choice = dict[str, str]


def choices_of(tenant: Tenant, own_workflow: str, things: Iterable[TenantThing]) -> dict[str, Json]:
    """Return everything for the page. `own_workflow`: the key of the one being edited."""
    uses = uses_of_actions(tenant)
    whatsapp = MessageTemplate.objects.of(tenant.pk).filter(channel=Channel.WHATSAPP)
    return {
        **named_choices(things, own_workflow),
        "actions": {known.name: _action(known, uses) for known in all_known()},
        "events": [
            {
                "value": kind.name,
                "title": kind.label,
                "seen": kind.seen,
                "fields": [{"value": v, "title": t} for v, t in payload_fields(kind.name).items()],
            }
            for kind in events_of(tenant)
        ],
        "people": _people(things),
        "days": [_choice(day, WEEKDAYS[number]) for number, day in enumerate(DAYS)],
        "usual_choices": usual_choices(),
        "fields": {one.alias: _fields(one, one.writable) for one in records.all_records()},
        "creatable": {one.alias: _fields(one, one.creatable) for one in records.all_records()},
        "readable": {one.alias: _fields(one, one.readable) for one in records.all_records()},
        "parameters": {
            template.key: asked(template.registered) for template in whatsapp.order_by("name")
        },
        "operators": operators(),
        "words": {word: str(label) for word, label in WORDS.items()},
    }


def named_choices(things: Iterable[TenantThing], own_workflow: str) -> dict[str, Json]:
    """Return what the lines of the steps name: stored things by their kind, and tables."""
    references: dict[str, list[Choice]] = {"workflow": []}
    for thing in things:
        if thing.kind == "workflow" and thing.key != own_workflow:
            references["workflow"].append({"value": thing.key, "title": thing.name})
        elif not thing.kind.startswith(("workflow", "person")):
            references.setdefault(thing.kind, []).append(_choice(thing.key, thing.name))
    return {
        "tables": [_choice(one.alias, one.label) for one in records.all_records()],
        "references": references,
    }


def field_choices(field: Field[Any, Any]) -> list[Choice]:
    return [_choice(value, label) for value, label in field.flatchoices if value not in ("", None)]


def _action(known: KnownNames, uses: Mapping[str, int]) -> dict[str, Json]:
    node = node_of(known.name)
    return {
        "label": known.label,
        "description": known.description,
        "icon": known.icon,
        "steers": known.steers,
        "may_repeat": known.may_repeat,
        "may_ask": known.may_ask,
        "usual_tries": known.usual_tries,
        "uses": uses.get(known.name, 0),
        "order": ORDER.index(known.name) if known.name in ORDER else len(ORDER),
        "node": node.as_json(),
        "blank": fresh(show(known.new, node, {}), node) if known.new else blank(node),
        "blocks": {
            path: fresh(show(new, _items(node, path), {}), _items(node, path))
            for path, new in known.blocks.items()
        },
    }


def _items(node: Node, path: str) -> Node:
    return node.members[path].items or node


def fresh(form: Json, node: Node) -> Json:
    """Mark what was just made: short names in it follow what people call the thing."""
    if isinstance(form, list) and node.items is not None:
        return [fresh(one, node.items) for one in form]
    if not isinstance(form, dict) or node.kind != "object":
        return form
    made = {name: fresh(form[name], inner) for name, inner in node.members.items()}
    return {**made, "fresh": "1"} if any(one.names for one in node.members.values()) else made


def _people(things: Iterable[TenantThing]) -> dict[str, list[Choice]]:
    """Return whom an approval can ask: everybody of a role, or one person."""
    return {
        "roles": [_choice(f"role:{role.value}", role.people) for role in Role],
        "people": [_choice(one.key, one.name) for one in things if one.kind == "person"],
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


def _choice(value: object, title: object) -> Choice:
    return {"value": str(value), "title": capfirst(str(title))}
