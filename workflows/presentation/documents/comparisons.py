"""A row of a condition in words: “Total amount is greater than “100””."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from tenants.core.json import Json
from tenants.core.text.listing import listed
from workflows.presentation.values import payload_fields, payload_words, spelt_out
from workflows.presentation.vocabulary import operator_label

# These compare with nothing, whatever value the row still holds.
ALONE: Final = frozenset(
    {"exists", "not_exists", "is_empty", "is_not_empty", "is_true", "is_false"}
    | {"changed", "not_changed"}
)


def comparison(row: Mapping[str, Json], event_type: str = "") -> str:
    """Return a row in words, its field named as the kind of event names it."""
    field = field_words(str(row.get("field", "")), event_type)
    operator, value = str(row.get("operator", "")), row.get("value")
    called = value_words(row, event_type)
    return row_words(field, operator, "" if operator in ALONE else quoted(value, called))


def value_words(row: Mapping[str, Json], event_type: str) -> Mapping[str, str]:
    """Return what people call the values of a row's field, if it has a list of choices."""
    return payload_words(event_type).get(str(row.get("field", "")).partition(".")[2], {})


def row_words(field: str, operator: str, value: str) -> str:
    told = {"field": field, "comparison": operator_label(operator), "value": value}
    said = _("%(field)s %(comparison)s %(value)s") if value else _("%(field)s %(comparison)s")
    return said % told


def field_words(path: str, event_type: str = "") -> str:
    """Return what people call a field: “Total amount” for trigger.total_amount."""
    root, _dot, rest = path.partition(".")
    named = payload_fields(event_type) if event_type else {}
    words = named.get(rest) or spelt_out((rest or root).rpartition(".")[2])
    return _("%(field)s (before)") % {"field": words} if root == "previous" else words


def quoted(value: Json, called: Mapping[str, str] | None = None) -> str:
    """Return a value in words; `called` are those of a field with a list of choices."""
    match value:
        case None | "" | [] | {}:
            return _("empty")
        case True:
            return _("yes")
        case False:
            return _("no")
        case list():
            return listed(quoted(item, called) for item in value)
        case _:
            return _("“%(value)s”") % {"value": (called or {}).get(str(value), value)}
