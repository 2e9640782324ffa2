"""The stand-in for a flow of Teams: it refuses what would never be seen in the channel.

A real flow takes a card that is too large or of a version that Teams does not know, and fails
afterwards, where the sender does not see it.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from actions.chat.teams import MAX_BYTES
from actions.providers.teams import ANSWERS
from actions.sandbox.journal import Behaviour
from actions.sandbox.replies import ReceivedMessage, SandboxReply
from tenants.core.json import Json, jsontext

CARD: Final = "application/vnd.microsoft.card.adaptive"
# https://learn.microsoft.com/en-us/microsoftteams/platform/task-modules-and-cards/cards/cards-reference
VERSIONS: Final = frozenset({"1.0", "1.1", "1.2", "1.3", "1.4", "1.5"})


def read(path: str, content: Mapping[str, Json]) -> ReceivedMessage:
    """Return what the card says; a message without a card is its own text."""
    blocks = [block for card in _cards(content) for block in card.get("body", [])]
    if not blocks:
        return ReceivedMessage(path, str(content.get("text", "")), str(content.get("title", "")))
    is_title = len(blocks) > 1 and _look(blocks[0]).get("size") == "medium"
    title = _said(blocks[0]) if is_title else ""
    return ReceivedMessage(path, "\n".join(map(_said, blocks[is_title:])), title)


def _cards(content: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    for attachment in content.get("attachments") or []:
        card = attachment.get("content") if isinstance(attachment, Mapping) else None
        if isinstance(card, Mapping):
            yield card


def _look(block: Mapping[str, Json]) -> Mapping[str, Json]:
    inlines = block.get("inlines")
    return inlines[0] if inlines else block


def _said(block: Mapping[str, Json]) -> str:
    if block.get("type") == "RichTextBlock":
        return "".join(str(run.get("text", "")) for run in block.get("inlines", []))
    return str(block.get("text", ""))


def reply(body: Json) -> SandboxReply:
    """Answer as a flow does when all is well, or when the request is wrong."""
    return next(_faults(body), SandboxReply(202))


def _faults(body: Json) -> Iterator[SandboxReply]:
    if len(jsontext.readable(body).encode()) > MAX_BYTES:
        yield answer_of("RequestEntityTooLarge", f"more than {MAX_BYTES} bytes")
    attachments = body.get("attachments") if isinstance(body, Mapping) else None
    if not attachments or body.get("type") != "message":
        yield answer_of(
            "TriggerInputSchemaMismatch", "Required properties are missing: attachments"
        )
        return
    cards = list(_cards(body))
    if len(cards) < len(attachments) or any(one.get("contentType") != CARD for one in attachments):
        yield answer_of("InvalidRequestContent", f"an attachment is no {CARD}")
    for card in cards:
        if card.get("type") != "AdaptiveCard" or card.get("version") not in VERSIONS:
            yield answer_of("InvalidRequestContent", f"no card of a version in {sorted(VERSIONS)}")
        if not card.get("body"):
            yield answer_of("InvalidRequestContent", "the card is empty")


def answer_of(code: str, message: str) -> SandboxReply:
    """Return the answer of a flow for a code of its table; of a connector for a status in it."""
    row = ANSWERS.get(code)
    if row is not None and row.said:
        return SandboxReply(row.status, f"Webhook message delivery failed with error: {row.said}")
    return SandboxReply(row.status if row else 400, {"error": {"code": code, "message": message}})


def failure(rule: Behaviour) -> SandboxReply:
    told = answer_of(rule.error, "as it was told to")
    return SandboxReply(rule.status or told.status, told.body, rule.headers)
