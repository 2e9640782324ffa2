"""Exact numbers: which values are numbers, and how a result is given back."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation
from typing import TYPE_CHECKING

from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.values import Json, plain

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_DIGITS = 100
# No leading zeros ("0501234567" is a phone, "007" a code), no exponent ("12E5" is a code).
_NUMBER = re.compile(r"\s*([+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)\s*")

# Sums, differences and products are exact, or an error.
_EXACT = Context(prec=MOST_DIGITS, traps=[Inexact, InvalidOperation])
# A division that does not end keeps 28 digits.
_DIVISION = Context(prec=28, rounding=ROUND_HALF_UP, traps=[DivisionByZero, InvalidOperation])
_ROUNDING = Context(prec=MOST_DIGITS, rounding=ROUND_HALF_UP, traps=[InvalidOperation])


def as_number(value: object) -> Decimal | None:
    """Return the exact number that `value` is, or None.

    Text counts as a number if it is written as one: `149.90`, `-3`. True and false do not.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int):
        # Longer integers are slow to convert, and Python refuses to from 4,300 digits on.
        return Decimal(value) if value.bit_length() < MOST_DIGITS * 3 else None
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, str) and len(value) <= MOST_DIGITS and (match := _NUMBER.fullmatch(value)):
        return Decimal(match[1])
    return None


def number(value: object, **where: object) -> Decimal:
    """Return the exact number that `value` is. Raises `not_a_number`, saying `where`."""
    exact = as_number(value)
    if exact is None:
        raise ExpressionError(Code.NOT_A_NUMBER, value=shortened(value), **where)
    return exact


def to_json(exact: Decimal) -> Json:
    """Return a result as JSON: a whole number as one, one with decimals as text."""
    return int(exact) if _written_whole(exact) else plain(exact)


def to_json_number(exact: Decimal) -> Json:
    """Return a result for a place that wants a JSON number.

    Raises `not_a_number` if no JSON number in common use writes exactly this one.
    """
    if exact == exact.to_integral_value():
        return int(exact)
    floating = float(exact)
    if Decimal(repr(floating)) != exact:
        raise ExpressionError(Code.NOT_A_NUMBER, value=plain(exact))
    return floating


def _written_whole(exact: Decimal) -> bool:
    exponent = exact.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= 0


def calculate(operation: str, left: Decimal, right: Decimal) -> Decimal:
    """Return `left` plus, minus, times, divided by or modulo `right`, exactly.

    Raises `division_by_zero`, or `limit_reached` for a result of too many digits.
    """
    if operation in {"divided_by", "modulo"} and right == 0:
        raise ExpressionError(Code.DIVISION_BY_ZERO)
    operations: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
        "plus": _EXACT.add,
        "minus": _EXACT.subtract,
        "times": _EXACT.multiply,
        "divided_by": _DIVISION.divide,
        "modulo": _EXACT.remainder,
    }
    try:
        return operations[operation](left, right)
    except (Inexact, InvalidOperation) as error:
        raise ExpressionError(Code.LIMIT_REACHED, limit="digits", most=MOST_DIGITS) from error


def rounded(exact: Decimal, places: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Return `exact` with exactly `places` decimals; a half goes away from zero."""
    try:
        return exact.quantize(Decimal(1).scaleb(-places), rounding=rounding, context=_ROUNDING)
    except InvalidOperation as error:
        raise ExpressionError(Code.LIMIT_REACHED, limit="digits", most=MOST_DIGITS) from error


def shortened(value: object) -> str:
    """Return `value` for an error message: enough to recognise it, not all of it."""
    text = value if isinstance(value, str) else str(value)[:200]
    return text if len(text) <= 80 else f"{text[:79]}…"
