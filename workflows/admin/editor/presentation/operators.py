"""What people call the comparisons of conditions, and which kinds of values each is for."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from tenants.core.json import Json
from workflows.definition.operators import OPERATORS

# Kinds of a field: text, choice, number, date, boolean, list; "any" when nothing is known.
_TEXT: Final = "text choice any"
_ORDERED: Final = "number any"
_WHEN: Final = "date any"
_EVERY: Final = "text choice number date boolean list any"

# Name: (label, kinds). The order is the order in the list.
LABELS: Final[dict[str, tuple[Any, str]]] = {
    "equals": (_("is"), "text choice number date any"),
    "not_equals": (_("is not"), "text choice number date any"),
    "in": (_("is one of"), "text choice number any"),
    "not_in": (_("is none of"), "text choice number any"),
    "greater_than": (_("is greater than"), _ORDERED),
    "greater_or_equal": (_("is at least"), _ORDERED),
    "less_than": (_("is less than"), _ORDERED),
    "less_or_equal": (_("is at most"), _ORDERED),
    "between": (_("is between"), "number date any"),
    "before": (_("is before"), _WHEN),
    "after": (_("is after"), _WHEN),
    "older_than": (_("is longer ago than"), _WHEN),
    "within_last": (_("lies within the last"), _WHEN),
    "within_next": (_("lies within the next"), _WHEN),
    "is_true": (_("is yes"), "boolean any"),
    "is_false": (_("is no"), "boolean any"),
    "contains": (_("contains"), "text list any"),
    "not_contains": (_("does not contain"), "text list any"),
    "contains_ignoring_case": (_("contains (capitals do not matter)"), "text list any"),
    "equals_ignoring_case": (_("is (capitals do not matter)"), "text any"),
    "starts_with": (_("begins with"), "text any"),
    "ends_with": (_("ends with"), "text any"),
    "exists": (_("is there"), _EVERY),
    "not_exists": (_("is not there"), _EVERY),
    "is_empty": (_("is empty"), _EVERY),
    "is_not_empty": (_("is not empty"), _EVERY),
    "changed": (_("has changed"), _EVERY),
    "not_changed": (_("has not changed"), _EVERY),
    "changed_to": (_("has changed to"), "text choice number date boolean any"),
    "changed_from": (_("has changed from"), "text choice number date boolean any"),
    "crosses_above": (_("has risen above"), _ORDERED),
    "crosses_below": (_("has fallen to or below"), _ORDERED),
}


def operators() -> list[dict[str, Json]]:
    """Return the comparisons for the page, in the order in which people look for them."""
    return [
        {
            "name": name,
            "label": str(label),
            "kinds": kinds.split(),
            "wants": OPERATORS[name].wants,
            "before": OPERATORS[name].reads_before,
        }
        for name, (label, kinds) in LABELS.items()
    ]


def label_of(name: str) -> str:
    """Return what people call the comparison; its name if nobody named it."""
    return str(LABELS[name][0]) if name in LABELS else name.replace("_", " ")
