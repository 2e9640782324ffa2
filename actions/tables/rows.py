"""Rows of `field operator value`, as parameters of actions: their schema, and what they say."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from functools import lru_cache
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from actions.errors import PermanentFailure
from actions.spec import EvaluationBudget
from tenants.core.json import Json
from tenants.core.values.comparison import Incomparable, as_text, contains, equal, is_empty, order
from tenants.core.values.paths import MISSING, Path, lookup, parse_path

Row = Mapping[str, Json]

MAX_ROWS: Final = 50
# In operations of a budget: to compare two values, which may be dates.
_A_ROW: Final = 60
_AN_ELEMENT: Final = 40


def _in(left: Json, right: Json, zone: tzinfo) -> bool:
    if not isinstance(right, list | tuple):
        raise Incomparable("not_a_list", right)
    return contains(right, left, zone)


_ON_NOTHING: Final = {"is_empty": True, "is_not_empty": False}
_WITH_NULL: Final = frozenset({"equals", "not_equals", "in"})
_DECIDE: Final[Mapping[str, Callable[[Any, Any, tzinfo], bool]]] = {
    "equals": equal,
    "not_equals": lambda left, right, zone: not equal(left, right, zone),
    "in": _in,
    "greater_than": lambda left, right, zone: order(left, right, zone) > 0,
    "less_than": lambda left, right, zone: order(left, right, zone) < 0,
    "greater_or_equal": lambda left, right, zone: order(left, right, zone) >= 0,
    "less_or_equal": lambda left, right, zone: order(left, right, zone) <= 0,
    "contains": contains,
}
OPERATORS: Final = (*_DECIDE, *_ON_NOTHING)


def row_schema(field: Mapping[str, Json], **more: Json) -> dict[str, Json]:
    """Return the schema of one row; `field` is that of the field's name, `more` is beside it."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["field", "operator"],
        "properties": {
            "field": {"type": "string", "minLength": 1, "x-no-template": True, **field},
            "operator": {
                "type": "string",
                "title": _("Comparison"),
                "enum": list(OPERATORS),
                "x-no-template": True,
            },
            "value": {
                "title": _("Value"),
                "description": _("What to compare with; a list for “is one of”."),
            },
            **more,
        },
    }


def row_holds(row: Row, values: Json, zone: tzinfo, budget: EvaluationBudget | None = None) -> bool:
    """Say whether the row is true of `values`. Raises Incomparable."""
    left = lookup(values, path_of_field(row["field"]))
    if budget is not None and isinstance(left, str | list | dict):
        budget.charge_for(left)
        budget.charge(_AN_ELEMENT * len(left) if isinstance(left, list) else 0)
    return holds(left, row["operator"], row.get("value"), zone)


def holds(left: Any, operator: str, right: Json, zone: tzinfo) -> bool:
    """Say whether `left operator right`; `left` may be MISSING. Raises Incomparable."""
    if operator in _ON_NOTHING:
        return (left is MISSING or is_empty(left)) is _ON_NOTHING[operator]
    if left is MISSING or (left is None and operator not in _WITH_NULL):
        raise Incomparable("missing_value")
    return _DECIDE[operator](left, right, zone)


@lru_cache(maxsize=1024)
def path_of_field(text: str) -> Path:
    """Return the keys of a path; text that is none is the name of one field, as it stands.

    "." is the value itself: of a number in a list of numbers.
    """
    if text == ".":
        return ()
    path = parse_path(text)
    return (text,) if path is None else path


def charge_for_rows(rows: Sequence[Row], items: int, budget: EvaluationBudget) -> None:
    """Count what it takes to ask rows of so many items; not what is long in the items."""
    for row in rows:
        value = row.get("value")
        elements = _AN_ELEMENT * len(value) if isinstance(value, list) else 0
        budget.charge(items * (_A_ROW + elements))
        if isinstance(value, str | list | dict):
            budget.charge_for(value, times=items)


def does_not_compare(row: Row, reason: Incomparable) -> PermanentFailure:
    return PermanentFailure(
        "values_not_comparable",
        field=row["field"],
        operator=row["operator"],
        value=shortened(row.get("value")),
        odd=shortened(reason.value),
    )


def shortened(value: Json) -> str:
    is_container = isinstance(value, dict | list)
    text = json.dumps(value, ensure_ascii=False, default=str) if is_container else as_text(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
