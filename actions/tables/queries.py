"""The rows of one tenant that a step may read, and the conditions they have to fulfil.

What two values mean to each other is the language's rule, with the column's kind in place of the
value's own: a number is compared with numbers, a date with dates, text as text (`record_texts`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta, tzinfo
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from actions.errors import PermanentFailure
from actions.records import Record
from actions.spec import ActionContext
from actions.tables.rows import MAX_ROWS, row_schema, shortened
from actions.tables.texts import has_inside, is_blank, is_one_of
from tenants.core.json import Json
from tenants.core.values.comparison import as_text
from tenants.core.values.numbers import as_number
from tenants.core.values.written import as_moment

Field: TypeAlias = "models.Field[Any, Any]"

MAX_CHOICES: Final = 1000
_A_VALUE: Final = 100  # operations of a budget: each is read as what the column holds
TABLE: Final = {
    "type": "string",
    "title": _("Table"),
    "description": _("The kind of records to look at."),
    "x-table": True,
    "x-no-template": True,
}
WHERE: Final = {
    "type": "array",
    "title": _("Only records where"),
    "description": _("All of these have to be true. Empty: all records."),
    "maxItems": MAX_ROWS,
    "x-readable-fields-of": "table",
    "items": row_schema({"title": _("Field"), "x-readable-fields-of": "table"}),
}

_NOTHING: Final = Q(pk__in=())
_LOOKUPS: Final = {
    "greater_than": "gt",
    "less_than": "lt",
    "greater_or_equal": "gte",
    "less_or_equal": "lte",
}
_TEXT: Final = (models.CharField, models.TextField)
_NUMBER: Final = (models.IntegerField, models.DecimalField, models.FloatField)


class _Unfit(ValueError):
    """The column cannot hold such a value, so nothing is equal to it."""


def rows_where(record: Record, where: Sequence[Json], context: ActionContext) -> QuerySet[Any]:
    """Return the tenant's rows of which every condition is true. Raises PermanentFailure."""
    zone = ZoneInfo(context.tenant.time_zone)
    context.budget.charge_for(where, times=_A_VALUE)
    condition = Q()
    for row in where:
        condition &= _condition(record, row, zone)
    found: Any = record.model._base_manager.filter(condition, tenant_id=context.tenant.id)
    return found  # type: ignore[no-any-return]  # the plugin's type depends on what it read first


def readable_field(record: Record, name: str) -> Field:
    """Return the field. Raises PermanentFailure: nothing but the allow-list names columns."""
    if name not in record.readable:
        raise PermanentFailure("field_not_readable", table=record.alias, field=shortened(name))
    return record.field(name)


def is_ordered(field: Field) -> bool:
    """Say whether one value of the field can be greater than another: numbers and dates."""
    return isinstance(_held(field), (*_NUMBER, models.DateField, models.TimeField))


def is_number(field: Field) -> bool:
    return isinstance(_held(field), _NUMBER)


def _condition(record: Record, row: Mapping[str, Json], zone: tzinfo) -> Q:
    field = readable_field(record, row["field"])
    operator, value = row["operator"], row.get("value")
    try:
        return _OPERATORS[operator](field, operator, value, zone)
    except _Unfit:
        raise PermanentFailure(
            "filter_not_possible",
            table=record.alias,
            field=row["field"],
            operator=operator,
            value=shortened(value),
        ) from None


def _empty(field: Field, operator: str, value: Json, zone: tzinfo) -> Q:
    empty = Q(**{f"{field.attname}__isnull": True})
    if isinstance(_held(field), _TEXT):
        empty |= is_blank(field)
    if isinstance(field, models.JSONField):
        empty |= Q(**{f"{field.attname}__in": [None, "", [], {}]})
    return empty


def _equals(field: Field, operator: str, value: Json, zone: tzinfo) -> Q:
    return _in(field, operator, [value], zone)


