"""Formatted text of a mail: what people write, as HTML and as plain text.

It is a small part of Markdown, with `{{ … }}` and `{% … %}` where values stand. The HTML and the
text that are made of it hold the same places, so they are made once, when the text is kept, and
sending fills them in as it does any other.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.token import Token

# Of a link that is drawn as a button: `[Pay now](https://… "button")`.
BUTTON: Final = "button"
_PLACE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TAG: Final = "{%"
_SIGNS: Final = re.compile(r"([\\*_\[\]`<>])")
_BEGINNINGS: Final = re.compile(r"^([ \t]*[0-9]{0,9})([#+\-.)])", re.MULTILINE)
# Mail programs read no style sheets: each element has its own.
_STYLES: Final = {
    "h1": "margin:0 0 16px;font-size:22px;line-height:1.3",
    "h2": "margin:0 0 12px;font-size:18px;line-height:1.3",
    "h3": "margin:0 0 12px;font-size:16px;line-height:1.3",
    "p": "margin:0 0 16px",
    "ul": "margin:0 0 16px;padding-inline-start:24px",
    "ol": "margin:0 0 16px;padding-inline-start:24px",
    "li": "margin:0 0 4px",
}
_FRAME: Final = "font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:1.6"
_BUTTON_STYLE: Final = (
    "display:inline-block;padding:10px 20px;border-radius:6px;background:#1f6feb;color:#ffffff;"
    "text-decoration:none;font-weight:bold"
)


@dataclass(frozen=True, slots=True)
class FormattedMail:
    """Both parts of a mail, their places not yet filled in."""

    text: str
    html: str


def formatted(source: str, language: str = "") -> FormattedMail:
    """Make both parts of a formatted text. `language` says from which side it is read."""
    places = _Places(source)
    tokens = _parser().parse(places.hidden)
    direction = "rtl" if language[:2].lower() in {"ar", "he", "fa", "ur"} else "ltr"
    inside = places.shown("".join(_html(tokens, places)))
    attributes = f'dir="{direction}" lang="{escape(language or "en")}" style="{_FRAME}"'
    return FormattedMail(
        text=places.shown(_plain(tokens, places)),
        html=f"<div {attributes}>\n{inside}</div>\n",
    )


def escaped(text: str) -> str:
    """Return plain text as a formatted text that reads the same."""
    parts = re.split(f"({_PLACE.pattern})", text, flags=re.DOTALL)
    safe = "".join(part if _PLACE.fullmatch(part) else _SIGNS.sub(r"\\\1", part) for part in parts)
    # What begins a heading or a list, and blanks that would begin nothing.
    return _BEGINNINGS.sub(r"\1\\\2", safe)


@cache
def _parser() -> MarkdownIt:
    """Return what reads the text: paragraphs, headings, lists, links, bold and italic."""
    known = ["heading", "list", "paragraph", "text", "newline", "escape", "emphasis", "link"]
    core = ["normalize", "block", "inline", "text_join"]
    parser = MarkdownIt("zero", {"html": False, "breaks": True})
    return parser.enable([*known, *core, "balance_pairs", "fragments_join"], ignoreInvalid=True)


@dataclass(slots=True)
class _Places:
    """The places of a text, each behind a word that Markdown leaves as it is."""

    source: str
    hidden: str = ""
    word: str = "sayrplace"
    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        while self.word in self.source:
            self.word += "x"
        self.hidden = _PLACE.sub(self._hide, self.source)

    def _hide(self, match: re.Match[str]) -> str:
        self.found.append(match[0])
        return f"{self.word}{len(self.found) - 1}z"

    def shown(self, text: str) -> str:
        """Put the places back."""
        return self._words().sub(lambda match: self.found[int(match[1])], text)

    def only_tags(self, text: str) -> bool:
        """Say whether a paragraph holds nothing but `{% … %}`: then it is none."""
        names = self._words().findall(text)
        rest = self._words().sub("", text).strip()
        return bool(names) and not rest and all(self._is_tag(name) for name in names)

    def _is_tag(self, number: str) -> bool:
        return self.found[int(number)].startswith(_TAG)

    def _words(self) -> re.Pattern[str]:
        return re.compile(rf"{self.word}([0-9]+)z")


def _html(tokens: Sequence[Token], places: _Places) -> Iterator[str]:
    is_bare = False  # what stands in a paragraph that is none
    for token, following in zip(tokens, [*tokens[1:], None], strict=False):
        if token.type == "paragraph_open":
            holds_tags = following is not None and places.only_tags(following.content)
            is_bare = token.hidden or holds_tags
            yield "" if is_bare else _opened(token)
        elif token.type == "paragraph_close":
            yield "\n" if is_bare and not token.hidden else "" if is_bare else "</p>\n"
        elif token.type == "inline":
            yield from _inline_html(token.children or ())
        elif token.nesting == 1:
            yield _opened(token)
        else:
            yield f"</{token.tag}>\n"


def _opened(token: Token) -> str:
    start = token.attrs.get("start")
    number = f' start="{int(start)}"' if start else ""
    style = _STYLES.get(token.tag)
    return f'<{token.tag}{number} style="{style}">' if style else f"<{token.tag}{number}>"


def _inline_html(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        match token.type:
            case "softbreak" | "hardbreak":
                yield "<br>\n"
            case "link_open":
                style = f' style="{_BUTTON_STYLE}"' if token.attrs.get("title") == BUTTON else ""
                yield f'<a href="{escape(str(token.attrs["href"]))}"{style}>'
            case _ if token.nesting == 1:
                yield f"<{token.tag}>"
            case _ if token.nesting == -1:
                yield f"</{token.tag}>"
            case _:
                yield escape(token.content)


def _plain(tokens: Sequence[Token], places: _Places) -> str:
    """Return the text part: a blank line between blocks, a dash before what is listed."""
    written = _Lines()
    for token in tokens:
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            written.enter(token.attrs.get("start", 1) if token.tag == "ol" else None)
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            written.leave()
        elif token.type == "list_item_open":
            written.item()
        elif token.type == "inline" and places.only_tags(token.content):
            written.before_next(token.content)
        elif token.type == "inline":
            written.block("".join(_inline_plain(token.children or ())))
    return written.text()


@dataclass(slots=True)
class _Lines:
    """The text part while it is written."""

    lines: list[str] = field(default_factory=list)
    numbers: list[int | None] = field(default_factory=list)  # of the lists around; None: dashes
    mark: str = ""  # before the next line
    tags: str = ""  # that the next line begins with, so that they leave no empty one

    def enter(self, start: object) -> None:
        self.numbers.append(None if start is None else int(str(start)))

    def leave(self) -> None:
        self.numbers.pop()
        self.mark = "  " * len(self.numbers)
        if not self.numbers:
            self.lines.append("")

    def item(self) -> None:
        number = self.numbers[-1]
        self.mark = "  " * (len(self.numbers) - 1) + ("- " if number is None else f"{number}. ")
        self.numbers[-1] = None if number is None else number + 1

    def before_next(self, tags: str) -> None:
        self.tags += tags

    def block(self, said: str) -> None:
        self.lines.append(f"{self.tags}{self.mark}{said}")
        self.mark, self.tags = "  " * len(self.numbers), ""
        if not self.numbers:
            self.lines.append("")

    def text(self) -> str:
        return "\n".join(self.lines).strip() + self.tags + "\n"


def _inline_plain(tokens: Sequence[Token]) -> Iterator[str]:
    target = ""
    said = ""
    for token in tokens:
        match token.type:
            case "softbreak" | "hardbreak":
                yield "\n"
            case "link_open":
                target, said = str(token.attrs["href"]), ""
            case "link_close":
                yield "" if said == target else f": {target}"
            case _ if token.nesting == 0:
                said += token.content
                yield token.content
