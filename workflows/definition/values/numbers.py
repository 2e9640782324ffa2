"""Exact numbers: reckoning with them, and how a result is given back."""

import reprlib
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation
from typing import Any, Final

from tenants.core.json import Json
from tenants.core.values.numbers import as_number, plain
from tenants.core.values.written import MAX_DIGITS_READ
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.language import NUMBERS_STAY_NUMBERS
from workflows.definition.values.json_values import exact, normalise, storable

_SHORT: Final = reprlib.Repr()
_SHORT.maxlist = _SHORT.maxdict = _SHORT.maxtuple = 20
_SHORT.maxstring = 80

# Sums, differences and products are exact, or an error.
_EXACT = Context(prec=MAX_DIGITS_READ, traps=[Inexact, InvalidOperation])
# A division that does not end keeps 28 digits.
_DIVISION = Context(prec=28, rounding=ROUND_HALF_UP, traps=[DivisionByZero, InvalidOperation])
_ROUNDING = Context(prec=MAX_DIGITS_READ, rounding=ROUND_HALF_UP, traps=[InvalidOperation])
_OPERATIONS: Final[dict[str, Callable[[Decimal, Decimal], Decimal]]] = {
    "plus": _EXACT.add,
    "minus": _EXACT.subtract,
    "times": _EXACT.multiply,
    "divided_by": _DIVISION.divide,
    "modulo": _EXACT.remainder,
}


def number(value: object, **where: object) -> Decimal:
    """Return the exact number that `value` is. Raises `not_a_number`, saying `where`."""
    exact = as_number(value)
    if exact is None:
        raise ExpressionError(Code.NOT_A_NUMBER, value=shortened(value), **where)
    return exact


def as_read(value: Any, language: int) -> Json:
    """Return a value as a param takes it over: in the first language decimals become text."""
    return exact(value) if language >= NUMBERS_STAY_NUMBERS else normalise(value)


def given_back(value: Any, language: int) -> Json:
    """Return what filters give, as `as_read` does, but a number written whole as an integer."""
    if isinstance(value, Decimal) and _is_written_whole(value):
        return int(storable(value))
    return as_read(value, language)


def to_json(number: Decimal) -> Json:
    """Return a number as the first language has it: a whole one as such, decimals as text."""
    return given_back(number, 1)


def to_json_number(number: Decimal, wants: str, language: int) -> Json:
    """Return a number for a place that wants a JSON "number" or "integer".

    Raises `not_a_number` in the first language if no floating-point number is exactly this one.
    """
    stays = language >= NUMBERS_STAY_NUMBERS and wants == "number"
    is_whole = _is_written_whole(number) if stays else number == number.to_integral_value()
    if is_whole:
        return int(storable(number))
    if language >= NUMBERS_STAY_NUMBERS:
        return storable(number)
    floating = float(number)
    if Decimal(repr(floating)) != number:
        raise ExpressionError(Code.NOT_A_NUMBER, value=plain(number))
    return floating


def _is_written_whole(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= 0


def calculate(operation: str, left: Decimal, right: Decimal) -> Decimal:
    """Return `left` plus, minus, times, divided by or modulo `right`, exactly.

    Raises `division_by_zero`, or `limit_reached` for a result of too many digits.
    """
    if operation in {"divided_by", "modulo"} and right == 0:
        raise ExpressionError(Code.DIVISION_BY_ZERO)
    try:
        return storable(_OPERATIONS[operation](left, right))
    except (Inexact, InvalidOperation) as error:
        raise ExpressionError(Code.LIMIT_REACHED, limit="digits", most=MAX_DIGITS_READ) from error


def rounded(exact: Decimal, places: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Return `exact` with exactly `places` decimals; a half goes away from zero."""
    try:
        return exact.quantize(Decimal(1).scaleb(-places), rounding=rounding, context=_ROUNDING)
    except InvalidOperation as error:
        raise ExpressionError(Code.LIMIT_REACHED, limit="digits", most=MAX_DIGITS_READ) from error


def shortened(value: object) -> str:
    """Return `value` for an error message: enough to recognise it, not all of it."""
    if isinstance(value, dict | list | tuple):
        text = _SHORT.repr(value)  # all of it could be the memory's end
    else:
        text = value if isinstance(value, str) else str(value)[:200]
    return text if len(text) <= 80 else f"{text[:79]}…"