def _in(field: Field, operator: str, value: Json, zone: tzinfo) -> Q:
    if not isinstance(value, list) or len(value) > MAX_CHOICES:
        raise _Unfit
    if isinstance(field, models.JSONField):
        raise _Unfit
    choices = []
    for choice in value:
        try:
            choices.append(_stored(field, operator, choice, zone))
        except _Unfit:
            continue
    found = _among(field, choices) if choices else _NOTHING
    return found | Q(**{f"{field.attname}__isnull": True}) if None in value else found


def _among(field: Field, choices: list[Any]) -> Q:
    if isinstance(_held(field), _TEXT):
        return is_one_of(field, choices)
    return Q(**{f"{field.attname}__in": choices})


def _ordered(field: Field, operator: str, value: Json, zone: tzinfo) -> Q:
    if not is_ordered(field):
        raise _Unfit
    stored = _stored(field, operator, value, zone)
    return Q(**{f"{field.attname}__{_LOOKUPS[operator]}": stored})


def _contains(field: Field, operator: str, value: Json, zone: tzinfo) -> Q:
    if not isinstance(_held(field), _TEXT):
        raise _Unfit
    return has_inside(field, _text(value))


def _not(decide: Callable[[Field, str, Json, tzinfo], Q]) -> Callable[..., Q]:
    return lambda *sides: ~decide(*sides)


_OPERATORS: Final[Mapping[str, Callable[[Field, str, Json, tzinfo], Q]]] = {
    "equals": _equals,
    "not_equals": _not(_equals),
    "in": _in,
    "contains": _contains,
    "is_empty": _empty,
    "is_not_empty": _not(_empty),
    **dict.fromkeys(_LOOKUPS, _ordered),
}


def _held(field: Field) -> Field:
    """Return the field whose values stand in the column: of a key to another row, that row's."""
    return field.target_field if isinstance(field, models.ForeignKey) else field


def _stored(field: Field, operator: str, value: Json, zone: tzinfo) -> Any:
    """Return the value as the column holds it. Raises _Unfit."""
    held = _held(field)
    if isinstance(held, _NUMBER):
        return _number(held, operator, value)
    if isinstance(held, models.DateField):
        return _moment(held, operator, value, zone)
    if isinstance(held, _TEXT):
        return _text(value)
    if isinstance(held, models.BooleanField):
        return _truth(value)
    try:
        found = held.to_python(value if isinstance(value, str) else None)
    except (ValidationError, ValueError):
        raise _Unfit from None
    if found is None:
        raise _Unfit
    return found


def _number(field: Field, operator: str, value: Json) -> Any:
    number = as_number(value)
    if number is None:
        raise _Unfit
    if not isinstance(field, models.IntegerField):
        return number
    whole = int(number.to_integral_value(ROUND_FLOOR))
    return whole + _step(operator, has_rest=whole != number)


def _moment(field: Field, operator: str, value: Json, zone: tzinfo) -> Any:
    moment = as_moment(value, zone)
    if moment is None:
        raise _Unfit
    if isinstance(field, models.DateTimeField):
        return moment
    has_rest = moment != as_moment(moment.date().isoformat(), zone)
    try:
        return moment.date() + timedelta(days=_step(operator, has_rest=has_rest))
    except OverflowError:
        return date.max


def _step(operator: str, *, has_rest: bool) -> int:
    """Return what to add to a value cut down to a whole one, so that the comparison stays true.

    A column of whole numbers is less than 12.5 where it is less than 13, and greater than 12.5
    where it is greater than 12.
    """
    if not has_rest:
        return 0
    if operator not in _LOOKUPS:
        raise _Unfit
    return int(operator in {"less_than", "greater_or_equal"})


def _text(value: Json) -> str:
    if value is None or isinstance(value, dict | list):
        raise _Unfit
    text = as_text(value)
    if "\x00" in text:  # PostgreSQL stores none
        raise _Unfit
    return text


def _truth(value: Json) -> bool:
    found = {"true": True, "false": False}.get(as_text(value)) if _is_scalar(value) else None
    if found is None:
        raise _Unfit
    return found


def _is_scalar(value: Json) -> bool:
    return isinstance(value, bool | str | int | float | Decimal)
