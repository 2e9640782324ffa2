"""JSON values: what templates see, and what they give.

A number with a fraction that has to be exact travels as text ("149.90").
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Final, TypeAlias
from uuid import UUID

from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

DEEPEST = 60  # levels of lists and objects in one value
_AS_IT_IS: Final = frozenset({str, bool, int, type(None)})  # exactly these types, not heirs of them


class Sentinel(Enum):
    """Two answers that are not values."""

    MISSING = "missing"  # nothing lies at the path
    LEFT_OUT = "left_out"  # `skip_if_empty` asked to leave the member out


MISSING: Final = Sentinel.MISSING
LEFT_OUT: Final = Sentinel.LEFT_OUT


def normalise(value: object, depth: int = 0) -> Json:
    """Return `value` as JSON: what a template may see.

    Decimal becomes a decimal string, a time ISO 8601 with its offset, a UUID text. Anything
    else that is not JSON (a model, a set, a time without an offset) is refused.
    """
    if type(value) in _AS_IT_IS:
        return value  # type: ignore[return-value]  # most values of most payloads
    if depth > DEEPEST:
        raise ExpressionError(Code.LIMIT_REACHED, limit="nesting", most=DEEPEST)
    if isinstance(value, Mapping):
        return {_key(key): normalise(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [normalise(item, depth + 1) for item in value]
    return _scalar(value)


def _key(key: object) -> str:
    if isinstance(key, Enum):
        key = key.value
    if isinstance(key, str):
        return str(key)
    if isinstance(key, int | UUID) and not isinstance(key, bool):
        return str(key)
    raise ExpressionError(Code.NOT_A_VALUE, kind=type(key).__name__)


def _scalar(value: object) -> Json:
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        # Marked-up text becomes plain text.
        return str.__str__(value)
    if isinstance(value, int | float | Decimal):
        return _number(value)
    return _text(value)


def _number(value: float | Decimal) -> Json:
    if not math.isfinite(value):
        raise ExpressionError(Code.NOT_A_VALUE, kind=str(value))
    return plain(value) if isinstance(value, Decimal) else value


def _text(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    has_no_offset = isinstance(value, datetime) and value.utcoffset() is None
    if isinstance(value, date) and not has_no_offset:
        return value.isoformat()
    kind = "datetime without an offset" if has_no_offset else type(value).__name__
    raise ExpressionError(Code.NOT_A_VALUE, kind=kind)


def plain(number: Decimal) -> str:
    """Return `number` in digits, never with an exponent, its decimals kept."""
    return format(number, "f")


def same_json(left: Json, right: Json) -> bool:
    """Say whether two values are the same JSON: 1 is not true, the order of keys is nothing."""
    return canonical(left) == canonical(right)


def canonical(value: Json) -> str:
    """Return one text for all writings of the same JSON value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
