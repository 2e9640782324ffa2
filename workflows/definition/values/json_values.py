"""JSON values: what templates see and give, exact numbers among them, and how they compare.

A number with a fraction is a Decimal, with all its digits. What comes from Python code as one
(money, in a record) travels as text ("149.90"): `normalise`. Values compare by the one rule of
`tenants.core.values.comparison`; the refusals here are the language's own.
"""

import json
import math
import reprlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation
from enum import Enum
from typing import Any, Final
from uuid import UUID

from tenants.core.json import Json
from tenants.core.values import comparison
from tenants.core.values.comparison import Incomparable, kind_of
from tenants.core.values.numbers import MAX_DIGITS, as_number, is_storable, plain
from tenants.core.values.written import MAX_DIGITS_READ
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.language import NUMBERS_STAY_NUMBERS

MAX_DEPTH: Final = 60  # levels of lists and objects in one value
# Of a number written out, without an exponent: as many as every door lets in.
MAX_STORED_DIGITS: Final = MAX_DIGITS
_AS_IT_IS: Final = frozenset({str, bool, int, type(None)})  # exactly these types, not heirs of them
# Made once: `json.dumps` makes one in each call that has options.
_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def normalise(value: object) -> Json:
    """Return `value` as JSON: what a template may see.

    Decimal becomes a decimal string, a time ISO 8601 with its offset, a UUID text. Anything
    else that is not JSON (a model, a set, a time without an offset) is refused.
    """
    return _as_json(value, _digits, 0)


def exact(value: object) -> Json:
    """Return `value` as JSON, as `normalise` does, but a Decimal as the number that it is."""
    return _as_json(value, storable, 0)


def _as_json(value: object, decimal: Callable[[Decimal], Json], depth: int) -> Json:
    if type(value) in _AS_IT_IS:
        return value  # most values of most payloads
    if depth > MAX_DEPTH:
        raise ExpressionError(Code.LIMIT_REACHED, limit="nesting", most=MAX_DEPTH)
    if isinstance(value, Mapping):
        return {_key(key): _as_json(one, decimal, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(one, decimal, depth + 1) for one in value]
    return _scalar(value, decimal)


def _key(key: object) -> str:
    if isinstance(key, Enum):
        key = key.value
    if isinstance(key, str):
        return str(key)
    if isinstance(key, int | UUID) and not isinstance(key, bool):
        return str(key)
    raise ExpressionError(Code.NOT_A_VALUE, kind=type(key).__name__)


def _scalar(value: object, decimal: Callable[[Decimal], Json]) -> Json:
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        # Marked-up text becomes plain text.
        return str.__str__(value)
    if isinstance(value, int | float | Decimal):
        # What is too large for a floating-point number is finite all the same.
        if not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
            raise ExpressionError(Code.NOT_A_VALUE, kind=str(value))
        return decimal(value) if isinstance(value, Decimal) else value
    return _text(value)


def _digits(number: Decimal) -> str:
    return plain(storable(number))


def _text(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    has_no_offset = isinstance(value, datetime) and value.utcoffset() is None
    if isinstance(value, date) and not has_no_offset:
        return value.isoformat()
    kind = "datetime without an offset" if has_no_offset else type(value).__name__
    raise ExpressionError(Code.NOT_A_VALUE, kind=kind)


def storable(number: Decimal) -> Decimal:
    """Return `number`. Raises `limit_reached` if it is not one that can be stored."""
    if not is_storable(number):
        raise ExpressionError(Code.LIMIT_REACHED, limit="digits", most=MAX_STORED_DIGITS)
    return number


def same_json(left: Json, right: Json) -> bool:
    """Say whether two values are the same JSON: 1 is not true, the order of keys is nothing."""
    return canonical(left) == canonical(right)


def canonical(value: Json) -> str:
    """Return one text for all writings of the same JSON value."""
    return _CANONICAL.encode(value)


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


_NAMES_THE_KIND = frozenset({Code.NOT_COMPARABLE, Code.NOT_TEXT})


def order(left: Any, right: Any, zone: tzinfo, **where: object) -> int:
    """Return -1, 0 or 1 as `left` is less than, equal to or greater than `right`.

    Raises `not_a_number`, `not_a_date` or `not_comparable`, naming the side that does not fit.
    """
    try:
        return comparison.order(left, right, zone)
    except Incomparable as reason:
        raise _refused(reason, where) from None


def sort_keys(values: Sequence[Any], zone: tzinfo, **where: object) -> list[Any]:
    """Return what orders each of the values, which have to be of one kind; raises as `order`."""
    try:
        return comparison.sort_keys(values, zone)
    except Incomparable as reason:
        raise _refused(reason, where) from None


def contains(whole: Any, part: Any, zone: tzinfo, **where: object) -> bool:
    """Say whether a list has `part` as an element, or a text has it inside. Raises `not_text`."""
    try:
        return comparison.contains(whole, part, zone)
    except Incomparable as reason:
        raise _refused(reason, where) from None


def _refused(reason: Incomparable, where: Mapping[str, object]) -> ExpressionError:
    if reason.code in _NAMES_THE_KIND:
        return ExpressionError(reason.code, kind=kind_of(reason.value), **where)
    return ExpressionError(reason.code, value=shortened(reason.value), **where)
