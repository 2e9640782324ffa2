"""A message as Slack takes it.

What the author wrote may use Slack's markup, values never become it. https://docs.slack.dev says
of `text` that `&`, `<` and `>` are to be written as entities, and knows no way to write the other
signs of its markup so that they are none. A block `rich_text` has no markup in its texts.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Final

from actions.chat.markup import SLACK, MarkupSpan, has_value_with, leads_somewhere, spans
from tenants.core.json import Json, jsontext
from tenants.core.text.isolates import without_isolates

# "Slack will truncate messages containing more than 40,000 characters."
# https://docs.slack.dev/changelog/2018-truncating-really-long-messages
MAX_CHARACTERS: Final = 40_000
# Blocks of more than about 13,200 are refused (`msg_blocks_too_long`); no page documents it.
# https://github.com/slackapi/bolt-js/issues/2509
MAX_BLOCK_CHARACTERS: Final = 12_000
COLORS: Final[Mapping[str, str]] = {
    "green": "#2eb67d",
    "yellow": "#ecb22e",
    "red": "#e01e5a",
    "blue": "#36c5f0",
}
_SHORTENED: Final = "…"
_HALF_ENTITY: Final = re.compile(r"&[a-z]{0,3}\Z")
_SIGNS: Final = re.compile(r"[*_~`]|:[a-z0-9_+'-]+:|^\s*>", re.MULTILINE)
_ELEMENTS: Final = {"block": "rich_text_preformatted", "quote": "rich_text_quote"}


def message(text: str, title: str, color: str | None, channel: str) -> tuple[Json, list[str]]:
    """Return the body of `chat.postMessage`, and codes for what of the text it does not carry."""
    told: list[str] = []
    title = title if without_isolates(title) else ""
    plain = escaped(without_isolates(text))
    if len(plain) > MAX_CHARACTERS:
        plain = _HALF_ENTITY.sub("", plain[: MAX_CHARACTERS - len(_SHORTENED)]) + _SHORTENED
        told.append("text_shortened")
    blocks = None
    if has_value_with(f"{title}\n{text}", _SIGNS):
        blocks = _blocks(text, title)
        if len(jsontext.readable(blocks)) > MAX_BLOCK_CHARACTERS:
            blocks = None
            told.append("markup_left_out")
    has_markup = blocks is None and "markup_left_out" not in told
    shown = {"text": plain, **({"blocks": blocks} if blocks else {})}
    if color or title:
        shown = {"attachments": [_attachment(shown, title, color, has_markup)]}
    elif not has_markup:
        shown["mrkdwn"] = False  # the text stands in for the blocks then
    return {"channel": channel, **shown}, told


def escaped(text: str) -> str:
    """Return the text without mentions and links: Slack reads <!channel> and <@U1> as such."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _attachment(shown: Json, title: str, color: str | None, has_markup: bool) -> Json:
    fallback = {"fallback": shown["text"]}
    if "blocks" in shown:
        attachment = {**fallback, "blocks": shown["blocks"]}
    else:
        attachment = {"text": shown["text"], **fallback}
        attachment |= {"title": escaped(without_isolates(title))} if title else {}
        attachment |= {} if has_markup else {"mrkdwn_in": []}
    return {**attachment, **({"color": COLORS[color]} if color else {})}


def _blocks(text: str, title: str) -> Json:
    """Return the message as a block whose texts have no markup."""
    shown = spans(text, SLACK)
    elements = [
        {"type": _ELEMENTS.get(kind, "rich_text_section"), "elements": _elements(group, kind)}
        for kind, group in groupby(shown, _element)
    ]
    if title:
        heading = {"type": "text", "text": without_isolates(title), "style": {"bold": True}}
        elements.insert(0, {"type": "rich_text_section", "elements": [heading]})
    return [{"type": "rich_text", "elements": [one for one in elements if one["elements"]]}]


def _element(span: MarkupSpan) -> str:
    return next((kind for kind in _ELEMENTS if kind in span.styles), "")


def _elements(group: Iterable[MarkupSpan], kind: str) -> list[Json]:
    return [_written(span, kind) for span in group if span.text]


def _written(span: MarkupSpan, kind: str) -> Json:
    style = dict.fromkeys(sorted(span.styles - _ELEMENTS.keys()), True)
    styled = {"style": style} if style and kind != "block" else {}
    if span.emoji and kind != "block":
        return {"type": "emoji", "name": span.emoji}
    if leads_somewhere(span.text):
        return {"type": "link", "url": span.text, **styled}
    return {"type": "text", "text": span.text, **styled}
