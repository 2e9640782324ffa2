"""The one rule by which values compare: in conditions, in templates, in what actions do.

Two numbers compare as numbers, also when they are written as text; else two dates as dates;
else as text. A number beside something that is none is an error when asked which is greater.
Texts that look the same are the same: invisible signs do not count, and a letter with its accent is
one however it is written (`tenants.core.text.characters.comparable`).
"""

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from tenants.core.text.alike import comparable_inside, has_member
from tenants.core.text.characters import comparable, without_invisible
from tenants.core.values.numbers import as_number, is_storable, plain
from tenants.core.values.written import as_moment, since_epoch


class Incomparable(ValueError):
    """The values have no order, or the operator does not fit them."""

    def __init__(self, code: str, value: Any = None) -> None:
        super().__init__(f"{code}: {value!r}")
        self.code = code
        self.value = value  # the side that does not fit


def equal(left: Any, right: Any, zone: tzinfo) -> bool:
    """Say whether two values are the same. Null equals only null; never raises."""
    return like(right, zone)(left)


def like(wanted: Any, zone: tzinfo) -> Callable[[Any], bool]:
    """Return what says whether a value is the same as `wanted`, which is looked at once."""
    if wanted is None:
        return lambda value: value is None
    if _is_container(wanted):
        written = comparable_json(wanted)
        return lambda value: _is_container(value) and comparable_json(value) == written
    number, at, text = as_number(wanted), _instant(wanted, zone), comparable_text(wanted)

    def is_alike(value: Any) -> bool:
        if value is None or _is_container(value):
            return False
        if number is not None and (other := as_number(value)) is not None:
            return number == other
        if at is not None and (moment := _instant(value, zone)) is not None:
            return at == moment
        return comparable_text(value) == text

    return is_alike


def key_of(value: Any, zone: tzinfo) -> Hashable:
    """Return what two equal values have in common, so that they are found in a dict."""
    if value is None:
        return ("null",)
    if _is_container(value):
        return ("json", comparable_json(value))
    number = as_number(value)
    if number is not None:
        return ("number", number)
    at = _instant(value, zone)
    return ("text", comparable_text(value)) if at is None else ("moment", at)


def order(left: Any, right: Any, zone: tzinfo) -> int:
    """Return -1, 0 or 1 as `left` is less than, equal to or greater than `right`.

    Raises Incomparable, with the side that does not fit.
    """
    first: Any = as_number(left)
    second: Any = None if first is None else as_number(right)
    if second is None:
        first, second = sort_keys((left, right), zone)
    return int(first > second) - int(first < second)


def sort_keys(values: Sequence[Any], zone: tzinfo) -> list[Any]:
    """Return what orders each of the values, which have to be of one kind; raises as `order`."""
    for value in values:
        if value is None or isinstance(value, bool) or _is_container(value):
            raise Incomparable("not_comparable", value)
    numbers = _all_or_none(values, as_number, "not_a_number")
    if numbers is not None:
        return numbers
    moments = _all_or_none(values, lambda one: _instant(one, zone), "not_a_date")
    return [comparable_text(value) for value in values] if moments is None else moments


def _all_or_none(values: Sequence[Any], read: Callable[[Any], Any], code: str) -> list[Any] | None:
    """Return what all of the values are read as, or None if none can be read so."""
    found = [read(value) for value in values]
    lacking = [value for value, one in zip(values, found, strict=True) if one is None]
    if lacking and len(lacking) < len(found):
        raise Incomparable(code, lacking[0])
    return None if lacking else found


def _instant(value: Any, zone: tzinfo) -> timedelta | None:
    at = as_moment(value, zone)
    return None if at is None else since_epoch(at)


def contains(whole: Any, part: Any, zone: tzinfo) -> bool:
    """Say whether a list has `part` as an element, or a text has it inside. Raises Incomparable."""
    if isinstance(whole, list | tuple):
        return any(map(like(part, zone), whole))
    if isinstance(whole, Mapping):
        return isinstance(part, str) and has_member(whole, part)
    if isinstance(part, str | int | float | Decimal):
        return comparable_text(part) in comparable_text(whole)
    raise Incomparable("not_text", part)


def is_empty(value: Any) -> bool:
    """Say whether there is nothing in it: null, blank text, no elements. 0 and false are not."""
    if isinstance(value, str):
        return not without_invisible(value).strip()
    return value is None or (_is_container(value) and not len(value))


def as_text(value: Any) -> str:
    """Return a scalar as it is printed: true, 12, 149.90. Null is empty."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return plain(value) if is_storable(value) else str(value)
    return "" if value is None else str(value)


def comparable_text(value: Any) -> str:
    """Return a scalar as it is printed, in the one form that texts are compared in."""
    return comparable(as_text(value))


def folded_text(value: Any) -> str:
    """Return what is the same for texts that differ in large and small letters only."""
    return comparable(comparable_text(value).casefold())


def comparable_json(value: Any) -> str:
    written = _CANONICAL.encode(value)
    return written if written.isascii() else _CANONICAL.encode(comparable_inside(value))


def _written_part(value: Any) -> Any:
    return list(value) if isinstance(value, range) else as_text(value)


# Made once: `json.dumps` makes one in each call that has options.
_CANONICAL: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_written_part
)


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
