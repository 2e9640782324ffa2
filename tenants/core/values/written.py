"""Numbers and moments as text writes them, so that two values of any kind can be compared.

Pure. The language and the actions read by the same functions: what is a number in a condition is
one in a step. Strict on purpose, since nobody said what the text is: a phone or a code is no
number, and only ISO 8601 is a date ("03/04/2026" has two readings). Where a date is asked for, more
ways to write one are read (`workflows.definition.values.dates`).
"""

import re
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from tenants.core.text.characters import without_invisible

MOST_DIGITS: Final = 100  # of a number
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  # only to count from
_MOST_CHARACTERS: Final = 1_000  # of a text worth reading, the invisible ones too
# No leading zeros ("0501234567" is a phone, "007" a code), no exponent ("12E5" is a code).
_NUMBER: Final = re.compile(r"\s*([+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)\s*")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?", re.ASCII
)
# The digits of an Arabic or Persian keyboard.
_DIGITS: Final = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
# And its decimal separator, and its mark for thousands.
WESTERN_DIGITS: Final = _DIGITS | str.maketrans("٫", ".", "٬")  # noqa: RUF001


def written_number(text: str) -> Decimal | None:
    """Return the exact number that a text writes, or None."""
    if not text.isascii() and len(text) <= _MOST_CHARACTERS:
        text = without_invisible(text).translate(WESTERN_DIGITS)
    match = _NUMBER.fullmatch(text) if len(text) <= MOST_DIGITS else None
    return Decimal(match[1]) if match else None


def plainly_written(text: str) -> str | None:
    """Return a short text with Western digits and nothing invisible, or None for a long one."""
    if len(text) > _MOST_CHARACTERS:
        return None
    return text.strip() if text.isascii() else without_invisible(text).translate(_DIGITS).strip()


def written_date(text: str) -> date | None:
    """Return the calendar date that a text writes as YYYY-MM-DD, or None."""
    written = plainly_written(text)
    if written is None or not _DATE.fullmatch(written):
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def written_moment(text: str, zone: tzinfo) -> datetime | None:
    """Return the moment that ISO text writes, in `zone`, or None.

    A date alone is its midnight in `zone`; a time without an offset is a time in `zone`.
    """
    written = plainly_written(text)
    if written is None:
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
