"""The markup of a message's author, read into spans of text; values in it stay what they are.

Slack and Teams have no sign that makes their own signs plain in every client. So a text with
values that they might read as markup is sent in the form that has none, taken apart here.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from tenants.core.text.isolates import pieces

# Stands for a value while the words around it are read.
_PLACE: Final = "\ufffc"
_ADDRESS: Final = re.compile(r"(?:https?://|mailto:)\S+")
# The groups of the patterns below that are a style.
_STYLED: Final = {
    **{name: name for name in ("bold", "italic", "strike", "code", "block", "quote")},
    "strong": "bold",
    "slanted": "italic",
}
_AS_IT_IS: Final = frozenset({"code", "block"})  # no markup counts inside

# Signs count where a word begins and ends, as both documentations say: SO_2024_001 is one word.
_OPENS: Final = r"(?<!\w)"
_CLOSES: Final = r"(?!\w)"


def _between(name: str, sign: str) -> str:
    other, edge = rf"[^{sign[-1]}\n]", rf"[^\s{sign[-1]}]"
    return rf"{_OPENS}{sign}(?P<{name}>{edge}(?:{other}*{edge})?){sign}{_CLOSES}"


# https://docs.slack.dev/messaging/formatting-message-text
SLACK: Final = re.compile(
    "|".join(
        (
            r"^> ?(?P<quote>[^\n]+)",
            r"```(?P<block>.+?)```",
            r"`(?P<code>[^`\n]+)`",
            _between("bold", r"\*"),
            _between("italic", "_"),
            _between("strike", "~"),
            r":(?P<emoji>[+-]1|[a-z0-9_+'-]*[a-z][a-z0-9_+'-]*):",
            r"(?P<address>https?://[^\s<>|]+)",
            rf"(?P<value>{_PLACE})",
        )
    ),
    re.DOTALL | re.MULTILINE,
)
# https://learn.microsoft.com/en-us/adaptive-cards/authoring-cards/text-features
TEAMS: Final = re.compile(
    "|".join(
        (
            r"\\(?P<escaped>[!-/:-@\[-`{-~])",
            r"\[(?P<label>[^\[\]\n]+)\]\((?P<target>[^()\s]+)\)",
            r"\*\*(?P<strong>[^\s*](?:[^*\n]*[^\s*])?)\*\*",
            _between("bold", "__"),
            r"\*(?P<slanted>[^\s*](?:[^*\n]*[^\s*])?)\*",
            _between("italic", "_"),
        )
    )
)


@dataclass(frozen=True, slots=True)
class MarkupSpan:
    """A part of a text in one style."""

    text: str
    styles: frozenset[str] = frozenset()  # bold, italic, strike, code, block, quote
    url: str = ""  # where it leads
    emoji: str = ""  # the name of the one that stands here


_PLAIN: Final = MarkupSpan("")


def has_value_with(text: str, signs: re.Pattern[str]) -> bool:
    return any(is_value and signs.search(piece) for piece, is_value in pieces(text))


def spans(text: str, dialect: re.Pattern[str]) -> list[MarkupSpan]:
    """Return the text without the author's markup, in spans that have it as their style."""
    words, values = "", deque[str]()
    for piece, is_value in pieces(text):
        # A sign of the author's own that looks like our place is a value, too.
        for part in [piece] if is_value else re.split(f"({_PLACE})", piece):
            if is_value or part == _PLACE:
                values.append(part)
            words += _PLACE if is_value or part == _PLACE else part
    fill = _filler(values)
    return [
        replace(span, text=fill(span.text), url=fill(span.url)) for span in _read(words, dialect)
    ]


def _filler(values: deque[str]) -> Callable[[str], str]:
    # Of a link the label comes first, as in the text.
    return lambda words: re.sub(_PLACE, lambda _: values.popleft(), words)


def _read(words: str, dialect: re.Pattern[str], style: MarkupSpan = _PLAIN) -> Iterator[MarkupSpan]:
    at = 0
    for found in dialect.finditer(words):
        if found.start() > at:
            yield replace(style, text=words[at : found.start()])
        yield from _styled(found, dialect, style)
        at = found.end()
    if at < len(words):
        yield replace(style, text=words[at:])


def _styled(
    found: re.Match[str], dialect: re.Pattern[str], style: MarkupSpan
) -> Iterator[MarkupSpan]:
    kind = found.lastgroup or ""
    said = found[kind]
    if kind in _STYLED:
        inner = replace(style, text=said.strip("\n"), styles=style.styles | {_STYLED[kind]})
        yield from [inner] if kind in _AS_IT_IS else _read(said, dialect, inner)
    elif kind == "target":
        yield replace(style, text=found["label"], url=said)
    elif kind == "emoji":
        yield replace(style, text=found[0], emoji=said)
    else:
        yield replace(style, text=said)


def leads_somewhere(address: str) -> bool:
    """Say whether the whole text is an address that a message may lead to."""
    return _ADDRESS.fullmatch(address) is not None
