"""The stand-in for a Teams webhook."""

from collections.abc import Mapping
from typing import Any

from actions.sandbox.replies import Message

Json = Any


def read(path: str, content: Mapping[str, Json]) -> Message:
    """Return what the card says; a message without a card is its own text."""
    cards = [attachment.get("content", {}) for attachment in content.get("attachments", [])]
    blocks = [block.get("text", "") for card in cards for block in card.get("body", [])]
    blocks = blocks or [content.get("text", "")]
    title = blocks[0] if len(blocks) > 1 else content.get("title", "")
    return Message(path, "\n".join(blocks[1:] or blocks), title)
