"""Rows of `field operator value`, as parameters of actions: their schema, and what they say."""

import json
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from actions.comparing import OPERATORS, Incomparable, as_text, holds
from actions.errors import PermanentFailure
from actions.paths import lookup, parse_path

Json = Any
Row = Mapping[str, Json]

MOST_ROWS: Final = 50


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


def row_holds(row: Row, values: Json, zone: tzinfo) -> bool:
    """Say whether the row is true of `values`. Raises Incomparable."""
    left = lookup(values, parse_path(row["field"]))
    return holds(left, row["operator"], row.get("value"), zone)


def does_not_compare(row: Row, reason: Incomparable) -> PermanentFailure:
    """Return the failure of a row whose two sides have nothing in common."""
    return PermanentFailure(
        "values_not_comparable",
        field=row["field"],
        operator=row["operator"],
        value=shortened(row.get("value")),
        odd=shortened(reason.value),
    )


def shortened(value: Json) -> str:
    """Return enough of the value to recognise it in a message."""
    is_container = isinstance(value, dict | list)
    text = json.dumps(value, ensure_ascii=False, default=str) if is_container else as_text(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
