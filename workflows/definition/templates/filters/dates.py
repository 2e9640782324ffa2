"""Dates and times: always in the tenant's time zone, never guessed."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.moments import moment, parse_date
from workflows.definition.numbers import shortened
from workflows.definition.templates import limits
from workflows.definition.templates.filters.calling import Filter

if TYPE_CHECKING:
    from workflows.definition.scope import Scope

_DIRECTIVE = re.compile(r"%-?.")
_SPAN = re.compile(r"\s*([+-]?[0-9]{1,6})\s*(minute|hour|day|week|month|year)s?\s*")
# Of the C library's directives those that are the same everywhere; no widths, which could ask
# for a text without end.
_FORMAT = re.compile(r"(?:[^%]|%-?[aAbBcdeFHIjklmMnpRsStTuUVwWxXyYzZDGgCh%])*")


def _read(value: Any, scope: Scope) -> datetime:
    if value in ("now", "today"):
        return scope.now.astimezone(scope.zone)
    return moment(value, scope.zone)


def _date(value: Any, form: Any, *, scope: Scope) -> str:
    """`trigger.created_at | date: "%d.%m.%Y"`, in the tenant's time zone."""
    if not isinstance(form, str) or len(form) > limits.FORMAT_CHARACTERS:
        raise ExpressionError(Code.BAD_FORMAT, format=shortened(form))
    if not _FORMAT.fullmatch(form):
        raise ExpressionError(Code.BAD_FORMAT, format=shortened(form))
    found = _read(value, scope)
    # The C library takes %s for local time, whatever the offset.
    seconds = str(int(found.timestamp()))
    return found.strftime(_DIRECTIVE.sub(lambda one: seconds if one[0] == "%s" else one[0], form))


def _date_add(value: Any, span: Any, *, scope: Scope) -> str:
    """`"2026-01-31" | date_add: "1 month"` is 2026-02-28.

    Minutes and hours are exact; days and longer keep the time on the clock. A date stays a date.
    """
    match = _SPAN.fullmatch(span) if isinstance(span, str) else None
    if match is None:
        raise ExpressionError(Code.NOT_A_DURATION, value=shortened(span))
    count, unit = int(match[1]), match[2]
    day = parse_date(value)
    try:
        if day is not None and unit not in {"minute", "hour"}:
            return _moved_day(day, count, unit).isoformat()
        return _moved(_read(value, scope), count, unit, scope.zone).isoformat()
    except (OverflowError, ValueError) as error:
        raise ExpressionError(Code.NOT_A_DATE, value=shortened(value)) from error


def _moved(start: datetime, count: int, unit: str, zone: tzinfo) -> datetime:
    if unit in {"minute", "hour"}:
        exact = start.astimezone(UTC) + timedelta(**{f"{unit}s": count})
        return exact.astimezone(zone)
    moved = datetime.combine(_moved_day(start.date(), count, unit), start.timetz())
    # Through UTC and back: a time that the clocks skip becomes the one an hour later.
    return moved.astimezone(UTC).astimezone(zone)


def _moved_day(start: date, count: int, unit: str) -> date:
    if unit in {"day", "week"}:
        return start + timedelta(days=count * (7 if unit == "week" else 1))
    months = start.year * 12 + start.month - 1 + count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _start_of(value: Any, unit: Any, *, scope: Scope) -> str:
    """`now | start_of: "month"`. A week starts on Monday."""
    found = _read(value, scope)
    whole = found.replace(minute=0, second=0, microsecond=0)
    # Where midnight comes twice the day begins with the first.
    midnight = whole.replace(hour=0, fold=0)
    starts = {
        "hour": whole,
        "day": midnight,
        "week": midnight - timedelta(days=found.weekday()),
        "month": midnight.replace(day=1),
        "year": midnight.replace(month=1, day=1),
    }
    if unit not in starts:
        raise ExpressionError(Code.NOT_A_CHOICE, value=shortened(unit), choices=list(starts))
    return starts[unit].isoformat()


def _days_until(value: Any, end: Any, *, scope: Scope) -> int:
    """`now | days_until: trigger.due_date` counts calendar days; the past is negative."""
    return (_read(end, scope).date() - _read(value, scope).date()).days


DATE_FILTERS = (
    Filter("date", _date, "value", needs="scope"),
    Filter("date_add", _date_add, "value", needs="scope"),
    Filter("start_of", _start_of, "value", needs="scope"),
    Filter("days_until", _days_until, "value", needs="scope"),
)
