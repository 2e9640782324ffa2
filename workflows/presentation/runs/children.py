"""Parts of a run, in words: its child runs, and the steps inside its steps."""

from datetime import timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.core.json import Json
from tenants.core.text.listing import listed
from workflows.presentation.redaction import mask_links
from workflows.presentation.runs.control_flow import case_label
from workflows.presentation.runs.lines import StepBranch
from workflows.presentation.runs.plans import PlannedStep, PlannedWay, WayKind
from workflows.presentation.times import by_clock, span
from workflows.presentation.vocabulary import DOCUMENT, KINDS, STEP, step_title

MAX_ITEM_LENGTH: Final = 60  # characters of an item
# What tells one record from another, in this order.
TELLING: Final = ("name", "title", "label", "number", "sku", "email", "phone", "key", "id")
MAX_TELLING: Final = 2

_NAMES: Final = {
    WayKind.OTHERWISE: KINDS["branch"]["otherwise"],
    WayKind.ITEMS: KINDS["for_each"]["steps"],
    WayKind.ROUND: KINDS["repeat"]["steps"],
    WayKind.LATE: KINDS["wait_for_event"]["on_timeout"],
    WayKind.ERROR: STEP["on_error/steps"],
    WayKind.FAILURE: DOCUMENT["on_failure"],
}
_TAKEN: Final = {
    WayKind.LATE: gettext_lazy("It did not come in time"),
    WayKind.ERROR: gettext_lazy("After the failure"),
    WayKind.FAILURE: gettext_lazy("After the run had failed"),
}


def part_title(part: StepBranch) -> str:
    number = {"number": part.number, "time": by_clock(part.at) if part.at else ""}
    if part.is_taken and part.kind is WayKind.ROUND and not part.number:
        return _("An earlier round")
    if part.is_taken and part.kind is WayKind.ROUND:
        return (_("Round %(number)s, %(time)s") if part.at else _("Round %(number)s")) % number
    if part.is_taken and part.kind is WayKind.REMINDER:
        said = _("Reminder %(number)s, %(time)s") if part.at else _("Reminder %(number)s")
        return said % number
    if part.is_taken and part.kind in _TAKEN:
        return str(_TAKEN[part.kind])
    return way_title(part.way)


def way_title(way: PlannedWay) -> str:
    match way.kind:
        case WayKind.CASE:
            return case_label(way.label)
        case WayKind.ARM:
            return step_title(way.label, way.key)
        case WayKind.REMINDER if way.reminder is not None:
            return _reminder(way.reminder.after, way.reminder.every)
        case WayKind.REMINDER:
            return _("Reminder")
        case _:
            return str(_NAMES[way.kind])


def item_words(item: Json) -> str:
    """Return an item in short: a text or a number as it is, of a record what tells it apart."""
    if isinstance(item, dict):
        known = [item[key] for key in TELLING if _is_short(item.get(key))]
        told = known or [value for value in item.values() if _is_short(value)]
        text = " · ".join(str(value) for value in told[:MAX_TELLING])
    elif isinstance(item, list):
        text = listed(str(value) for value in item if _is_short(value))
    else:
        text = "" if item is None else str(item)
    text = mask_links(text)
    return text if len(text) <= MAX_ITEM_LENGTH else text[: MAX_ITEM_LENGTH - 1] + "…"


def place_words(step: PlannedStep | None, way: PlannedWay | None, index: int, count: int) -> str:
    """Return which part of its parent a child run is: “Item 3 of 5 of “Send reminders””."""
    label = step_title(step.label, step.name, step.action) if step else ""
    words = {"number": index + 1, "count": count, "step": label}
    if step is None:
        return _("Part of a run")
    if way is None:
        return _("Started by the step “%(step)s”") % words
    if way.kind is WayKind.ARM:
        return _("“%(branch)s” of “%(step)s”") % {**words, "branch": way_title(way)}
    if not count:
        return _("Item %(number)s of “%(step)s”") % words
    return _("Item %(number)s of %(count)s of “%(step)s”") % words


def _reminder(after: timedelta, every: timedelta | None) -> str:
    if every is None:
        return _("Reminder after %(after)s") % {"after": span(after)}
    return _("Reminder after %(after)s, then every %(every)s") % {
        "after": span(after),
        "every": span(every),
    }


def _is_short(value: Json) -> bool:
    is_scalar = isinstance(value, str | int | float) or type(value).__name__ == "Decimal"
    return is_scalar and not isinstance(value, bool) and value != ""
