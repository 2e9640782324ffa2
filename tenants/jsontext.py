"""JSON as Sayr reads and writes it: a number with a fraction is an exact decimal, never a float."""

from decimal import Decimal
from typing import Any

import simplejson

Json = Any


def loads(text: str | bytes) -> Json:
    """Read JSON text. Fractions become Decimal. Raises ValueError."""
    return simplejson.loads(text, parse_float=Decimal)


def dumps(value: Json) -> str:
    """Write JSON text. A Decimal is written as a number, with all its digits.

    Raises TypeError for a value that is not JSON, ValueError for NaN and infinities.
    """
    return simplejson.dumps(value, use_decimal=True, allow_nan=False, separators=(",", ":"))
