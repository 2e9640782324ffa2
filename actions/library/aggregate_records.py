"""Count, add up and compare records of the tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from django.db import models
from django.db.models import Aggregate, Count, F, Max, Min, Sum
from django.utils.translation import gettext_lazy as _

from actions.errors import PermanentFailure
from actions.records import Record
from actions.registry import action
from actions.spec import ActionContext, Effect
from actions.tables.queries import (
    TABLE,
    WHERE,
    Field,
    is_number,
    is_ordered,
    readable_field,
    rows_where,
)
from actions.tables.values import allowed_record, json_value
from tenants.core.json import Json

Part = Mapping[str, Any]  # what one group adds up to

MAX_GROUPS: Final = 1000
_A_GROUP: Final = 200  # operations of a budget
PARAMS: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["table", "function"],
    "properties": {
        "table": TABLE,
        "where": WHERE,
        "function": {
            "type": "string",
            "title": _("What to work out"),
            "enum": ["count", "sum", "average", "minimum", "maximum"],
            "x-no-template": True,
        },
        "field": {
            "type": "string",
            "title": _("Of the field"),
            "description": _("Not needed to count."),
            "x-readable-fields-of": "table",
            "x-no-template": True,
        },
        "group_by": {
            "type": "string",
            "title": _("For each"),
            "description": _("A field, for example status: one result for each of its values."),
            "x-readable-fields-of": "table",
            "x-no-template": True,
        },
    },
}
_VALUE: Final = {
    "type": ["string", "number", "null"],
    "title": _("Value"),
    "description": _("Amounts are decimal text. Null: there was nothing to work out."),
}
_COUNT: Final = {
    "type": "integer",
    "title": _("Count"),
    "description": _("How many records."),
}
OUTPUT: Final = {
    "type": "object",
    "required": ["value", "count", "groups"],
    "properties": {
        "value": _VALUE,
        "count": _COUNT,
        "groups": {
            "type": "array",
            "title": _("Groups"),
            "items": {
                "type": "object",
                "required": ["key", "value", "count"],
                "properties": {"key": {"title": _("Group")}, "value": _VALUE, "count": _COUNT},
            },
        },
    },
}
# As in templates: a division that does not end keeps 28 digits.
_DIVISION: Final = Context(prec=28, rounding=ROUND_HALF_UP)
_EXACT: Final = Context(prec=1000)
# Names that no model's field has, for what the database adds up.
_KEY, _ROWS, _FILLED, _RESULT = ("found_key", "found_rows", "found_filled", "found_result")


@action(
    "aggregate_records",
    label=_("Work out a figure"),
    description=_("Counts records, or works out a total, an average, the least or the most."),
    params=PARAMS,
    output=OUTPUT,
    effect=Effect.DATABASE,
    icon="sum",
    ui={"summary": _("%(function)s: %(table)s")},
)
def aggregate_records(params: Json, context: ActionContext) -> Json:
    """Work it out. Every failure is permanent: the step asks for what cannot be."""
    record = allowed_record(params["table"])
    function = params["function"]
    measured = _measured(record, function, params.get("field"))
    sums = _sums(function, measured)
    rows = rows_where(record, params.get("where", ()), context).order_by()
    if not params.get("group_by"):
        parts: list[Part] = [rows.aggregate(**sums)]
        return {"value": _value(function, parts, measured), "count": parts[0][_ROWS], "groups": []}
    key = readable_field(record, params["group_by"]).attname
    groups = rows.values(**{_KEY: F(key)}).annotate(**sums).order_by(_KEY)
    parts = list(groups[: MAX_GROUPS + 1])
    context.budget.charge(_A_GROUP * len(parts))
    if len(parts) > MAX_GROUPS:
        raise PermanentFailure("too_many_groups", field=params["group_by"], limit=MAX_GROUPS)
    return {
        "value": _value(function, parts, measured),
        "count": sum(part[_ROWS] for part in parts),
        "groups": [
            {
                "key": json_value(part[_KEY]),
                "value": _value(function, [part], measured),
                "count": part[_ROWS],
            }
            for part in parts
        ],
    }


def _measured(record: Record, function: str, name: str | None) -> Field | None:
    if function == "count":
        return None
    if not name:
        raise PermanentFailure("figure_needs_field", function=function)
    field = readable_field(record, name)
    fits = is_number(field) if function in {"sum", "average"} else is_ordered(field)
    if not fits:
        raise PermanentFailure(
            "figure_not_possible", table=record.alias, field=name, function=function
        )
    return field


def _sums(function: str, measured: Field | None) -> dict[str, Aggregate]:
    sums: dict[str, Aggregate] = {_ROWS: Count("*")}
    if measured is not None:
        kind = {"minimum": Min, "maximum": Max}.get(function, Sum)
        sums[_RESULT] = kind(measured.attname)
        sums[_FILLED] = Count(measured.attname)
    return sums


def _value(function: str, parts: Sequence[Part], measured: Field | None) -> Json:
    """Put the parts together: of groups, or of everything."""
    if measured is None:
        return sum(part[_ROWS] for part in parts)
    results = [part[_RESULT] for part in parts if part[_RESULT] is not None]
    if function in {"minimum", "maximum"}:
        best = (min if function == "minimum" else max)(results, default=None)
        return json_value(_exact(best) if isinstance(best, float) else best)
    total = Decimal(0)
    for result in results:
        total = _EXACT.add(total, _exact(result))
    if function == "average":
        filled = sum(part[_FILLED] for part in parts)
        return json_value(_DIVISION.divide(total, Decimal(filled))) if filled else None
    return int(total) if isinstance(measured, models.IntegerField) else json_value(total)


def _exact(number: Decimal | float) -> Decimal:
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
