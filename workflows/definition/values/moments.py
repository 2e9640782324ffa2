"""Moments: what counts as one, where anything may stand and where a date is asked for."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal

from tenants.core.values.written import written_date, written_moment
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.values import dates
from workflows.definition.values.numbers import shortened

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # only to count from


def parse_date(text: object) -> date | None:
    """Return the calendar date that `text` writes, or None; a time of day is not a date."""
    if not isinstance(text, str):
        return None
    return written_date(text) or dates.read_date(text)


def as_moment(value: object, zone: tzinfo) -> datetime | None:
    """Return the moment that ISO text writes, in `zone`, or None: what compares as a date.

    A date alone is its midnight in `zone`; a time without an offset is a time in `zone`.
    """
    return written_moment(value, zone) if isinstance(value, str) else None


def any_moment(value: object, zone: tzinfo) -> datetime | None:
    """Return the moment that a value is where a date is asked for, in `zone`, or None.

    More than `as_moment`: what other systems write (`dates`), and a number of seconds since 1970,
    or of milliseconds if it is so large.
    """
    if isinstance(value, str):
        return written_moment(value, zone) or dates.read_moment(value, zone)
    if isinstance(value, bool) or not isinstance(value, int | Decimal | float):
        return None
    return dates.from_number(value, zone)


def since_epoch(at: datetime) -> timedelta:
    """Return the time that has really passed between 1970 and `at`: what to compare moments by.

    Between two times of one zone Python counts by the clock on the wall, which is an hour off
    over a change of the clocks, and takes an hour that comes twice for one.
    """
    return at.replace(tzinfo=None) - _EPOCH - (at.utcoffset() or timedelta(0))


def moment(value: object, zone: tzinfo, **where: object) -> datetime:
    """Return the moment that `value` is where a date is asked for (`any_moment`).

    Raises `not_a_date`, saying `where`.
    """
    found = any_moment(value, zone)
    if found is None:
        raise ExpressionError(Code.NOT_A_DATE, value=shortened(value), **where)
    return found
