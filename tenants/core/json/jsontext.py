"""JSON as Sayr reads and writes it: a number with a fraction is an exact decimal, never a float."""

import re
from decimal import Decimal
from typing import Final

import simplejson

from tenants.core.json import Json

# Python reads a whole number of at most 4,300 digits from text, and jsonb writes every digit of
# 1E+5000: a longer number could be stored, and its row never be read again. Far beyond what is let
# in (`strict_json`): what is written has been in a row already, or was checked.
MAX_DIGITS: Final = 1000
_LONG_NUMBER: Final = re.compile(rf"\d{{{MAX_DIGITS}}}")
# So many digits in a row hold four of every _STRIDEth character: most texts are seen to be without
# by a handful of them.
_STRIDE: Final = MAX_DIGITS // 4
_FOUR_DIGITS: Final = re.compile(r"\d{4}")
_BITS_A_DIGIT: Final = 3.322

# Made once: `simplejson.loads` and `dumps` make one in each call that has options.
_decoder = simplejson.JSONDecoder(parse_float=Decimal)
_encoder = simplejson.JSONEncoder(use_decimal=True, allow_nan=False, separators=(",", ":"))
_readable = simplejson.JSONEncoder(
    use_decimal=True, allow_nan=False, separators=(",", ":"), ensure_ascii=False
)


class UnreadableJson(str):
    """Stands in a value that was read from a row, for a part of it that could not be."""

    __slots__ = ()


def loads(text: str | bytes) -> Json:
    """Read JSON text. Fractions become Decimal. Raises ValueError."""
    return _decoder.decode(text)  # type: ignore[arg-type]  # it takes bytes, too


def storable(value: Json) -> str:
    """Write JSON text that PostgreSQL's jsonb takes: it refuses NUL and halves of a character.

    Both become the replacement character. They come from outside, in the answers of providers.
    A number that nobody could read again becomes text.
    """
    text = dumps(value)
    if has_bad_text(text) or _may_have_bad_numbers(text):
        return dumps(cleaned(value))
    return text


def storable_text(text: str) -> str:
    """Return the text without what PostgreSQL refuses in it, as `storable` does."""
    if "\0" not in text and text.isascii():
        return text
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def has_bad_text(text: str) -> bool:
    """Whether JSON text as `dumps` writes it may hold NUL or half of a character."""
    return "\\u0000" in text or "\\ud" in text


def _may_have_bad_numbers(text: str) -> bool:
    has_exponent = "E+" in text or "E-" in text  # a Decimal writes a capital letter and a sign
    if has_exponent or len(text) <= MAX_DIGITS:
        return has_exponent
    return bool(_FOUR_DIGITS.search(text[::_STRIDE]) and _LONG_NUMBER.search(text))


def _is_bad_number(value: Json) -> bool:
    if isinstance(value, Decimal):
        _sign, digits, exponent = value.as_tuple()
        return (
            isinstance(exponent, int)
            and max(len(digits) + exponent, len(digits), -exponent) > MAX_DIGITS
        )
    return isinstance(value, int) and value.bit_length() > MAX_DIGITS * _BITS_A_DIGIT


def cleaned(value: Json) -> Json:
    """Return the value without what PostgreSQL refuses in text; numbers without end as text."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, bytes):
        return storable_text(value.decode())  # as it is written
    if isinstance(value, dict):
        return {cleaned(key): cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item) for item in value]
    return str(value) if _is_bad_number(value) else value


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
