"""How actions compare values: the rule of the language, which they may not import.

Two numbers compare as numbers, also when they are written as text; else two dates as dates; else
as text. Texts that look the same are the same: invisible signs do not count, and a letter with its
accent is one however it is written. `tests/actions/test_comparing.py` holds this and the language
to the same answers.
"""

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from actions.paths import MISSING
from tenants.core.json.strict_json import MAX_DIGITS
from tenants.core.text.alike import comparable_inside, has_member
from tenants.core.text.characters import comparable, without_invisible
from tenants.core.values.written import MOST_DIGITS, written_moment, written_number

Json = Any

_MOST_STORED_DIGITS: Final = MAX_DIGITS
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  # only to count from


class Incomparable(ValueError):
    """The two values have no order, or the operator does not fit them."""

    def __init__(self, code: str, value: Json = None) -> None:
        super().__init__(f"{code}: {value!r}")
        self.code = code  # the language's own word for the same mistake
        self.value = value  # the side that does not fit


def holds(left: Any, operator: str, right: Json, zone: tzinfo) -> bool:
    """Say whether `left operator right`; `left` may be MISSING. Raises Incomparable."""
    if operator in _ON_NOTHING:
        return is_empty(left) is _ON_NOTHING[operator]
    if left is MISSING or (left is None and operator not in _WITH_NULL):
        raise Incomparable("missing_value")
    return _DECIDE[operator](left, right, zone)


def equal(left: Json, right: Json, zone: tzinfo) -> bool:
    """Say whether two values are the same. Null equals only null; never raises."""
    return key_of(left, zone) == key_of(right, zone)


def key_of(value: Json, zone: tzinfo) -> Hashable:
    """Return what two equal values have in common, so that they are found in a dict."""
    if value is None:
        return ("null",)
    if isinstance(value, Mapping | list | tuple):
        return ("json", _canonical(value))
    number = as_number(value)
    if number is not None:
        return ("number", number)
    at = _instant(value, zone)
    return ("text", comparable_text(value)) if at is None else ("moment", at)


def order(left: Json, right: Json, zone: tzinfo) -> int:
    """Return -1, 0 or 1 as `left` is less than, equal to or greater than `right`.

    Raises Incomparable.
    """
    first, second = sort_keys((left, right), zone)
    return int(first > second) - int(first < second)


def sort_keys(values: Sequence[Json], zone: tzinfo) -> list[Any]:
    """Return a key for each value, all of one kind. Raises Incomparable naming the odd value."""
    for value in values:
        if value is None or isinstance(value, bool | Mapping | list | tuple):
            raise Incomparable("not_comparable", value)
    numbers = _all_or_none([as_number(value) for value in values], values, "not_a_number")
    if numbers is not None:
        return numbers
    moments = _all_or_none([_instant(value, zone) for value in values], values, "not_a_date")
    return [comparable_text(value) for value in values] if moments is None else moments


def contains(whole: Json, part: Json, zone: tzinfo) -> bool:
    """Say whether a list has `part` as an element, or a text has it inside. Raises Incomparable."""
    if isinstance(whole, list | tuple):
        wanted = key_of(part, zone)
        return any(key_of(element, zone) == wanted for element in whole)
    if isinstance(whole, Mapping):
        return isinstance(part, str) and has_member(whole, part)
    if isinstance(part, str | int | float | Decimal):
        return comparable_text(part) in comparable_text(whole)
    raise Incomparable("not_text", part)


def is_empty(value: Any) -> bool:
    """Say whether there is nothing in it: null, blank text, no elements. 0 and false are not."""
    if isinstance(value, str):
        return not without_invisible(value).strip()
    return value is None or value is MISSING or (isinstance(value, Mapping | list) and not value)


def as_number(value: Json) -> Decimal | None:
    """Return the exact number that `value` is or writes, or None. True and false are none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        return value if _is_storable(value) else None
    if isinstance(value, int):
        return Decimal(value) if value.bit_length() < MOST_DIGITS * 3 else None
    if isinstance(value, float):
        return Decimal(repr(value))
    return written_number(value) if isinstance(value, str) else None


def _is_storable(number: Decimal) -> bool:
    _sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        return False
    written = len(digits) + exponent if exponent >= 0 else max(len(digits), 1 - exponent)
    return written <= _MOST_STORED_DIGITS


def as_moment(value: Json, zone: tzinfo) -> datetime | None:
    """Return the moment that ISO text writes, or None.

    A date alone is its midnight in `zone`; a time without an offset is a time in `zone`.
    """
    return written_moment(value, zone) if isinstance(value, str) else None


def _instant(value: Json, zone: tzinfo) -> timedelta | None:
    """Return the time that has really passed since 1970.

    Python compares two times of one zone by the clock on the wall, and is an hour off over a
    change of the clocks.
    """
    at = as_moment(value, zone)
    if at is None:
        return None
    return at.replace(tzinfo=None) - _EPOCH - (at.utcoffset() or timedelta(0))


def as_text(value: Json) -> str:
    """Return a scalar as it is printed: true, 12, 149.90. Null is empty."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return format(value, "f") if _is_storable(value) else str(value)
    return "" if value is None else str(value)


def comparable_text(value: Json) -> str:
    """Return a scalar as it is printed, in the one form that texts are compared in."""
    return comparable(as_text(value))


def _all_or_none(found: list[Any], values: Sequence[Json], code: str) -> list[Any] | None:
    lacking = [value for value, one in zip(values, found, strict=True) if one is None]
    if not lacking:
        return found
    if len(lacking) == len(values):
        return None
    raise Incomparable(code, lacking[0])


def _canonical(value: Json) -> str:
    def plain(inner: Any) -> str:
        return format(inner, "f") if isinstance(inner, Decimal) else str(inner)

    written = json.dumps(value, sort_keys=True, default=plain, ensure_ascii=False)
    if written.isascii():
        return written
    inside = comparable_inside(value)
    return json.dumps(inside, sort_keys=True, default=plain, ensure_ascii=False)


def _in(left: Json, right: Json, zone: tzinfo) -> bool:
    if not isinstance(right, list | tuple):
        raise Incomparable("not_a_list", right)
    return contains(right, left, zone)


_ON_NOTHING: Final = {"is_empty": True, "is_not_empty": False}
_WITH_NULL: Final = frozenset({"equals", "not_equals", "in"})
_DECIDE: Final[Mapping[str, Callable[[Any, Any, tzinfo], bool]]] = {
    "equals": equal,
    "not_equals": lambda left, right, zone: not equal(left, right, zone),
    "in": _in,
    "greater_than": lambda left, right, zone: order(left, right, zone) > 0,
    "less_than": lambda left, right, zone: order(left, right, zone) < 0,
    "greater_or_equal": lambda left, right, zone: order(left, right, zone) >= 0,
    "less_or_equal": lambda left, right, zone: order(left, right, zone) <= 0,
    "contains": contains,
}
OPERATORS: Final = (*_DECIDE, *_ON_NOTHING)
