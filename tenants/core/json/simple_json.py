"""Small JSON values that anybody takes as they are: most of what a step is given and results in."""

from collections.abc import Iterable
from typing import Final

from tenants.core.json import Json

# What is not longer is not asked for its length by anybody who refuses it.
_SHORT: Final = 4000
# A value has at least as many parts as levels: so few are not nested too deep for any reader.
MAX_PARTS: Final = 200
_SMALL: Final = 10**15
_MAX_AROUND: Final = 24  # characters of a number, and of what stands around a value and its name


def length_of_simple(value: Json) -> int | None:
    """Return a bound for the length of a small value that is stored as it is; None: look closer.

    Most inputs and results are such values, and to look at each part takes less than to write them.
    """
    length, parts = 0, [value]
    for part in parts:
        kind = type(part)
        texts: Iterable[Json] = ()
        if kind is str:
            texts = (part,)
        elif kind is dict:
            texts = part
            parts += part.values()
        elif kind is list:
            parts += part
        elif not _is_small(part):
            return None
        if not all(map(_is_simple_text, texts)):
            return None
        length += sum(map(len, texts))
    # Each letter may be written as \uXXXX.
    length = 6 * length + _MAX_AROUND * len(parts)
    return length if length <= _SHORT and len(parts) <= MAX_PARTS else None


def _is_small(value: Json) -> bool:
    return value is None or type(value) is bool or (type(value) is int and abs(value) < _SMALL)


def _is_simple_text(text: Json) -> bool:
    return type(text) is str and text.isascii() and "\0" not in text
