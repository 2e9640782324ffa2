"""What record actions have in common: the allowed table, values in, and values out as JSON."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import Error, models

from actions import records
from actions.errors import PermanentFailure
from actions.records import Record
from tenants.core.json import Json
from tenants.core.text.characters import without_invisible
from tenants.core.values.numbers import as_number

_NUMBERS: Final = (models.IntegerField, models.DecimalField, models.FloatField)
_READ: Final = (models.DateField, models.TimeField, models.EmailField, models.UUIDField)


def allowed_record(alias: str) -> Record:
    """Return the record of the allow-list. Raises PermanentFailure."""
    try:
        return records.get(alias)
    except records.UnknownRecord:
        raise PermanentFailure("table_not_allowed", table=alias) from None


def cleaned(record: Record, row: models.Model, name: str, given: Json) -> Any:
    """Return `given` as a value that the field can have. Raises PermanentFailure."""
    if isinstance(given, str) and "\x00" in given:
        raise invalid(record, name, given, "holds a character that cannot be stored")
    try:
        field = record.field(name)
        return field.clean(_exact(_plain(field, given)), row)
    except ValidationError as error:
        raise invalid(record, name, given, " ".join(error.messages)) from None


def _plain(field: "models.Field[Any, Any]", given: Json) -> Json:
    """Return what a number, a date or an address is read from, without its invisible signs."""
    if not isinstance(given, str) or given.isascii():
        return given
    if isinstance(field, _NUMBERS) and (number := as_number(given)) is not None:
        return format(number, "f")
    return without_invisible(given) if isinstance(field, (*_NUMBERS, *_READ)) else given


def _exact(given: Json) -> Json:
    # A float would bring its binary digits along, and an integer field would cut off its decimals.
    if isinstance(given, float) and given.is_integer():
        return int(given)
    number = Decimal(repr(given)) if isinstance(given, float) else given
    if isinstance(number, Decimal) and number != number.to_integral_value():
        return format(number, "f")
    return number


def invalid(record: Record, name: str, given: Json, reason: str) -> PermanentFailure:
    return PermanentFailure(
        "invalid_value", table=record.alias, field=name, value=str(given)[:100], reason=reason
    )


def refused_as_a_whole(record: Record, error: Error | ValidationError) -> PermanentFailure:
    """Return the failure of a row that the model or the database does not take."""
    if isinstance(error, ValidationError):
        reason = " ".join(error.messages)
    else:
        reason = str(error).partition("\n")[0]
    return PermanentFailure("record_refused", table=record.alias, reason=reason)


def json_value(value: Any) -> Json:
    """Return a field's value as JSON: a decimal as text, a time as ISO 8601."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, UUID):
        return str(value)
    if value is None or isinstance(value, bool | int | float | dict | list):
        return value
    return str(value)
