"""Telling the values in a text from the words around them.

Pure. A value that a channel might read as markup stands between the isolates of Unicode: U+2068
and U+2069, which nobody sees and which keep its direction from running into the text beside it.
Whoever sends the text takes them out again.
"""

import re
from collections.abc import Iterator
from typing import Final

FIRST: Final = "\u2068"
LAST: Final = "\u2069"

# Letters and digits in any script, with single signs between them that no markup is made of.
_HARMLESS: Final = re.compile(r"[^\W_]+(?:[ ,.][^\W_]+)*")
_ISOLATES: Final = re.compile(f"[{FIRST}{LAST}]")
_VALUE: Final = re.compile(f"{FIRST}([^{FIRST}{LAST}]*){LAST}")


def isolated(value: str) -> str:
    """Return the value between isolates; without them if no channel could take it for markup."""
    if not value or _HARMLESS.fullmatch(value):
        return value
    return f"{FIRST}{_ISOLATES.sub('', value)}{LAST}"


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of the text, and of each whether it is a value."""
    for place, piece in enumerate(_VALUE.split(text)):
        if piece:
            yield piece, place % 2 == 1


def without_isolates(text: str) -> str:
    return _VALUE.sub(r"\1", text) if FIRST in text else text
