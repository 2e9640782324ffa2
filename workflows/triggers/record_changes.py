"""Saves of registered records fire their events, in the save's own transaction."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any
from uuid import UUID

from django.core.signals import setting_changed

from actions import records
from tenants.core.json import Json
from tenants.core.json.faults import BadJson
from tenants.tenant_cache import facts_of
from tenants.tracking.signals import RecordChange, records_changed
from workflows.event_types import RecordEvent, all_event_types
from workflows.services.events.drafts import EventDraft, normalise_object
from workflows.services.events.fire import fire_all


def listen() -> None:
    records_changed.connect(fire_changes, dispatch_uid="workflows.record_changes")


def fire_changes(sender: type, changes: list[RecordChange], **_kwargs: Any) -> None:
    declared = _declared_of(sender)
    drafts: dict[UUID, list[EventDraft]] = {}
    for change in changes:
        for draft in _drafts(change, declared):
            drafts.setdefault(change.tenant_id, []).append(draft)
    for tenant_id, of_tenant in drafts.items():
        fire_all(facts_of(tenant_id), of_tenant, source="record")


@cache
def _declared_of(sender: type) -> tuple[RecordEvent, ...]:
    """Return the events that are declared of a model."""
    # The model with the table: a record may be declared, and saved, through a proxy.
    aliases = {
        one.alias for one in records.all_records() if one.model._meta.concrete_model is sender
    }
    return tuple(
        event
        for event in all_event_types()
        if isinstance(event, RecordEvent) and event.record in aliases
    )


def _forget(*, setting: str, **_details: Any) -> None:
    if setting == "SAYR":
        _declared_of.cache_clear()


setting_changed.connect(_forget, dispatch_uid="workflows.record_changes")


def _drafts(change: RecordChange, declared: Iterable[RecordEvent]) -> Iterator[EventDraft]:
    # Several events of one change mostly carry the same payload: made once.
    made: dict[int, tuple[dict[str, Json], dict[str, Json] | None]] = {}
    for event in declared:
        if not _happened(change, event):
            continue
        shape = id(event.payload)
        if shape not in made:
            previous = None if change.previous is None else _payload(event, change.previous)
            made[shape] = (_payload(event, change.current), previous)
        payload, previous = made[shape]
        yield EventDraft(event.name, payload, previous, (event.record, str(change.id)))


def _happened(change: RecordChange, event: RecordEvent) -> bool:
    if event.when == "created":
        return change.previous is None
    if change.previous is None:
        return False
    changed = change.changed_fields
    return bool(changed & set(event.fields)) if event.fields else bool(changed)


def _payload(event: RecordEvent, values: Mapping[str, Any]) -> dict[str, Json]:
    named = {key: values.get(name) for key, name in event.payload.items()}
    try:
        return normalise_object(named)
    except BadJson:
        # A save must not fail because of what stands in a field.
        return {key: _told(value) for key, value in named.items()}


def _told(value: Any) -> Json:
    try:
        return normalise_object({"": value})[""]
    except BadJson as beyond:
        return f"[{beyond.fault}]"
