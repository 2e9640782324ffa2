"""Text without its HTML, in a time that grows no faster than the text."""

from __future__ import annotations

import re
from typing import Final

from liquid import Markup
from liquid.utils.html import strip_tags

# The library's parser looks through the rest of the text at every `<`: it is asked while that
# costs at most so many characters.
_MAX_LOOKED_AT: Final = 1_000_000
_OPENING: Final = re.compile(r"<(script|style)\b[^>]*>|<!--", re.IGNORECASE)
_CLOSING: Final = {
    "script": re.compile(r"</script\b[^>]*>", re.IGNORECASE),
    "style": re.compile(r"</style\b[^>]*>", re.IGNORECASE),
    "": re.compile("-->"),
}
_TAG: Final = re.compile(r"<[a-zA-Z/!?][^>]*>")


def strip_html(value: str) -> str:
    """Return the text without tags, comments, scripts and styles."""
    if value.count("<") * len(value) <= _MAX_LOOKED_AT:
        stripped = strip_tags(value)
    else:
        # No tag ends behind the last `>`: to look for its end there would take the square.
        whole, last, rest = value.rpartition(">")
        stripped = _TAG.sub("", _without_hidden(whole + last)) + rest
    return Markup(stripped) if isinstance(value, Markup) else stripped


def _without_hidden(text: str) -> str:
    pieces, at = [], 0
    while opening := _OPENING.search(text, at):
        pieces.append(text[at : opening.start()])
        closing = _CLOSING[(opening[1] or "").lower()].search(text, opening.end())
        if closing is None:
            return "".join(pieces)
        at = closing.end()
    return "".join([*pieces, text[at:]])
