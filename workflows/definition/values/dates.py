"""Dates as other systems write them, read where a date is asked for.

What has one reading is read: ISO 8601 in its common forms, the dates of mail and of HTTP (RFC
5322), seconds and milliseconds since 1970. "03/04/2026" has two readings, "26" is no year: such are
not read here, and `likely_form` says how the filter `parse_date` might.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Final

from tenants.core.values.written import (
    is_hijri_year,
    looks_hijri,
    plainly_written,
    written_date,
    written_moment,
)
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.values.json_values import shortened

_MAX_LENGTH: Final = 100  # characters
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# How many of them are a second, by the digits that such a count has between 2001 and 2286.
_UNITS: Final = {13: 3, 16: 6, 19: 9}
_MAX_DIGITS: Final = 19
_COUNT: Final = re.compile(r"(\d{10}|\d{13}|\d{16}|\d{19})(\.\d+)?", re.ASCII)
_OFFSET: Final = r"(?P<zone>z|ut|utc|gmt|(?:utc|gmt)?[+-]\d{2}(?::?\d{2})?)"
_ISO: Final = re.compile(
    r"(?:(?P<year>\d{4})(?P<dash>-?)(?P<month>\d{2})(?P=dash)(?P<day>\d{2})"
    r"|(?P<week_year>\d{4})-?w(?P<week>\d{2})-?(?P<weekday>[1-7]))"
    r"(?:(?:t|\s)(?P<hour>\d{2})"
    r"(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<part>\d+))?)?)?"
    rf"(?:\s?{_OFFSET}(?:\[[\w/+-]+\])?)?)?",
    re.ASCII | re.IGNORECASE,
)
_COMPACT: Final = re.compile(r"(\d{8})(\d{6})", re.ASCII)
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


def _names(names: tuple[str, ...]) -> str:
    return "|".join(f"{name[:3]}(?:{name[3:]})?" for name in names)


_AMERICAN_HOURS: Final = {
    name + kind: hours + (kind == "dt")
    for name, hours in (("e", -5), ("c", -6), ("m", -7), ("p", -8))
    for kind in ("st", "dt")
}
_MAIL: Final = re.compile(
    rf"(?:(?P<weekday>{_names(WEEKDAYS)}),?\s+)?"
    rf"(?P<day>\d{{1,2}})[\s-](?P<name>{_names(MONTHS)})[\s-](?P<year>\d{{4}})\s+"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
    rf"(?:\s+(?:{_OFFSET}|(?P<american>{'|'.join(_AMERICAN_HOURS)})))?"
    r"(?:\s*\([^()]*\))?",
    re.ASCII | re.IGNORECASE,
)

_SIGN: Final = r"([./-])"
_NUMERIC: Final = re.compile(
    rf"(\d{{1,4}}){_SIGN}(\d{{1,2}})\2(\d{{4}}|\d{{2}}|\d)"
    r"(?:,?\s+(\d{1,2}:\d{2})(:\d{2})?(\s?[ap]m)?)?",
    re.ASCII | re.IGNORECASE,
)

# A day with the name of its month, in any language, and one without the zeros of ISO.
_NAMED: Final = re.compile(
    r"(?:[^\W\d_]+([,\u060c]?) )?\d{1,2}([ -])[^\W\d_]+(?: [^\W\d_]+)?\2\d{4}"
)
_NAME_FIRST: Final = re.compile(r"[^\W\d_]+ \d{1,2}(,?) \d{4}")
_SHORT_ISO: Final = re.compile(r"\d{4}-(?:\d-\d{1,2}|\d\d-\d)", re.ASCII)


def read_moment(text: str, zone: tzinfo) -> datetime | None:
    """Return the moment that a text writes, in `zone`, or None; without an offset it is there."""
    written = plainly_written(text)
    if not written or len(written) > _MAX_LENGTH:
        return None
    if count := _COUNT.fullmatch(written):
        return from_number(Decimal(written), zone, len(count[1]))
    if compact := _COMPACT.fullmatch(written):
        written = f"{compact[1]}T{compact[2]}"
    try:
        if found := _ISO.fullmatch(written):
            return _placed(_iso_day(found), found, zone)
        if found := _MAIL.fullmatch(written):
            return _placed(_mail_day(found), found, zone)
    except (ValueError, OverflowError):
        pass
    return None


def read_date(text: str) -> date | None:
    """Return the calendar date that a text writes with nothing beside it, or None."""
    written = plainly_written(text)
    found = _ISO.fullmatch(written) if written and len(written) <= _MAX_LENGTH else None
    try:
        return _iso_day(found) if found and found["hour"] is None else None
    except ValueError:
        return None


def from_number(number: int | float | Decimal, zone: tzinfo, digits: int = 0) -> datetime | None:
    """Return the moment so many seconds after 1970; a count of more digits is of smaller parts."""
    exact = Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
    if not exact.is_finite() or exact.adjusted() >= _MAX_DIGITS:
        return None
    parts = _UNITS.get(digits or exact.adjusted() + 1, 0)
    try:
        microseconds = int(exact.scaleb(6 - parts))
        return (_EPOCH + timedelta(microseconds=microseconds)).astimezone(zone)
    except (OverflowError, ValueError):
        return None


def likely_form(value: object) -> str | None:
    """Return a format that reads a date which is not read without one, or None."""
    written = plainly_written(value) if isinstance(value, str) else None
    if written and looks_hijri(written):
        return None
    if written and len(written) <= _MAX_LENGTH and (form := _likely_of_names(written)):
        return form
    found = _NUMERIC.fullmatch(written) if written else None
    if found is None or (found[2] == "-" and len(found[1]) > 2):  # ISO, of a day that is none
        return None
    first, sign, second, last, clock, seconds, half = found.groups()
    if len(first) > 2:
        day = f"%Y{sign}%m{sign}%d"
    else:
        order = ("%m", "%d") if int(second) > 12 >= int(first) else ("%d", "%m")
        day = sign.join((*order, "%Y" if len(last) == 4 else "%y"))
    hour = "%I:%M" if half else "%H:%M"
    return day + (f" {hour}{':%S' if seconds else ''}{' %p' if half else ''}" if clock else "")


def _likely_of_names(written: str) -> str | None:
    if found := _NAMED.fullmatch(written):
        weekday = "" if found[1] is None else f"%A{found[1]} "
        return weekday + found[2].join(("%d", "%B", "%Y"))
    if found := _NAME_FIRST.fullmatch(written):
        return f"%B %d{found[1]} %Y"
    return "%Y-%m-%d" if _SHORT_ISO.fullmatch(written) else None


def _iso_day(found: re.Match[str]) -> date:
    if found["week"]:
        year, week, weekday = (int(found[name]) for name in ("week_year", "week", "weekday"))
        return date.fromisocalendar(year, week, weekday)
    if is_hijri_year(int(found["year"])):
        raise ValueError("a year of another calendar")
    return date(int(found["year"]), int(found["month"]), int(found["day"]))


def _mail_day(found: re.Match[str]) -> date:
    month = next(
        number for number, name in enumerate(MONTHS, 1) if name[:3] == found["name"][:3].lower()
    )
    day = date(int(found["year"]), month, int(found["day"]))
    if is_hijri_year(day.year):
        raise ValueError("a year of another calendar")
    weekday = found["weekday"]
    if weekday and WEEKDAYS[day.weekday()][:3] != weekday[:3].lower():
        raise ValueError("another day of the week")
    return day


def _placed(day: date, found: re.Match[str], zone: tzinfo) -> datetime:
    named = found.groupdict()
    hour, minute, second = (int(named.get(name) or 0) for name in ("hour", "minute", "second"))
    part = int((named.get("part") or "").ljust(6, "0")[:6])
    # The end of a day, and a leap second, are the beginning of what follows.
    midnight = timedelta(days=1) if (hour, minute, second, part) == (24, 0, 0, 0) else timedelta()
    leap = timedelta(seconds=1) if second == 60 else timedelta()
    clock = time(hour % 24 if midnight else hour, minute, second - (second == 60), part)
    at = datetime.combine(day, clock) + midnight + leap
    offset = _offset(named)
    return at.replace(tzinfo=zone) if offset is None else at.replace(tzinfo=offset).astimezone(zone)


def _offset(named: dict[str, str | None]) -> tzinfo | None:
    if american := named.get("american"):
        return timezone(timedelta(hours=_AMERICAN_HOURS[american.lower()]))
    written = (named.get("zone") or "").lower().removeprefix("utc").removeprefix("gmt")
    if not written:
        return UTC if named.get("zone") else None
    if written[0] not in "+-":
        return UTC
    digits = written[1:].replace(":", "").ljust(4, "0")
    if int(digits[2:]) > 59:
        raise ValueError("no minutes")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-span if written[0] == "-" else span)


def parse_date(text: object) -> date | None:
    """Return the calendar date that `text` writes, or None; a time of day is not a date."""
    if not isinstance(text, str):
        return None
    return written_date(text) or read_date(text)


def any_moment(value: object, zone: tzinfo) -> datetime | None:
    """Return the moment that a value is where a date is asked for, in `zone`, or None.

    More than `as_moment`: what other systems write (`dates`), and a number of seconds since 1970,
    or of milliseconds if it is so large.
    """
    if isinstance(value, str):
        return written_moment(value, zone) or read_moment(value, zone)
    if isinstance(value, bool) or not isinstance(value, int | Decimal | float):
        return None
    return from_number(value, zone)


def moment(value: object, zone: tzinfo, **where: object) -> datetime:
    """Return the moment that `value` is where a date is asked for (`any_moment`).

    Raises `not_a_date`, saying `where`.
    """
    found = any_moment(value, zone)
    if found is None:
        raise ExpressionError(Code.NOT_A_DATE, value=shortened(value), **where)
    return found
