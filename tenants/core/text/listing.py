"""Words one after the other, in the reader's language."""

import re
from collections.abc import Iterable
from typing import Final

from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

# Unicode's signs for text of another direction: what stands between them is laid out by itself.
ISOLATE: Final = "\N{FIRST STRONG ISOLATE}"
END: Final = "\N{POP DIRECTIONAL ISOLATE}"
_RIGHT_TO_LEFT_LETTER: Final = re.compile("[\u0590-\u065f\u066e-\u06ef\u06fa-\u08ff\ufb1d-\ufefc]")
_RIGHT_TO_LEFT: Final = "\N{RIGHT-TO-LEFT MARK}"
# All signs of direction: marks, embeddings, isolates.
_SIGNS: Final = dict.fromkeys(
    [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


def bare(text: str) -> str:
    """Return what somebody typed or pasted, without the signs that come along with a copy."""
    return text.translate(_SIGNS)


def apart(value: object) -> str:
    """Return what somebody else wrote so that it keeps its direction in a sentence of the reader's.

    Between Arabic words “+961 3 123 456” and {"error": 1} would be read from the right.
    """
    text = str(value)
    if not text or text.isdecimal() or not get_language_bidi():
        return text
    return f"{ISOLATE}{text}{END}"


def name_apart(name: object) -> str:
    """Return a name so that it keeps its direction in a sentence of any language.

    An Arabic one before a colon and a number would take these with it to its other side.
    """
    text = str(name)
    return f"{ISOLATE}{text}{END}" if _RIGHT_TO_LEFT_LETTER.search(text) else apart(text)


def listed(words: Iterable[object]) -> str:
    """Return the words with the language's comma between them.

    Between Arabic words English ones keep their place: “cancelled، refunded” is no longer one
    English phrase that is read from the left.
    """
    if not get_language_bidi():
        return _(", ").join(map(str, words))
    found = _(", ").join(f"{ISOLATE}{word}{END}" for word in words)
    # The list reads from the right, whatever its words are.
    return f"{_RIGHT_TO_LEFT}{found}" if found else ""
