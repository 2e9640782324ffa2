"""Dates and times in text. Only ISO 8601 counts: "03/04/2026" has two readings."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.numbers import shortened

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?", re.ASCII
)

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # only to count from


def parse_date(text: object) -> date | None:
    """Return the calendar date that `text` writes, or None; a time of day is not a date."""
    if not isinstance(text, str) or not _DATE.fullmatch(text.strip()):
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def as_moment(value: object, zone: tzinfo) -> datetime | None:
    """Return the moment that ISO text writes, in `zone`, or None.

    A date alone is its midnight in `zone`; a time without an offset is a time in `zone`.
    """
    day = parse_date(value)
    if day is not None:
        return datetime.combine(day, time.min, zone)
    if not isinstance(value, str) or not _TIME.fullmatch(value.strip()):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        return found.replace(tzinfo=zone) if found.tzinfo is None else found.astimezone(zone)
    except (ValueError, OverflowError):
        return None


def since_epoch(at: datetime) -> timedelta:
    """Return the time that has really passed between 1970 and `at`: what to compare moments by.

    Between two times of one zone Python counts by the clock on the wall, which is an hour off
    over a change of the clocks, and takes an hour that comes twice for one.
    """
    return at.replace(tzinfo=None) - _EPOCH - (at.utcoffset() or timedelta(0))


def moment(value: object, zone: tzinfo, **where: object) -> datetime:
    """Return the moment that `value` is; a whole number counts the seconds since 1970.

    Raises `not_a_date`, saying `where`.
    """
    found = as_moment(value, zone)
    if found is None and isinstance(value, int) and not isinstance(value, bool):
        found = _from_seconds(value, zone)
    if found is None:
        raise ExpressionError(Code.NOT_A_DATE, value=shortened(value), **where)
    return found


def _from_seconds(seconds: int, zone: tzinfo) -> datetime | None:
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(zone)
    except OverflowError:
        return None
