"""Exact numbers: which values are numbers, and which numbers can be stored."""

from decimal import Decimal
from math import isfinite
from typing import Final

from tenants.core.values.written import MAX_DIGITS_READ, written_number

MAX_DIGITS: Final = 100  # of a number, written without an exponent
_BEYOND_DIGITS: Final = 10**MAX_DIGITS
# A float has up to 17 digits, and from here on more zeros than are left.
_MAX_FLOAT: Final = 1e99
_SMALLEST_FLOAT: Final = 1e-80


def as_number(value: object) -> Decimal | None:
    """Return the exact number that `value` is, or None.

    Text counts as a number if it is written as one: `149.90`, `-3`, in Western, Arabic or Persian
    digits, whatever nobody sees in it. True and false do not, and neither does a number too long
    to be stored.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        return value if is_storable(value) else None
    if isinstance(value, int):
        # Longer integers are slow to convert, and Python refuses to from 4,300 digits on.
        return Decimal(value) if value.bit_length() < MAX_DIGITS_READ * 3 else None
    if isinstance(value, float):
        return Decimal(repr(value))
    return written_number(value) if isinstance(value, str) else None


def is_storable(number: Decimal) -> bool:
    """Say whether it is a number that a database can hold, and that is quick to reckon with."""
    return number.is_finite() and digits_written_out(number) <= MAX_DIGITS


def plain(number: Decimal) -> str:
    """Return `number` in digits, never with an exponent, its decimals kept."""
    return format(number, "f")


def is_too_long(number: object) -> bool:
    """Whether it is a number with more digits than are let in, written without an exponent."""
    if isinstance(number, int):
        return not -_BEYOND_DIGITS < number < _BEYOND_DIGITS
    if isinstance(number, Decimal):
        return number.is_finite() and digits_written_out(number) > MAX_DIGITS
    if isinstance(number, float):
        size = abs(number)
        return not _SMALLEST_FLOAT < size < _MAX_FLOAT and size != 0 and isfinite(size)
    return False


def digits_written_out(number: Decimal) -> int:
    """Return how many digits the finite `number` has when it is written without an exponent."""
    _sign, digits, exponent = number.as_tuple()
    exponent = int(exponent)
    return len(digits) + exponent if exponent >= 0 else max(len(digits), 1 - exponent)
