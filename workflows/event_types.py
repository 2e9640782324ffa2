"""The kinds of event that this installation knows, with the fields of their payloads.

An event of a kind nobody registered is welcome too: its fields are then not known in advance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from actions import records
from tenants.core.json import Json

# What the product itself fires; see workflows.services.events.run_failed.
RUN_FAILED = "workflow.run_failed"


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event that code or the API fires."""

    name: str
    label: Any  # shown to staff; a lazy translation
    schema: Mapping[str, Json] | None = None  # JSON Schema of the payload; None: not known

    def payload_schema(self) -> Mapping[str, Json] | None:
        """Return the JSON Schema of the payload, or None if it is not known."""
        return self.schema


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """A kind of event that a save of a record fires."""

    name: str
    label: Any  # shown to staff; a lazy translation
    record: str  # alias in the allow-list of records
    when: Literal["created", "changed"]
    payload: Mapping[str, str]  # key in the payload: field of the record
    fields: tuple[str, ...] = field(default=())  # of a change: only if one of these differs

    def payload_schema(self) -> Mapping[str, Json]:
        """Return the JSON Schema of the payload, from the model's fields."""
        model = records.get(self.record).model
        properties = {
            key: column_schema(model._meta.get_field(name)) for key, name in self.payload.items()
        }
        return {"type": "object", "properties": properties, "required": list(self.payload)}


AnyEventType = EventType | RecordEvent


def _text(title: Any, **more: Json) -> dict[str, Json]:
    return {"type": "string", "title": title, **more}


OWN: tuple[AnyEventType, ...] = (
    EventType(
        RUN_FAILED,
        label=_("A run failed"),
        schema={
            "type": "object",
            "properties": {
                "run_id": _text(_("Run"), format="uuid"),
                "workflow": _text(_("Name of the workflow")),
                "workflow_key": _text(_("Key of the workflow")),
                "version": {"type": "integer", "title": _("Version")},
                "trigger_type": _text(_("What had started it")),
                "error_step": _text(_("Failed step")),
                "error_code": _text(_("Error code")),
                "error_message": _text(_("Error in words")),
                "subject_type": _text(_("Kind of the record")),
                "subject_id": _text(_("Number of the record")),
                "started_at": {
                    "type": ["string", "null"],
                    "format": "date-time",
                    "title": pgettext_lazy("since when", "Started"),
                },
                "order_id": _text(_("Order")),
            },
            "required": [
                "run_id",
                "workflow",
                "workflow_key",
                "version",
                "trigger_type",
                "error_step",
                "error_code",
                "error_message",
                "subject_type",
                "subject_id",
                "started_at",
            ],
        },
    ),
)

# What stands in the ledger, and is nothing that a workflow would start on.
NOTED = {
    "workflows.paused": _("Everything paused"),
    "workflows.resumed": _("Everything resumed"),
    "workflows.run_on_records": _("Workflow started on existing records"),
    "workflows.run_on_record": _("Started on an existing record"),
    "workflows.started_by_hand": _("Started by hand"),
    "workflows.guide_closed": _("Guide to the first workflow closed"),
}


def all_event_types() -> Iterable[AnyEventType]:
    """Return every registered kind of event."""
    return _registered().values()


def payload_schema(name: str) -> Mapping[str, Json] | None:
    """Return the payload schema of a kind of event, or None if it is not known."""
    known = _registered().get(name)
    return known.payload_schema() if known else None


def is_of_the_clock(name: str) -> bool:
    """Whether a kind of event is likely fired by a schedule.

    Of those that are declared: what has only the time. What nobody declared may be.
    """
    if not name or name in NOTED:
        return False
    known = _registered().get(name)
    if known is None:
        return True
    members = set((known.payload_schema() or {}).get("properties", {}))
    return isinstance(known, EventType) and members == {"scheduled_at"}


def is_own(name: str) -> bool:
    """Whether the product itself fires this kind of event."""
    return any(kind.name == name for kind in OWN)


def label_of(name: str) -> str:
    """Return what staff call this kind of event; its name if nobody registered it."""
    known = _registered().get(name)
    return str(known.label if known else NOTED.get(name, name))


@cache
def _registered() -> Mapping[str, AnyEventType]:
    declared: Iterable[AnyEventType] = import_string(settings.SAYR["EVENT_TYPES"])
    return {event_type.name: event_type for event_type in (*declared, *OWN)}


# First match wins: a DateTimeField is a DateField too.
_KINDS: tuple[tuple[type[models.Field[Any, Any]], dict[str, Json]], ...] = (
    (models.BooleanField, {"type": "boolean"}),
    (models.IntegerField, {"type": "integer"}),
    (models.DecimalField, {"type": "string", "format": "decimal"}),
    (models.DateTimeField, {"type": "string", "format": "date-time"}),
    (models.DateField, {"type": "string", "format": "date"}),
    (models.EmailField, {"type": "string", "format": "email"}),
    (models.UUIDField, {"type": "string", "format": "uuid"}),
    (models.Field, {"type": "string"}),
)


def column_schema(model_field: Any) -> dict[str, Json]:
    """Return the JSON Schema of a column as events and results of steps write it.

    `x-record` names the table of the record whose id stands there.
    """
    schema = next(kind for field_class, kind in _KINDS if isinstance(model_field, field_class))
    choices = [value for value, _label in model_field.choices or ()]
    named = {**schema, "title": str(model_field.verbose_name)}
    record = _record_meant(model_field)
    named |= {"x-record": record} if record else {}
    return {**named, "enum": choices} if choices else named


def _record_meant(model_field: Any) -> str:
    """Return the alias of the table whose records a column names; "" if it names none of them."""
    meant = model_field.related_model if model_field.is_relation else None
    if model_field.primary_key:
        meant = model_field.model
    # An installation may show one model under several names: then nobody knows which is meant.
    aliases = [one.alias for one in records.all_records() if meant and one.model is meant]
    return aliases[0] if len(aliases) == 1 else ""
