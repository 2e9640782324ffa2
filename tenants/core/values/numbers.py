"""Exact numbers: which values are numbers, and which numbers can be stored."""

from decimal import Decimal

from tenants.core.json.strict_json import MAX_DIGITS, digits_written_out
from tenants.core.values.written import MAX_DIGITS_READ, written_number


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
