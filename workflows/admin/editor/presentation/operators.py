"""Which kinds of values each comparison is for."""

from __future__ import annotations

from typing import Final

from tenants.core.json import Json
from workflows.definition.operators import OPERATORS
from workflows.presentation.vocabulary import operator_label

# Kinds of a field: text, choice, number, date, boolean, list; "any" when nothing is known.
_TEXT: Final = "text choice any"
_ORDERED: Final = "number any"
_WHEN: Final = "date any"
_EVERY: Final = "text choice number date boolean list any"

# The order is the order in the list.
FITS: Final[dict[str, str]] = {
    "equals": "text choice number date any",
    "not_equals": "text choice number date any",
    "in": "text choice number any",
    "not_in": "text choice number any",
    "greater_than": _ORDERED,
    "greater_or_equal": _ORDERED,
    "less_than": _ORDERED,
    "less_or_equal": _ORDERED,
    "between": "number date any",
    "before": _WHEN,
    "after": _WHEN,
    "older_than": _WHEN,
    "within_last": _WHEN,
    "within_next": _WHEN,
    "is_true": "boolean any",
    "is_false": "boolean any",
    "contains": "text list any",
    "not_contains": "text list any",
    "contains_ignoring_case": "text list any",
    "equals_ignoring_case": "text any",
    "starts_with": "text any",
    "ends_with": "text any",
    "exists": _EVERY,
    "not_exists": _EVERY,
    "is_empty": _EVERY,
    "is_not_empty": _EVERY,
    "changed": _EVERY,
    "not_changed": _EVERY,
    "changed_to": "text choice number date boolean any",
    "changed_from": "text choice number date boolean any",
    "crosses_above": _ORDERED,
    "crosses_below": _ORDERED,
}


def operators() -> list[dict[str, Json]]:
    return [
        {
            "name": name,
            "label": operator_label(name),
            "kinds": kinds.split(),
            "wants": OPERATORS[name].wants,
            "before": OPERATORS[name].reads_before,
        }
        for name, kinds in FITS.items()
    ]
