"""Find records of the tenant."""

from typing import Any, Final

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from actions.errors import PermanentFailure
from actions.records import Record
from actions.registry import action
from actions.spec import ActionContext, Effect
from actions.tables.queries import TABLE, WHERE, readable_field, rows_where
from actions.tables.values import allowed_record, json_value
from tenants.core.json import Json

USUAL_LIMIT: Final = 100
PARAMS: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["table"],
    "properties": {
        "table": TABLE,
        "where": WHERE,
        "order_by": {
            "type": "string",
            "title": _("In the order of"),
            "description": _(
                "A field; with a minus before it (-created_at), the greatest comes first."
                " Empty: the oldest record first."
            ),
            "x-readable-fields-of": "table",
            "x-order": True,
            "x-no-template": True,
        },
        "limit": {
            "type": "integer",
            "title": _("At most"),
            "description": _("How many records to bring. Empty: 100."),
            "minimum": 1,
            "maximum": 1000,
            "default": USUAL_LIMIT,
        },
        "expect": {
            "type": "string",
            "title": _("How many there have to be"),
            "description": _("One: exactly one. Many: at least one. Otherwise the step fails."),
            "enum": ["any", "one", "many"],
            "default": "any",
            "x-no-template": True,
        },
        "fields": {
            "type": "array",
            "title": _("Only these fields"),
            "description": _("Empty: all that workflows may read."),
            "items": {"type": "string", "x-no-template": True},
            "x-readable-fields-of": "table",
            "x-more": True,
        },
    },
}
# The columns of the table that was chosen; of them those that were asked for.
_ROW: Final = {"x-row-of": "table", "x-columns-in": "fields"}
OUTPUT: Final = {
    "type": "object",
    "required": ["count", "records", "first", "more"],
    "properties": {
        "count": {
            "type": "integer",
            "title": _("Count"),
            "description": _("How many records are in the list."),
        },
        "records": {
            "type": "array",
            "title": _("Records"),
            "items": {"type": "object", "additionalProperties": True, **_ROW},
        },
        "first": {
            "type": ["object", "null"],
            "title": _("First"),
            "description": _("The first record; null if there is none."),
            "additionalProperties": True,
            **_ROW,
        },
        "more": {
            "type": "boolean",
            "title": _("More"),
            "description": _("Whether there are more than were asked for."),
        },
    },
}


@action(
    "find_records",
    label=_("Find records"),
    description=_("Looks up records, for example the open orders of a customer."),
    params=PARAMS,
    output=OUTPUT,
    effect=Effect.DATABASE,
    icon="search",
    ui={"summary": "%(table)s"},
)
def find_records(params: Json, context: ActionContext) -> Json:
    """Read the records. Every failure is permanent: the step asks for what cannot be."""
    record = allowed_record(params["table"])
    names = params.get("fields") or record.readable
    columns = {name: readable_field(record, name).attname for name in names}
    rows = rows_where(record, params.get("where", ()), context)
    limit = params.get("limit", USUAL_LIMIT)
    ordered = rows.order_by(*_order(record, params.get("order_by", "")))
    read = list(ordered.values_list(*columns.values())[: limit + 1])
    _check_count(record, rows, len(read), params.get("expect", "any"))
    found = [
        {name: json_value(value) for name, value in zip(columns, row, strict=True)}
        for row in read[:limit]
    ]
    return {
        "count": len(found),
        "records": found,
        "first": found[0] if found else None,
        "more": len(read) > limit,
    }


def _order(record: Record, order_by: str) -> list[Any]:
    # Keys are made in the order of time; they also decide between equal values.
    if not order_by:
        return ["pk"]
    column = F(readable_field(record, order_by.removeprefix("-")).attname)
    descending = order_by.startswith("-")
    first = column.desc(nulls_last=True) if descending else column.asc(nulls_last=True)
    return [first, "-pk" if descending else "pk"]


def _check_count(record: Record, rows: QuerySet[Any], read: int, expect: str) -> None:
    if expect != "any" and read == 0:
        raise PermanentFailure("no_record_found", table=record.alias)
    if expect == "one":
        count = read if read < 2 else rows.count()
        if count > 1:
            raise PermanentFailure("several_records_found", table=record.alias, count=count)
