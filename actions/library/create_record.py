"""Make a new record of the tenant."""

from collections.abc import Mapping
from typing import Final

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DataError, IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from actions.errors import PermanentFailure
from actions.records import Record
from actions.registry import action
from actions.spec import ActionContext, Effect
from actions.tables.rows import shortened
from actions.tables.values import allowed_record, cleaned, invalid, json_value, refused_as_a_whole
from tenants.core.json import Json

PARAMS: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["table", "fields"],
    "properties": {
        "table": {
            "type": "string",
            "title": _("Table"),
            "description": _("The kind of record to make."),
            "x-table": True,
            "x-no-template": True,
        },
        "fields": {
            "type": "object",
            "title": _("Values"),
            "description": _("What the new record holds. Other fields get their usual value."),
            "minProperties": 1,
            "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
            "x-creatable-fields-of": "table",
        },
    },
}
OUTPUT: Final = {
    "type": "object",
    "required": ["table", "id", "created"],
    "properties": {
        "table": {"type": "string", "title": _("Table")},
        "id": {
            "type": "string",
            "title": _("Id"),
            "description": _("The id of the new record."),
            "x-record-of": "table",
        },
        "created": {
            "type": "object",
            "title": _("Created"),
            "description": _("The given fields, as they were stored."),
            "additionalProperties": True,
            "x-row-of": "table",
            "x-columns-in": "fields",
        },
    },
}


@action(
    "create_record",
    label=_("Create a record"),
    description=_("Makes a new record, exactly once."),
    params=PARAMS,
    output=OUTPUT,
    effect=Effect.DATABASE,
    icon="plus",
    ui={"summary": _("%(table)s: %(fields)s")},
)
def create_record(params: Json, context: ActionContext) -> Json:
    """Make the record. Every failure is permanent: the same values would be refused again."""
    fields = params["fields"]
    record = _record(params["table"], fields)
    row = record.model(tenant_id=context.tenant.id)
    for name, given in fields.items():
        setattr(row, name, cleaned(record, row, name, given))
    try:
        with transaction.atomic():
            _check(record, row)
            row.save(force_insert=True)
            # Stored, a value may read otherwise: 149.9 becomes 149.90.
            row.refresh_from_db(fields=list(fields))
    except (IntegrityError, DataError) as error:
        # Two steps at once can pass the checks; the database has the last word.
        raise refused_as_a_whole(record, error) from None
    created = {name: json_value(getattr(row, name)) for name in fields}
    return {"table": record.alias, "id": str(row.pk), "created": created}


def _record(alias: str, fields: Mapping[str, Json]) -> Record:
    record = allowed_record(alias)
    if not record.creatable:
        raise PermanentFailure("creating_not_allowed", table=alias)
    for name in fields:
        if name not in record.creatable:
            raise PermanentFailure("field_not_creatable", table=alias, field=shortened(name))
    return record


def _check(record: Record, row: models.Model) -> None:
    """Refuse in words what the database would refuse, also for fields that were not given."""
    try:
        row.full_clean()
    except ValidationError as error:
        for name, errors in error.error_dict.items():
            if name != NON_FIELD_ERRORS:
                reason = " ".join(ValidationError(errors).messages)
                raise invalid(record, name, getattr(row, name), reason) from None
        raise refused_as_a_whole(record, error) from None
