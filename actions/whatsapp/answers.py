"""What WhatsApp's answer means: read by its own code, whatever the status beside it."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from actions.errors import PermanentFailure, TemporaryFailure
from actions.outbound.answer import HttpAnswer
from actions.outbound.client import Request, judge, wait_asked_for
from actions.providers.answers import Documented, refuse
from actions.providers.whatsapp import ANSWERS
from tenants.core.json import Json, jsontext

ANSWER_CHARACTERS: Final = 300
STATUS_CHARACTERS: Final = 50
SENDS: Final = "accepted"
# They say that something is wrong, but not what: a subcode that is known says more.
_VAGUE: Final = frozenset({"1", "100", "131000", "135000"})
_IN_MESSAGE: Final = re.compile(r"\(#(\d{1,9})\)")
_DIGITS: Final = re.compile(r"-?\d{1,15}(\.0*)?")
_TAGS: Final = re.compile(r"(?s)<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]*>")


def accepted(answer: HttpAnswer, request: Request) -> str:
    """Return WhatsApp's name for the message. Raises PermanentFailure and TemporaryFailure."""
    error = error_of(answer)
    if error is not None:
        _refuse(answer, error)
    judge(answer, request)
    return _message_id(answer) or _leave_open(answer)


def status_of(answer: HttpAnswer) -> str:
    """Return what WhatsApp does with a message that it holds back; "" for one it sends.

    Its words are held_for_quality_assessment (sent later, or dropped) and paused.
    https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages
    """
    found = _first_message(answer).get("message_status")
    if not isinstance(found, str) or found == SENDS:
        return ""
    return found[:STATUS_CHARACTERS]


def error_of(answer: HttpAnswer) -> Mapping[str, Json] | None:
    """Return the error that an answer tells of, if it is one of the Graph API's."""
    error = _members(_content(answer)).get("error")
    return error if isinstance(error, dict) else None


def row_of(error: Mapping[str, Json]) -> Documented | None:
    known = [ANSWERS[code] for code in _codes(error) if code in ANSWERS]
    clear = (row for row in known if row.code not in _VAGUE)
    return next(clear, None) or next(iter(known), None)


def said(error: Mapping[str, Json]) -> str:
    details = _members(error.get("error_data")).get("details")
    found = details or error.get("error_user_msg") or error.get("message") or ""
    return str(found)[:ANSWER_CHARACTERS]


def number(code: str) -> int | str:
    return int(code) if code.isascii() and code.isdecimal() else code


def _codes(error: Mapping[str, Json]) -> Iterator[str]:
    yield from (
        code for code in map(_code, (error.get("code"), error.get("error_subcode"))) if code
    )
    yield from _IN_MESSAGE.findall(str(error.get("message", "")))


def _code(value: Json) -> str:
    """Return a code as text, whether it came as a number or as text; "" for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return ""
    text = str(value).strip()
    return str(int(text.partition(".")[0])) if _DIGITS.fullmatch(text) else ""


def _refuse(answer: HttpAnswer, error: Mapping[str, Json]) -> None:
    """Raise what the error means; return if only the status can say it."""
    facts = {"status": answer.status, "answer": said(error) or answer.excerpt}
    row = row_of(error)
    if row is not None:
        code = number(row.code)
        refuse(row, retry_after=wait_asked_for(answer), provider_code=code, **facts)
    if 400 <= answer.status < 500 and answer.status != 429:
        code = next(_codes(error), "")
        if code:
            raise PermanentFailure("whatsapp_refused", provider_code=number(code), **facts)


def _message_id(answer: HttpAnswer) -> str:
    found = _first_message(answer).get("id")
    return found.strip() if isinstance(found, str) else ""


def _first_message(answer: HttpAnswer) -> Mapping[str, Json]:
    messages = _members(_content(answer)).get("messages")
    return _members(messages[0] if isinstance(messages, list) and messages else None)


def _leave_open(answer: HttpAnswer) -> str:
    """Raise that nobody knows: the status says yes, and what came is not WhatsApp's."""
    if answer.body is None:
        raise TemporaryFailure(
            "whatsapp_answer_empty", may_have_arrived=True, status=answer.status, answer=""
        )
    raise TemporaryFailure(
        "whatsapp_answer_unclear",
        may_have_arrived=True,
        status=answer.status,
        content_type=answer.headers.get("content-type", ""),
        answer=_readable(answer),
    )


def _readable(answer: HttpAnswer) -> str:
    """Return the beginning of what came; of a page its words."""
    if isinstance(answer.body, str) and "<" in answer.body:
        words = " ".join(_TAGS.sub(" ", answer.body).split())[:ANSWER_CHARACTERS]
        return words or answer.excerpt
    return answer.excerpt


def _content(answer: HttpAnswer) -> Json:
    """Return the answer's JSON, also where it is labelled as something else."""
    if isinstance(answer.body, str) and answer.body.lstrip("\ufeff \r\n\t").startswith("{"):
        try:
            return jsontext.loads(answer.body.lstrip("\ufeff"))
        except (ValueError, RecursionError):
            return answer.body
    return answer.body


def _members(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
