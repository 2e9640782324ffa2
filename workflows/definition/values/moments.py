"""Moments: what counts as one, where anything may stand and where a date is asked for."""

from datetime import date, datetime, tzinfo
from decimal import Decimal

from tenants.core.values.written import written_date, written_moment
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.values import dates
from workflows.definition.values.numbers import shortened


def parse_date(text: object) -> date | None:
    """Return the calendar date that `text` writes, or None; a time of day is not a date."""
    if not isinstance(text, str):
        return None
    return written_date(text) or dates.read_date(text)


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


def moment(value: object, zone: tzinfo, **where: object) -> datetime:
    """Return the moment that `value` is where a date is asked for (`any_moment`).

    Raises `not_a_date`, saying `where`.
    """
    found = any_moment(value, zone)
    if found is None:
        raise ExpressionError(Code.NOT_A_DATE, value=shortened(value), **where)
    return found
