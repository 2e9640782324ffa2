"""Numbers and moments as text writes them, so that two values of any kind can be compared.

Pure. The language and the actions read by the same functions: what is a number in a condition is
one in a step. Strict on purpose, since nobody said what the text is: a phone or a code is no
number, and only ISO 8601 is a date ("03/04/2026" has two readings). Where a date is asked for, more
ways to write one are read (`definition.values.dates`). Dates of the Hijri calendar are not: the
year 1447 would be one in the Middle Ages.
"""

import re
import unicodedata
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from tenants.core.text.characters import without_invisible

MAX_DIGITS_READ: Final = 100  # of a number
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  # only to count from
_MAX_CHARACTERS: Final = 1_000  # of a text worth reading, the invisible ones too
# What stands between thousands and never before decimals: blanks that do not break, the apostrophe,
# the Arabic mark. A comma or a point may be either, and a plain blank may divide two numbers.
THOUSANDS: Final = "\u00a0\u202f\u2009'\u2019\u02bc\u066c"
# No leading zeros ("0501234567" is a phone, "007" a code), no exponent ("12E5" is a code).
_NUMBER: Final = re.compile(
    rf"\s*([+-]?(?:(?:[1-9][0-9]{{0,2}}(?:([{THOUSANDS}])[0-9]{{3}}(?:\2[0-9]{{3}})*)"
    r"|0|[1-9][0-9]*)(?:\.[0-9]+)?|\.[0-9]+))\s*"
)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?", re.ASCII
)
# Signs that are written for others: minus signs and dashes, a plus and a point of full width.
_SIGNS: Final = str.maketrans("\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d\uff0b\uff0e", "-------+.")
_TO_POINT: Final = str.maketrans("\u066b", ".")  # the Arabic decimal separator
# Years that are meant by the Hijri calendar: by the Gregorian one nobody asks for them.
_HIJRI_YEARS: Final = range(1300, 1600)
_HIJRI: Final = re.compile(
    r"(?<!\d)1[3-5]\d\d(?:[/. -]\d{1,2}[/. -]\d{1,2}(?!\d)|\d{4}(?!\d))"
    r"|(?<!\d)\d{1,2}[/. -]\d{1,2}[/. -]1[3-5]\d\d(?!\d)"
    r"|محرم|صفر|ربيع|جماد|رجب|شعبان|رمضان|شوال|ذو القعدة|ذي القعدة|ذو الحجة|ذي الحجة|هـ"
    r"|\b(?:muharram|safar|rabi|jumada|rajab|sha.?ban|ramadan|shawwal|dh?u.?l|a\.?h)\b",
    re.IGNORECASE,
)


def written_number(text: str) -> Decimal | None:
    """Return the exact number that a text writes, or None.

    Digits of every script are read, and whatever is only written for a minus, a plus or a point.
    """
    if not text.isascii() and len(text) <= _MAX_CHARACTERS:
        text = _western(without_invisible(text)).translate(_TO_POINT)
    match = _NUMBER.fullmatch(text) if len(text) <= MAX_DIGITS_READ else None
    if match is None:
        return None
    return Decimal(match[1].replace(match[2], "") if match[2] else match[1])


def plainly_written(text: str) -> str | None:
    """Return a short text with Western digits and nothing invisible, or None for a long one."""
    if len(text) > _MAX_CHARACTERS:
        return None
    return text.strip() if text.isascii() else _western(without_invisible(text)).strip()


def _western(text: str) -> str:
    found = "".join(
        str(unicodedata.decimal(one)) if one.isdecimal() and not one.isascii() else one
        for one in text
    )
    return found.translate(_SIGNS)


def is_hijri_year(year: int) -> bool:
    """Say whether a year is one of the Hijri calendar, which is not read here."""
    return year in _HIJRI_YEARS


def looks_hijri(text: str) -> bool:
    """Say whether a text that is no date here writes one of the Hijri calendar."""
    written = plainly_written(text)
    return bool(written and any(one.isdigit() for one in written) and _HIJRI.search(written))


def written_date(text: str) -> date | None:
    """Return the calendar date that a text writes as YYYY-MM-DD, or None."""
    written = plainly_written(text)
    if written is None or not _DATE.fullmatch(written):
        return None
    try:
        found = date.fromisoformat(written)
    except ValueError:
        return None
    return None if is_hijri_year(found.year) else found


def written_moment(text: str, zone: tzinfo) -> datetime | None:
    """Return the moment that ISO text writes, in `zone`, or None.

    A date alone is its midnight in `zone`; a time without an offset is a time in `zone`.
    """
    written = plainly_written(text)
    if written is None or (written[:4].isdecimal() and is_hijri_year(int(written[:4]))):
        return None
    try:
        if _DATE.fullmatch(written):
            return datetime.combine(date.fromisoformat(written), time.min, zone)
        if not _TIME.fullmatch(written):
            return None
        found = datetime.fromisoformat(written)
        return found.replace(tzinfo=zone) if found.tzinfo is None else found.astimezone(zone)
    except (ValueError, OverflowError):
        return None


def as_moment(value: object, zone: tzinfo) -> datetime | None:
    """Return the moment that ISO text writes, in `zone`, or None: what compares as a date."""
    return written_moment(value, zone) if isinstance(value, str) else None


def since_epoch(at: datetime) -> timedelta:
    """Return the time that has really passed between 1970 and `at`: what to compare moments by.

    Between two times of one zone Python counts by the clock on the wall, which is an hour off
    over a change of the clocks, and takes an hour that comes twice for one.
    """
    return at.replace(tzinfo=None) - _EPOCH - (at.utcoffset() or timedelta(0))
