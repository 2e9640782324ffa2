"""JSON values: what templates see, and what they give.

A number with a fraction is a Decimal, with all its digits. What comes from Python code as one
(money, in a record) travels as text ("149.90"): `normalise`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Final
from uuid import UUID

from tenants.core.json import Json
from tenants.core.values.numbers import MAX_DIGITS, is_storable, plain
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError

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
