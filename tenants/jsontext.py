"""JSON as Sayr reads and writes it: a number with a fraction is an exact decimal, never a float."""

from decimal import Decimal
from typing import Any

import simplejson

Json = Any

# Made once: `simplejson.loads` and `dumps` make one in each call that has options.
_decoder = simplejson.JSONDecoder(parse_float=Decimal)
_encoder = simplejson.JSONEncoder(use_decimal=True, allow_nan=False, separators=(",", ":"))
_readable = simplejson.JSONEncoder(
    use_decimal=True, allow_nan=False, separators=(",", ":"), ensure_ascii=False
)


def loads(text: str | bytes) -> Json:
    """Read JSON text. Fractions become Decimal. Raises ValueError."""
    return _decoder.decode(text)  # type: ignore[arg-type]  # it takes bytes, too


def storable(value: Json) -> str:
    """Write JSON text that PostgreSQL's jsonb takes: it refuses NUL and halves of a character.

    Both become the replacement character. They come from outside, in the answers of providers.
    """
    text = dumps(value)
    if "\\u0000" in text or "\\ud" in text:
        return dumps(_without_unstorable(value))
    return text


def _without_unstorable(value: Json) -> Json:
    if isinstance(value, str):
        whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, dict):
        return {_without_unstorable(key): _without_unstorable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_unstorable(item) for item in value]
    return value


def readable(value: Json) -> str:
    """Write JSON text for people: Arabic letters as they are, not their numbers."""
    text = str(_readable.encode(value))
    # Half of a character cannot be written anywhere.
    return text.encode("utf-8", "replace").decode()


def dumps(value: Json) -> str:
    """Write JSON text. A Decimal is written as a number, with all its digits.

    Raises TypeError for a value that is not JSON, ValueError for NaN and infinities.
    """
    return str(_encoder.encode(value))
