"""Dates and times: always in the tenant's time zone, never guessed.

Names of months and days are printed in the company's language, as its country has them; up to the
second version of the language they were English everywhere.
"""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from tenants.core.values.comparison import as_text
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.language import AS_PEOPLE_WRITE
from workflows.definition.scope import NameScope
from workflows.definition.templates import limits
from workflows.definition.templates.filters.calendar_words import CalendarWords, words_of
from workflows.definition.templates.filters.calling import Cost, TemplateFilter
from workflows.definition.templates.filters.date_forms import BadDateForm, date_form
from workflows.definition.values.dates import moment, parse_date
from workflows.definition.values.json_values import shortened

_DIRECTIVE = re.compile(r"%-?(.)", re.DOTALL)
_DAY_OF_MONTH = re.compile(r"%-?[de]")
_SPAN = re.compile(r"\s*([+-]?[0-9]{1,6})\s*(minute|hour|day|week|month|year)s?\s*")
# Of the C library's directives those that are the same everywhere; no widths, which could ask
# for a text without end.
_FORMAT = re.compile(r"(?:[^%]|%-?[aAbBcdeFHIjklmMnpRsStTuUVwWxXyYzZDGgCh%])*")


def _read(value: Any, scope: NameScope) -> datetime:
    if value in ("now", "today"):
        return scope.now.astimezone(scope.zone)
    return moment(value, scope.zone)


def _date(value: Any, form: Any, language: Any = None, *, scope: NameScope) -> str:
    """`trigger.created_at | date: "%d.%m.%Y"`, in the tenant's time zone.

    A language can be named after it: `date: "%d %B", "ar"`.
    """
    if not isinstance(form, str) or len(form) > limits.FORMAT_CHARACTERS:
        raise ExpressionError(Code.BAD_FORMAT, format=shortened(form))
    if not _FORMAT.fullmatch(form):
        raise ExpressionError(Code.BAD_FORMAT, format=shortened(form))
    found = _read(value, scope)
    if language is not None or scope.language >= AS_PEOPLE_WRITE:
        form = _in_words(found, form, _words(language, scope))
    # The C library takes %s for local time, whatever the offset.
    seconds = str(int(found.timestamp()))
    return found.strftime(_DIRECTIVE.sub(lambda one: seconds if one[0] == "%s" else one[0], form))


def _words(language: Any, scope: NameScope) -> CalendarWords | None:
    spoken = language if isinstance(language, str) else scope.tenant.get("language")
    return words_of(str(spoken or "en"), str(scope.tenant.get("country") or ""))


def _in_words(found: datetime, form: str, words: CalendarWords | None) -> str:
    """Return the form with the names of a language written out in it."""
    if words is None:
        return form
    form = form.replace("%c", "%a %b %e %H:%M:%S %Y")
    names = words.inside if _DAY_OF_MONTH.search(form) else words.alone
    said = {
        **{one: names[one][found.month - 1] for one in "Bb"},
        **{one: names[one][found.weekday()] for one in "Aa"},
        "h": names["b"][found.month - 1],
        "p": words.halves[found.hour >= 12],
    }
    return _DIRECTIVE.sub(
        lambda one: said[one[1]].replace("%", "%%") if one[1] in said else one[0], form
    )


def _parse_date(value: Any, form: Any, *, scope: NameScope) -> str:
    """`"30/11/2026" | parse_date: "%d/%m/%Y"` is 2026-11-30; with an hour it is a time."""
    if not isinstance(form, str) or len(form) > limits.FORMAT_CHARACTERS:
        raise ExpressionError(Code.BAD_FORMAT, format=shortened(form))
    language, country = (str(scope.tenant.get(name) or "") for name in ("language", "country"))
    try:
        reading = date_form(form, language, country)
    except BadDateForm as error:
        raise ExpressionError(Code.BAD_FORMAT, format=shortened(form)) from error
    is_text = isinstance(value, str | int | Decimal) and not isinstance(value, bool)
    found = reading.read(as_text(value), scope.zone) if is_text else None
    if found is None:
        raise ExpressionError(Code.NOT_A_DATE, value=shortened(value), format=shortened(form))
    return found.isoformat()


def _date_add(value: Any, span: Any, *, scope: NameScope) -> str:
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


def _start_of(value: Any, unit: Any, *, scope: NameScope) -> str:
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


def _days_until(value: Any, end: Any, *, scope: NameScope) -> int:
    """`now | days_until: trigger.due_date` counts calendar days; the past is negative."""
    return (_read(end, scope).date() - _read(value, scope).date()).days


DATE_FILTERS = (
    TemplateFilter("date", _date, "value", needs="scope"),
    TemplateFilter("parse_date", _parse_date, "value", needs="scope", cost=Cost(once=3_000)),
    TemplateFilter("date_add", _date_add, "value", needs="scope"),
    TemplateFilter("start_of", _start_of, "value", needs="scope"),
    TemplateFilter("days_until", _days_until, "value", needs="scope"),
)
