"""Reshape a list: choose, rename, sort, group and join its items, one operation after another."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from actions.errors import PermanentFailure
from actions.registry import action
from actions.reshaping import MAX_ITEMS, reshaped
from actions.spec import ActionContext, Effect
from actions.tables.rows import MAX_ROWS, row_schema
from tenants.core.json import Json, jsontext

MAX_OPERATIONS: Final = 50
_WRITTEN: Final = 4  # operations of a budget for each piece that is written as JSON
# A join can name one large element ten thousand times: it must not fill the worker's memory.
# How much of it is kept is not decided here.
MAX_OUTPUT_BYTES: Final = 4_194_304

_FIELD: Final = {"type": "string", "minLength": 1, "x-no-template": True}
_LIST: Final = {"type": "array"}
_ROWS: Final = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_ROWS,
    "items": row_schema({"title": _("Field")}),
}


def _operation(title: Any, description: Any, schema: Mapping[str, Json]) -> dict[str, Json]:
    return {"title": title, "description": description, **schema}


def _object(required: list[str], **properties: Json) -> dict[str, Json]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


OPERATIONS_SCHEMA: Final = {
    "keep": _operation(_("Keep items where"), _("All of these have to be true of an item."), _ROWS),
    "drop": _operation(
        _("Drop items where"), _("An item of which all of these are true is left out."), _ROWS
    ),
    "pick": _operation(
        _("Keep only the fields"),
        _("A field that an item lacks is left out."),
        {"type": "array", "minItems": 1, "items": _FIELD},
    ),
    "rename": _operation(
        _("Rename fields"),
        _("The old name, and the new one."),
        {"type": "object", "minProperties": 1, "additionalProperties": _FIELD},
    ),
    "sort": _operation(
        _("Sort"),
        _("Numbers as numbers, dates as dates, the rest as text; empty ones last."),
        _object(
            ["by"],
            by={**_FIELD, "title": _("By")},
            descending={"type": "boolean", "title": _("The greatest first"), "default": False},
        ),
    ),
    "unique": _operation(
        _("Each only once"), _("Of items with the same value here, the first stays."), _FIELD
    ),
    "first": _operation(
        _("Only the first"),
        _("How many items to keep."),
        {"type": "integer", "minimum": 0, "maximum": MAX_ITEMS},
    ),
    "flatten": _operation(
        _("Unpack the lists in"), _("One long list of what stands in each item there."), _FIELD
    ),
    "chunk": _operation(
        _("Bundle"),
        _("Lists of so many items each."),
        {"type": "integer", "minimum": 1, "maximum": MAX_ITEMS},
    ),
    "group": _operation(
        _("Group by"), _("For each value one item with key, items and count."), _FIELD
    ),
    "join": _operation(
        _("Add from another list"),
        _("Gives each item the first element of the other list with the same value, or null."),
        _object(
            ["with", "on", "as"],
            **{
                "with": {**_LIST, "title": _("The other list")},
                "on": {**_FIELD, "title": _("Field that is the same in both")},
                "as": {**_FIELD, "title": _("Name of the new field")},
            },
        ),
    ),
    "without": _operation(
        _("Leave out what is in another list"),
        _("The other list may hold items, or just their values."),
        _object(
            ["list", "on"],
            list={**_LIST, "title": _("The other list")},
            on={**_FIELD, "title": _("Field that is the same in both")},
        ),
    ),
}
PARAMS: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["items", "do"],
    "properties": {
        "items": {
            **_LIST,
            "title": _("List"),
            "description": _("For example {{steps.fetch.output.body.items}}."),
        },
        "do": {
            "type": "array",
            "title": _("Operations"),
            "description": _("One after the other. A dot (.) stands for the item itself."),
            "maxItems": MAX_OPERATIONS,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
                "properties": OPERATIONS_SCHEMA,
            },
        },
    },
}
OUTPUT: Final = {
    "type": "object",
    "required": ["items", "count"],
    "properties": {
        "items": {"type": "array", "title": _("Items")},
        "count": {
            "type": "integer",
            "title": _("Count"),
            "description": _("How many items are left."),
        },
    },
}


@action(
    "transform",
    label=_("Reshape a list"),
    description=_("Filters, sorts, groups and joins the items of a list."),
    params=PARAMS,
    output=OUTPUT,
    effect=Effect.REPEATABLE,
    is_local=True,
    icon="filter",
    ui={"summary": "%(items)s"},
)
def transform(params: Json, context: ActionContext) -> Json:
    """Do one operation after another. Every failure is permanent: the same list fails again."""
    zone = ZoneInfo(context.tenant.time_zone)
    items = reshaped(params["items"], params["do"], zone, context.budget)
    size = 0
    for item in items:
        context.budget.charge_for(item, times=_WRITTEN)
        size += len(jsontext.dumps(item))
        if size > MAX_OUTPUT_BYTES:
            raise PermanentFailure("list_too_large", limit_bytes=MAX_OUTPUT_BYTES)
    return {"items": items, "count": len(items)}
