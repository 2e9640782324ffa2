"""Characters that nobody sees, and letters that are written in two ways.

Pure. Text that is copied from a chat or a page brings marks of direction, joiners and variation
selectors along; keyboards and systems differ in whether a letter and its accent are one character.
"""

import re
import unicodedata
from typing import Final

# Category Cf of Unicode (marks of direction, joiners, soft hyphens, byte-order marks), tags and the
# variation selectors, none of which is part of an address, a phone or a number. Written out, since
# to ask the database of all characters takes a fifth of a second; a test compares.
_USUAL: Final = (
    "\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
)
_RARE: Final = (
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef"
)
INVISIBLES: Final = _USUAL + _RARE  # as they stand between the brackets of a pattern
_INVISIBLE: Final = re.compile(f"[{INVISIBLES}]")
# One pattern for all is four times slower than one for the first 65,536 characters.
_USUAL_INVISIBLE: Final = re.compile(f"[{_USUAL}]")
_RARE_INVISIBLE: Final = re.compile(f"[{_RARE}]")
_BEYOND: Final = re.compile("[\U00010000-\U0010ffff]")


def without_invisible(text: str) -> str:
    """Return the text without its invisible characters: of an address, a phone or a number."""
    if text.isascii():
        return text
    seen = _USUAL_INVISIBLE.sub("", text)
    return _RARE_INVISIBLE.sub("", seen) if _BEYOND.search(seen) else seen


def composed(text: str) -> str:
    """Return the text with each letter and its accent as one character (Unicode's NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def comparable(text: str) -> str:
    """Return what two texts have in common that look the same: no invisible signs, composed."""
    # In this order: a sign between a letter and its accent keeps them apart.
    return text if text.isascii() else unicodedata.normalize("NFC", without_invisible(text))


def shown(text: str) -> str:
    """Return the text with its invisible characters written out, for a sentence about them."""
    return _INVISIBLE.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)
