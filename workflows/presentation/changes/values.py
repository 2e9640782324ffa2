"""A value of a document in words, for a sentence that compares two of them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from tenants.core.json import Json
from tenants.core.text.listing import listed
from workflows.definition.changes.change import StepList
from workflows.definition.changes.change import text_of as json_text
from workflows.event_types import label_of
from workflows.presentation.badges import action_label
from workflows.presentation.documents.comparisons import comparison, quoted
from workflows.presentation.values import spelt_out
from workflows.presentation.vocabulary import ENDINGS, Titles

NO_TITLES: Final[Titles] = {}
MAX_DEPTH: Final = 3  # levels; a value with more is shown as JSON


def pair_words(old: Json, new: Json, key: str, members: Titles) -> tuple[str, str]:
    """Return both sides; as JSON where words would hide the difference, as between 1 and "1"."""
    words = value_words(old, key, members), value_words(new, key, members)
    return words if words[0] != words[1] else (json_text(old), json_text(new))


def value_words(value: Json, key: str, members: Titles = NO_TITLES, event_type: str = "") -> str:
    """Return one value; `key` is the name under which it stands, `members` the titles inside it."""
    if isinstance(value, str) and (named := _named(value, key)):
        return named
    if is_condition(value):
        return condition_words(value, event_type)
    if key == "on_error" and isinstance(value, dict):
        return _after_error(value)
    if isinstance(value, dict) and "when" in value:
        return _case_words(value, members, event_type)
    return _plain(value, members, 0)


def _named(value: str, key: str) -> str:
    match key:
        case "trigger_type" | "also_on":
            return _("“%(value)s”") % {"value": label_of(value)} if value else ""
        case "action":
            return _("“%(value)s”") % {"value": action_label(value)}
        case "on_error" | "then" if value in ENDINGS:
            return str(ENDINGS[value])
        case _:
            return ""


def is_row(value: Json) -> bool:
    return isinstance(value, dict) and "field" in value and "operator" in value


def is_condition(value: Json) -> bool:
    """Say whether it is a row, or rows under “all” or “any”."""
    if is_row(value):
        return True
    return (
        isinstance(value, dict)
        and len(value) == 1
        and all(key in {"all", "any"} and isinstance(value[key], list) for key in value)
        and all(is_condition(member) for rows in value.values() for member in rows)
    )


def condition_words(value: Json, event_type: str = "", *, inner: bool = False) -> str:
    """Return a condition as a sentence without its full stop."""
    if is_row(value):
        return comparison(value, event_type)
    [(word, rows)] = value.items()
    parts = [condition_words(row, event_type, inner=True) for row in rows]
    said = (_(" and ") if word == "all" else _(" or ")).join(parts)
    if not parts:
        return _("empty")
    return _("(%(condition)s)") % {"condition": said} if inner and len(parts) > 1 else said


def _case_words(value: Mapping[str, Json], members: Titles, event_type: str) -> str:
    label, when = value.get("label"), value["when"]
    said = condition_words(when, event_type) if is_condition(when) else _plain(when, members, 0)
    if not label:
        return _("if %(condition)s") % {"condition": said}
    return _("“%(label)s”, if %(condition)s") % {"label": label, "condition": said}


def _after_error(value: Mapping[str, Json]) -> str:
    ending = ENDINGS.get(str(value.get("then", "stop")), value.get("then"))
    told = {"ending": ending}
    codes = value.get("codes")
    if not codes or not isinstance(codes, list):
        return _("do other steps, then %(ending)s") % told
    told["codes"] = listed(str(code) for code in codes)
    return _("do other steps (only after %(codes)s), then %(ending)s") % told


def _plain(value: Json, members: Titles, depth: int) -> str:
    if isinstance(value, StepList):
        return _("steps")
    if isinstance(value, list | dict) and depth > MAX_DEPTH:
        return json_text(value)
    if isinstance(value, list) and value:
        return listed(_plain(inner, members, depth + 1) for inner in value)
    if isinstance(value, dict) and value:
        return listed(_member(name, inner, members, depth) for name, inner in value.items())
    # A number and its digits are told apart.
    return str(value) if type(value) in {int, float, Decimal} else quoted(value)


def _member(name: str, value: Json, members: Titles, depth: int) -> str:
    title = members.get(name) or spelt_out(name)
    told = {"name": title, "value": _plain(value, members, depth + 1)}
    return _("%(name)s: %(value)s") % told
