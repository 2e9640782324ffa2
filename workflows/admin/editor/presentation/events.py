"""The kinds of event that a tenant's workflows can start on, with the fields of each.

A kind that nobody registered is known from the events that came: its fields are learnt from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tenants.core.json import Json
from tenants.models.tenant import Tenant
from workflows.event_types import all_event_types, payload_schema
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.presentation.values import payload_words, spelt_out

RECENT: Final = 300  # events of the tenant that are looked through
LEARNT_FROM: Final = 20  # payloads of one kind


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event."""

    name: str
    label: str
    seen: bool  # known only because such events came


def events_of(tenant: Tenant) -> list[EventKind]:
    """Return the registered kinds, then those that came without being registered."""
    registered = {
        kind.name: EventKind(kind.name, str(kind.label), seen=False) for kind in all_event_types()
    }
    recent = WorkflowEvent.objects.of(tenant).order_by("-id").values_list("type")[:RECENT]
    listened = WorkflowDefinition.objects.of(tenant).values_list("trigger_type")
    names = sorted({name for (name,) in recent.union(listened, all=True) if name} - set(registered))
    return [*registered.values(), *(EventKind(name, spelt_out(name), seen=True) for name in names)]


def recent_payloads(tenant: Tenant, name: str) -> list[tuple[Json, Json]]:
    """Return (payload, previous) of the last events of a kind, the newest first."""
    recent = WorkflowEvent.objects.of(tenant).order_by("-id").values_list("id", "type")[:RECENT]
    ids = [pk for pk, kind in recent if kind == name][:LEARNT_FROM]
    rows = WorkflowEvent.objects.of(tenant).filter(pk__in=ids).order_by("-id")
    return list(rows.values_list("payload", "previous"))


def choices_in(name: str) -> dict[str, list[tuple[str, str]]]:
    """Return, for each field of a payload that has choices, their values and labels."""
    if words := payload_words(name):
        return {key: list(labels.items()) for key, labels in words.items()}
    members = (payload_schema(name) or {}).get("properties", {})
    return {key: [(str(v), str(v)) for v in m["enum"]] for key, m in members.items() if "enum" in m}
