"""A row of a condition in words: “Total amount is greater than “100””."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.core.json import Json
from tenants.core.text.listing import listed
from workflows.event_types import payload_schema
from workflows.presentation.values import field_title, spelt_out, titles

WORDS: Final[Mapping[str, Any]] = {
    "equals": gettext_lazy("is"),
    "not_equals": gettext_lazy("is not"),
    "equals_ignoring_case": gettext_lazy("is (capitals do not matter)"),
    "in": gettext_lazy("is one of"),
    "not_in": gettext_lazy("is none of"),
    "greater_than": gettext_lazy("is greater than"),
    "greater_or_equal": gettext_lazy("is at least"),
    "less_than": gettext_lazy("is less than"),
    "less_or_equal": gettext_lazy("is at most"),
    "between": gettext_lazy("is between"),
    "before": gettext_lazy("is before"),
    "after": gettext_lazy("is after"),
    "older_than": gettext_lazy("is longer ago than"),
    "within_last": gettext_lazy("lies within the last"),
    "within_next": gettext_lazy("lies within the next"),
    "is_true": gettext_lazy("is yes"),
    "is_false": gettext_lazy("is no"),
    "contains": gettext_lazy("contains"),
    "not_contains": gettext_lazy("does not contain"),
    "contains_ignoring_case": gettext_lazy("contains (capitals do not matter)"),
    "starts_with": gettext_lazy("begins with"),
    "ends_with": gettext_lazy("ends with"),
    "exists": gettext_lazy("is there"),
    "not_exists": gettext_lazy("is not there"),
    "is_empty": gettext_lazy("is empty"),
    "is_not_empty": gettext_lazy("is not empty"),
    "changed": gettext_lazy("has changed"),
    "not_changed": gettext_lazy("has not changed"),
    "changed_to": gettext_lazy("has changed to"),
    "changed_from": gettext_lazy("has changed from"),
    "crosses_above": gettext_lazy("has risen above"),
    "crosses_below": gettext_lazy("has fallen to or below"),
}
# These compare with nothing, whatever value the row still holds.
ALONE: Final = frozenset(
    {"exists", "not_exists", "is_empty", "is_not_empty", "is_true", "is_false"}
    | {"changed", "not_changed"}
)


def comparison(row: Mapping[str, Json], event_type: str = "") -> str:
    """Return a row in words, its field named as the kind of event names it."""
    operator = str(row.get("operator", ""))
    told = {
        "field": field_words(str(row.get("field", "")), event_type),
        "comparison": WORDS.get(operator, spelt_out(operator).lower()),
    }
    if operator in ALONE:
        return _("%(field)s %(comparison)s") % told
    return _("%(field)s %(comparison)s %(value)s") % {**told, "value": quoted(row.get("value"))}


def field_words(path: str, event_type: str = "") -> str:
    """Return what people call a field: “Total amount” for trigger.total_amount."""
    root, _dot, rest = path.partition(".")
    named = titles(payload_schema(event_type)).get(rest, "") if event_type else ""
    words = field_title((rest or root).rpartition(".")[2], named)
    return _("%(field)s (before)") % {"field": words} if root == "previous" else words


def quoted(value: Json) -> str:
    """Return a value for a sentence."""
    match value:
        case None | "" | [] | {}:
            return _("empty")
        case True:
            return _("yes")
        case False:
            return _("no")
        case list():
            return listed(quoted(item) for item in value)
        case _:
            return _("“%(value)s”") % {"value": value}
