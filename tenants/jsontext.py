"""JSON as Sayr reads and writes it: a number with a fraction is an exact decimal, never a float."""

import re
from decimal import Decimal
from typing import Any, Final

import simplejson

Json = Any

# Python reads a whole number of at most 4,300 digits from text, and jsonb writes every digit of
# 1E+5000: a longer number could be stored, and its row never be read again.
MOST_DIGITS: Final = 1000
# Readers recurse: what one of them still reads must not be too deep for the next.
MOST_LEVELS: Final = 200
_LONG_NUMBER: Final = re.compile(rf"\d{{{MOST_DIGITS}}}")
_BITS_A_DIGIT: Final = 3.322
# Beside lists and objects, what reading JSON gives. A float is written and read as the same number.
_PLAIN: Final = frozenset({str, int, float, bool, Decimal, type(None)})

# Made once: `simplejson.loads` and `dumps` make one in each call that has options.
_decoder = simplejson.JSONDecoder(parse_float=Decimal)
_encoder = simplejson.JSONEncoder(use_decimal=True, allow_nan=False, separators=(",", ":"))
_readable = simplejson.JSONEncoder(
    use_decimal=True, allow_nan=False, separators=(",", ":"), ensure_ascii=False
)


def loads(text: str | bytes) -> Json:
    """Read JSON text. Fractions become Decimal. Raises ValueError."""
    return _decoder.decode(text)  # type: ignore[arg-type]  # it takes bytes, too


class NotStorable(ValueError):
    """A value is not JSON that PostgreSQL takes and that can be read again."""


def storable(value: Json) -> str:
    """Write JSON text that PostgreSQL's jsonb takes: it refuses NUL and halves of a character.

    Both become the replacement character. They come from outside, in the answers of providers.
    A number that nobody could read again becomes text.
    """
    text = dumps(value)
    if _has_bad_text(text) or _may_have_bad_numbers(text):
        return dumps(_cleaned(value))
    return text


def storable_text(text: str) -> str:
    """Return the text without what PostgreSQL refuses in it, as `storable` does."""
    if "\0" not in text and text.isascii():
        return text
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def checked(value: Json) -> tuple[Json, int]:
    """Return the value as `storable` would keep it, and how long it is as JSON text.

    Raises NotStorable for what is not JSON, and for numbers and nesting that are too much.
    """
    try:
        text = dumps(value)
    except (TypeError, ValueError, OverflowError) as problem:
        raise NotStorable(str(problem)) from None
    except RecursionError:
        raise NotStorable(f"it is nested deeper than {MOST_LEVELS} levels") from None
    # Counted in text, where they may also be mere characters: only then is the value walked.
    if _may_have_bad_numbers(text) or text.count("[") + text.count("{") > MOST_LEVELS:
        _walk(value)
    # What is read from the row later has to be what the steps see now.
    kept = value if _is_plain(value) else loads(text)
    return (_cleaned(kept) if _has_bad_text(text) else kept), len(text)


def _has_bad_text(text: str) -> bool:
    return "\\u0000" in text or "\\ud" in text


def _may_have_bad_numbers(text: str) -> bool:
    has_exponent = "E+" in text or "E-" in text  # a Decimal writes a capital letter and a sign
    is_long = len(text) > MOST_DIGITS and _LONG_NUMBER.search(text) is not None
    return has_exponent or is_long


def _walk(value: Json) -> None:
    """Look at every part. Raises NotStorable."""
    waiting = [(value, 1)]
    while waiting:
        part, level = waiting.pop()
        if isinstance(part, dict | list | tuple):
            if level > MOST_LEVELS:
                raise NotStorable(f"it is nested deeper than {MOST_LEVELS} levels")
            inner = part.values() if isinstance(part, dict) else part
            waiting += [(item, level + 1) for item in inner]
        elif _is_bad_number(part):
            raise NotStorable(f"it has a number of more than {MOST_DIGITS} digits")


def _is_plain(value: Json) -> bool:
    """Whether all of it is what reading JSON gives: no tuples, no bytes, no numbers as keys."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        kind = type(part)
        if kind is dict:
            if any(type(key) is not str for key in part):
                return False
            waiting += part.values()
        elif kind is list:
            waiting += part
        elif kind not in _PLAIN:
            return False
    return True


def _is_bad_number(value: Json) -> bool:
    if isinstance(value, Decimal):
        _sign, digits, exponent = value.as_tuple()
        return (
            isinstance(exponent, int)
            and max(len(digits) + exponent, len(digits), -exponent) > MOST_DIGITS
        )
    return isinstance(value, int) and value.bit_length() > MOST_DIGITS * _BITS_A_DIGIT


def _cleaned(value: Json) -> Json:
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, bytes):
        return storable_text(value.decode())  # as it is written
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
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
