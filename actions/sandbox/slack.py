"""The stand-in for Slack: it refuses what Slack refuses, in Slack's words."""

from collections.abc import Iterator, Mapping
from typing import Final

from actions.chat.slack import MAX_CHARACTERS
from actions.providers.slack import ANSWERS
from actions.sandbox.journal import Behaviour
from actions.sandbox.replies import REFUSED, ReceivedMessage, SandboxReply
from tenants.core.json import Json, jsontext

# https://docs.slack.dev/reference/block-kit/blocks and the methods' page
MAX_BLOCKS: Final = 50
MAX_ATTACHMENTS: Final = 100
MAX_BLOCK_CHARACTERS: Final = 13_200
BLOCKS: Final = frozenset(
    {"rich_text", "section", "header", "divider", "context", "image", "actions", "markdown"}
)
_NAMES: Final = {"emoji": ":%s:", "user": "<@%s>", "channel": "<#%s>", "broadcast": "<!%s>"}


def read(content: Mapping[str, Json]) -> ReceivedMessage:
    parts = [content, *content.get("attachments", [])]
    shown = [_shown(part) for part in parts if isinstance(part, Mapping)]
    title = next((str(part["title"]) for part in parts if part.get("title")), "")
    return ReceivedMessage(
        str(content.get("channel", "")), "\n".join(filter(None, shown)), _plain(title)
    )


def _shown(part: Mapping[str, Json]) -> str:
    """Return the text of a message or an attachment; blocks stand in its place."""
    blocks = part.get("blocks")
    if not blocks:
        return _plain(str(part.get("text") or ""))
    elements = [one for block in blocks for one in block.get("elements", [])]
    return "\n".join("".join(map(_said, one.get("elements", []))) for one in elements)


def _said(element: Mapping[str, Json]) -> str:
    kind = element.get("type")
    if kind in _NAMES:
        named = next((element[key] for key in element if key.endswith(("name", "id", "range"))), "")
        return _NAMES[str(kind)] % named
    return str(element.get("text") or element.get("url") or "")


def _plain(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def reply(content: Mapping[str, Json], authorization: str, number: int) -> SandboxReply:
    """Answer as the provider does when all is well, or when the request is wrong."""
    token = authorization.removeprefix("Bearer ")
    if not token or token == authorization:
        return answer_of("not_authed")
    if token == REFUSED:
        return answer_of("invalid_auth")
    if not content.get("channel"):
        return answer_of("channel_not_found")
    fault = next(_faults(content), None)
    if fault is not None:
        return answer_of(*fault)
    posted = {"ok": True, "channel": "C0SANDBOX", "ts": f"1700000000.{number:06}"}
    if len(str(content.get("text", ""))) > MAX_CHARACTERS:
        told = {"warning": "message_truncated"}
        posted |= {**told, "response_metadata": {"warnings": list(told.values())}}
    return SandboxReply(200, posted)


def answer_of(error: str, *messages: str) -> SandboxReply:
    row = ANSWERS.get(error)
    said: dict[str, Json] = {"ok": False, "error": error}
    if error == "missing_scope":
        said |= {"needed": "chat:write", "provided": "channels:read"}
    if messages:
        said["response_metadata"] = {"messages": [f"[ERROR] {one}" for one in messages]}
    return SandboxReply(row.status if row else 200, said)


def _faults(content: Mapping[str, Json]) -> Iterator[tuple[str, ...]]:
    attachments = content.get("attachments") or []
    if not (content.get("text") or attachments or content.get("blocks")):
        yield ("no_text",)
    if len(attachments) > MAX_ATTACHMENTS:
        yield ("too_many_attachments",)
    for place, part in (
        ("", content),
        *((f"/attachments/{n}", a) for n, a in enumerate(attachments)),
    ):
        blocks = part.get("blocks") or []
        if len(blocks) > MAX_BLOCKS:
            yield "invalid_blocks", f"no more than {MAX_BLOCKS} items [json-pointer:{place}/blocks]"
        if len(jsontext.readable(blocks)) > MAX_BLOCK_CHARACTERS:
            yield ("msg_blocks_too_long",)
        for number, block in enumerate(blocks):
            yield from _faults_of_block(block, f"{place}/blocks/{number}")


def _faults_of_block(block: Json, place: str) -> Iterator[tuple[str, ...]]:
    if not isinstance(block, Mapping) or block.get("type") not in BLOCKS:
        yield "invalid_blocks", f"unsupported type [json-pointer:{place}/type]"
        return
    if block["type"] != "rich_text":
        return
    elements = block.get("elements") or []
    if not elements:
        yield "invalid_blocks", f"no fewer than 1 items [json-pointer:{place}/elements]"
    for element in elements:
        for inner in element.get("elements") or [{"type": "text", "text": ""}]:
            if inner.get("type") == "text" and not inner.get("text"):
                pointer = f"[json-pointer:{place}/elements/text]"
                yield "invalid_blocks", f"must be more than 0 characters {pointer}"


def failure(rule: Behaviour) -> SandboxReply:
    """Answer as told to: with an error, or that there were too many messages."""
    busy = rule.mode == "rate_limit"
    wait = {"Retry-After": str(rule.retry_after)} if busy and rule.retry_after is not None else {}
    error = rule.error or ("ratelimited" if busy else "internal_error")
    told = answer_of(error)
    status = told.status if rule.error else rule.status or (429 if busy else 500)
    return SandboxReply(status, told.body, {**rule.headers, **wait})


def introduce(authorization: str) -> SandboxReply:
    token = authorization.removeprefix("Bearer ")
    if token in {"", REFUSED, authorization}:
        return SandboxReply(200, {"ok": False, "error": "invalid_auth"})
    return SandboxReply(200, {"ok": True, "team": "Sandbox", "user": "sayr", "bot_id": "B0SANDBOX"})
