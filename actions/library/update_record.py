"""Change fields of one of the tenant's records."""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from typing import Any, Final, cast

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from actions.errors import PermanentFailure
from actions.records import Record
from actions.registry import action
from actions.spec import ActionContext, Effect
from actions.tables.row_lock import locked_row
from actions.tables.values import allowed_record, cleaned, json_value, refused_as_a_whole
from tenants.core.json import Json
from tenants.tracking.changes import locked_with, values_of

PARAMS: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["table", "id", "fields"],
    "properties": {
        "table": {
            "type": "string",
            "title": _("Table"),
            "description": _("The kind of record to change."),
            "x-table": True,
            "x-no-template": True,
        },
        "id": {
            "type": "string",
            "title": _("Record"),
            "description": _("The record's id, for example {{trigger.order_id}}."),
            "x-text": "plain",
            "x-record-of": "table",
        },
        "fields": {
            "type": "object",
            "title": _("New values"),
            "description": _("Which fields to change, and to what."),
            "minProperties": 1,
            "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
            "x-fields-of": "table",
        },
    },
}
OUTPUT: Final = {
    "type": "object",
    "required": ["table", "id", "changed"],
    "properties": {
        "table": {"type": "string", "title": _("Table")},
        "id": {"type": "string", "title": _("Id"), "x-record-of": "table"},
        "changed": {
            "type": "object",
            "title": _("Changed"),
            "description": _("Only fields whose value is another now."),
            "additionalProperties": {
                "type": "object",
                "required": ["from", "to"],
                "properties": {"from": {}, "to": {}},
            },
        },
    },
}


@action(
    "update_record",
    label=_("Update a record"),
    description=_("Changes fields of a record, for example the status of an order."),
    params=PARAMS,
    output=OUTPUT,
    effect=Effect.DATABASE,
    icon="pencil",
    ui={"summary": _("%(table)s: %(fields)s")},
)
def update_record(params: Json, context: ActionContext) -> Json:
    """Change the record. Every failure is permanent: the same values would be refused again."""
    record = _record(params["table"], params["fields"])
    try:
        # Mostly the step's transaction, which a failure undoes as a whole: no savepoint of its own.
        with nullcontext() if connection.in_atomic_block else transaction.atomic():
            row = _locked_row(record, params["id"], context)
            before = values_of(row)
            changed = _assign(record, row, params["fields"])
            if changed:
                _check_constraints(record, row, changed)
                with locked_with(row, before):
                    row.save(update_fields=[*changed, *_automatic_fields(row)])
    except (IntegrityError, DataError) as error:
        # Two steps at once can pass the checks; the database has the last word.
        raise refused_as_a_whole(record, error) from None
    return {"table": record.alias, "id": str(row.pk), "changed": changed}


def _record(alias: str, fields: Mapping[str, Json]) -> Record:
    record = allowed_record(alias)
    for name in fields:
        if name not in record.writable:
            raise PermanentFailure("field_not_allowed", table=alias, field=name)
    return record


def _locked_row(record: Record, wanted: str, context: ActionContext) -> models.Model:
    missing = PermanentFailure("record_not_found", table=record.alias, id=wanted)
    try:
        pk = record.field("id").to_python(wanted)
    except ValidationError:
        raise missing from None
    row = locked_row(record.model, context.tenant.id, pk)
    if row is None:
        raise missing
    return row


def _assign(record: Record, row: models.Model, fields: Mapping[str, Json]) -> dict[str, Json]:
    changed = {}
    for name, given in fields.items():
        before, after = getattr(row, name), cleaned(record, row, name, given)
        if before != after:
            changed[name] = {"from": json_value(before), "to": json_value(after)}
            setattr(row, name, after)
    return changed


def _check_constraints(record: Record, row: models.Model, changed: Iterable[str]) -> None:
    """Refuse in words what the database would refuse. A check is a query: only what is needed."""
    try:
        for model, constraints in row.get_constraints():
            for constraint in cast(list[Any], constraints):
                if _concerns(constraint, frozenset(changed)):
                    constraint.validate(model, row)
    except ValidationError as error:
        raise refused_as_a_whole(record, error) from None


def _concerns(constraint: Any, changed: frozenset[str]) -> bool:
    fields = set(getattr(constraint, "fields", ()))
    condition = getattr(constraint, "condition", None)
    if isinstance(condition, Q):
        fields |= condition.referenced_base_fields
    # Of a constraint on expressions nothing is known: ask.
    return not fields or bool(fields & changed)


def _automatic_fields(row: models.Model) -> list[str]:
    # `update_fields` leaves out what Django would set by itself, such as "changed at".
    fields = row._meta.concrete_fields
    return [field.name for field in fields if getattr(field, "auto_now", False)]
