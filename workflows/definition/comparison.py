"""The one rule by which values compare, in conditions and in templates.

Two numbers compare as numbers, also when they are written as text; else two dates as dates;
else as text. A number beside something that is none is an error when asked which is greater.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.moments import as_moment
from workflows.definition.numbers import as_number, shortened
from workflows.definition.values import normalise, plain, same_json


def equal(left: Any, right: Any, zone: tzinfo) -> bool:
    """Say whether two values are the same. Null equals only null; never raises."""
    if left is None or right is None:
        return left is right
    if _is_container(left) or _is_container(right):
        return _is_container(left) and _is_container(right) and _same(left, right)
    numbers = as_number(left), as_number(right)
    if None not in numbers:
        return numbers[0] == numbers[1]
    if isinstance(left, str) and isinstance(right, str):
        moments = as_moment(left, zone), as_moment(right, zone)
        if None not in moments:
            return moments[0] == moments[1]
    return as_text(left) == as_text(right)


def order(left: Any, right: Any, zone: tzinfo, **where: object) -> int:
    """Return -1, 0 or 1 as `left` is less than, equal to or greater than `right`.

    Raises `not_a_number`, `not_a_date` or `not_comparable`, naming the side that does not fit.
    """
    _refuse_unordered(left, right, where)
    first, second = _both_numbers(left, right, where) or _both_moments(left, right, zone, where)
    return int(first > second) - int(first < second)


def _both_numbers(left: Any, right: Any, where: Mapping[str, object]) -> tuple[Any, Any] | None:
    numbers: tuple[Decimal | None, Decimal | None] = as_number(left), as_number(right)
    if numbers == (None, None):
        return None
    if None in numbers:
        odd = left if numbers[0] is None else right
        raise ExpressionError(Code.NOT_A_NUMBER, value=shortened(odd), **where)
    return numbers


def _both_moments(
    left: Any, right: Any, zone: tzinfo, where: Mapping[str, object]
) -> tuple[Any, Any]:
    moments: tuple[datetime | None, datetime | None] = as_moment(left, zone), as_moment(right, zone)
    if moments == (None, None):
        return as_text(left), as_text(right)
    if None in moments:
        odd = left if moments[0] is None else right
        raise ExpressionError(Code.NOT_A_DATE, value=shortened(odd), **where)
    return moments


def _refuse_unordered(left: Any, right: Any, where: Mapping[str, object]) -> None:
    for side in (left, right):
        if side is None or isinstance(side, bool) or _is_container(side):
            raise ExpressionError(Code.NOT_COMPARABLE, kind=kind_of(side), **where)


def contains(whole: Any, part: Any, zone: tzinfo, **where: object) -> bool:
    """Say whether a list has `part` as an element, or a text has it inside."""
    if isinstance(whole, list | tuple):
        return any(equal(element, part, zone) for element in whole)
    if isinstance(whole, Mapping):
        return isinstance(part, str) and part in whole
    if isinstance(part, str | int | float | Decimal):
        return as_text(part) in as_text(whole)
    raise ExpressionError(Code.NOT_TEXT, kind=kind_of(part), **where)


def as_text(value: Any) -> str:
    """Return a scalar as it is printed: true, 12, 149.90. Null is empty."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return plain(value)
    return "" if value is None else str(value)


def is_empty(value: Any) -> bool:
    """Say whether there is nothing in it: null, blank text, no elements. 0 and false are not."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (_is_container(value) and not len(value))


def kind_of(value: object) -> str:
    """Return what the value is, in the language's own word: a key for the sentences."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "text"
        case Mapping():
            return "object"
        case list() | tuple() | range():
            return "list"
        case _:
            return "number"


def _is_container(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple | range)


def _same(left: Any, right: Any) -> bool:
    return same_json(normalise(left), normalise(right))
