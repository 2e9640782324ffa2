"""What another server answered, read within limits and made safe to store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from actions.outbound.decoding import text_of
from actions.scrub import Scrubber
from tenants.core.json import Json, jsontext

# What a later step may want, and nothing that carries credentials (Set-Cookie and the like).
KEPT_HEADERS: Final = frozenset(
    {
        "content-language",
        "content-type",
        "date",
        "etag",
        "last-modified",
        "link",
        "location",
        "request-id",
        "retry-after",
        "x-request-id",
        "x-total-count",
    }
)
EXCERPT_CHARACTERS: Final = 300


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer, without secrets."""

    status: int
    headers: Mapping[str, str]  # names in lower case, only those of KEPT_HEADERS
    body: Json | str | None  # JSON if it is JSON, else text; None: empty

    @property
    def kind(self) -> str:
        """What the body is: json, html, text or empty."""
        if self.body in (None, ""):
            return "empty"
        if not isinstance(self.body, str):
            return "json"
        # By its content: short texts of servers are labelled as HTML by habit.
        begins = self.body.lstrip()[:5].lower()
        return "html" if begins.startswith("<") and begins != "<?xml" else "text"

    @property
    def excerpt(self) -> str:
        body = self.body
        text = body if isinstance(body, str) else "" if body is None else jsontext.readable(body)
        return " ".join(text[: EXCERPT_CHARACTERS * 4].split())[:EXCERPT_CHARACTERS]


def read_answer(
    status: int,
    headers: Mapping[str, str],
    raw: bytes,
    scrub: Scrubber,
    *,
    json_by_content: bool = False,
) -> HttpAnswer:
    """Make an answer of what came back. Raises ValueError for what cannot be stored.

    A body is JSON if it is labelled so and is; `json_by_content`: a JSON object or list is JSON
    however it is labelled.
    """
    kept = {
        name.lower(): scrub.text(value)
        for name, value in headers.items()
        if name.lower() in KEPT_HEADERS
    }
    kind = headers.get("content-type", "")
    return HttpAnswer(status, kept, _body(raw, kind, scrub, json_by_content))


def retry_after(headers: Mapping[str, str], *, limit: timedelta, now: datetime) -> timedelta | None:
    """Return how long the other side asks to be left alone; None if it does not say."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=int(value[:9])), limit)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:  # "-0000" in the header: UTC, its place unknown
        moment = moment.replace(tzinfo=UTC)
    return max(timedelta(0), min(moment - now, limit))


def _body(raw: bytes, kind: str, scrub: Scrubber, json_by_content: bool) -> Json | str | None:
    if not raw.strip():
        return None
    text = text_of(raw, kind)
    is_labelled = kind.partition(";")[0].strip().lower().endswith("json")
    if is_labelled or (json_by_content and text.lstrip()[:1] in {"{", "["}):
        try:
            value = jsontext.loads(text.strip())
        except (ValueError, RecursionError):
            pass  # says JSON and is not, or only looks like it: shown as text
        else:
            return scrub.json(value)
    return scrub.text(text)
