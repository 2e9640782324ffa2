"""A message as Teams takes it: an Adaptive Card.

A TextBlock is read as Markdown, and a backslash before a sign is not read alike by all clients
(https://github.com/microsoft/AdaptiveCards/issues/5590). A RichTextBlock has no markup:
https://learn.microsoft.com/en-us/adaptive-cards/authoring-cards/text-features
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from actions.chat.markup import TEAMS, MarkupSpan, has_value_with, leads_somewhere, spans
from actions.errors import PermanentFailure
from tenants.core.json import Json, jsontext
from tenants.core.text.isolates import without_isolates

# A larger one is taken (202) and never shown.
# https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
MAX_BYTES: Final = 28 * 1024
CARD_VERSION: Final = "1.4"
COLORS: Final[Mapping[str, str]] = {
    "green": "good",
    "yellow": "warning",
    "red": "attention",
    "blue": "accent",
}
# Everything but letters, digits and a few signs; what makes a list or a heading where a line
# begins; and a line break, which Markdown drops.
_SIGNS: Final = re.compile(r"[^\w .,:;/?%@'\"=$€£+-]|_|\A\s*(?:[-+=\s]|\d+[.)])")
_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")
# `{{DATE(…)}}` is filled in by the client, also where there is no markup.
_FILLED_IN: Final = re.compile(r"(?<=\{)(?=\{)")


def card(text: str, title: str, color: str | None) -> Json:
    """Return the message with its card. Raises PermanentFailure if Teams would drop it."""
    colored = {"color": COLORS[color]} if color else {}
    blocks: list[Json] = []
    if without_isolates(title):
        blocks += _block(title, {"weight": "bolder", "size": "medium", **colored})
        colored = {}
    blocks += _block(text, colored)
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": CARD_VERSION,
        "body": blocks,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}
    message = {"type": "message", "attachments": [attachment]}
    size = len(jsontext.readable(message).encode())
    if size > MAX_BYTES:
        raise PermanentFailure("teams_card_too_large", bytes=size, limit_bytes=MAX_BYTES)
    return message


def _block(text: str, look: Mapping[str, str]) -> list[Json]:
    if not has_value_with(text, _SIGNS) or not without_isolates(text).strip():
        return [{"type": "TextBlock", "wrap": True, "text": without_isolates(text), **look}]
    blocks: list[Json] = []
    distance: dict[str, str] = {}
    for line in _lines(spans(text, TEAMS)):
        if line:
            blocks.append({"type": "RichTextBlock", **distance, "inlines": _runs(line, look)})
        # Lines follow close on one another; after an empty one there is a gap.
        distance = {"spacing": "none"} if line else {}
    return blocks


def _lines(found: list[MarkupSpan]) -> Iterator[list[MarkupSpan]]:
    line: list[MarkupSpan] = []
    for span in found:
        first, *others = _LINE_BREAK.split(span.text)
        line += [replace(span, text=first)] if first else []
        for other in others:
            yield line
            line = [replace(span, text=other)] if other else []
    yield line


def _runs(line: list[MarkupSpan], look: Mapping[str, str]) -> list[Json]:
    return [
        {"type": "TextRun", "text": part, **look, **_style(span)}
        for span in line
        for part in _FILLED_IN.split(span.text)
    ]


def _style(span: MarkupSpan) -> dict[str, Json]:
    style: dict[str, Json] = {}
    if "bold" in span.styles:
        style["weight"] = "bolder"
    if "italic" in span.styles:
        style["italic"] = True
    if leads_somewhere(span.url):
        style["selectAction"] = {"type": "Action.OpenUrl", "url": span.url}
    return style
