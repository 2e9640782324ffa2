"""What the sandbox received, and how it was told to behave."""

import json
import threading
import time
from base64 import b64decode
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from actions.sandbox.whatsapp_templates import Registrations
from tenants.core.json import Json

CHANNELS: Final = ("whatsapp", "smtp", "slack", "teams", "hook")
MODES: Final = (
    *("ok", "fail", "slow", "rate_limit", "hang", "drip", "answer"),
    *("greylist", "offers"),  # of the mail server
)
KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Received:
    """One message or request."""

    id: int  # counts up; `since` means "with a greater id"
    channel: str
    at: str  # ISO 8601, UTC
    to: str  # phone, addresses, channel or path
    text: str
    status: int  # answered with: an HTTP status or an SMTP code
    subject: str = ""
    html: str = ""
    sender: str = ""
    method: str = ""
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: Json = None  # parsed if it is JSON
    raw: str = ""

    @property
    def idempotency_key(self) -> str:
        """The key sent with a request; of a mail, its Message-ID."""
        return self.headers.get("idempotency-key") or self.headers.get("message-id", "")

    def as_json(self) -> dict[str, Json]:
        return {**asdict(self), "idempotency_key": self.idempotency_key}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a channel answers."""

    channel: str
    mode: str = "ok"
    status: int | None = None  # for fail (None: 500) and answer (None: 200)
    # For slow: before the answer; hang: until the line is cut; drip: in all; greylist: how long.
    seconds: float = 3.0
    retry_after: int | str | None = 2  # for rate_limit: seconds, or a date as HTTP writes it
    times: int | None = None  # how many requests; None: until told otherwise
    path: str = ""  # only requests whose path begins so
    code: int | None = None  # the provider's own error code, e.g. 131026
    error: str = ""  # the provider's own word, e.g. "channel_not_found"
    body: Json = None  # for answer; for offers: what the mail server knows and takes
    base64: str = ""  # for answer: the bytes of the body, in place of `body`
    headers: Mapping[str, str] = field(default_factory=dict)  # for answer and fail

    def __post_init__(self) -> None:
        if self.channel not in CHANNELS:
            raise ValueError(f"channel must be one of {', '.join(CHANNELS)}")
        if self.mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}")
        b64decode(self.base64, validate=True)


class Journal:
    """Both, shared by the sandbox's servers and threads. Keeps the last thousand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received: deque[Received] = deque(maxlen=KEPT)
        self._behaviours: list[Behaviour] = []
        self._last_id = 0
        self.templates = Registrations()  # what is registered with WhatsApp
        self._ahead_seconds = 0.0
        # When a mail from whom to whom was first tried: what greylisting goes by.
        self.first_tries: dict[tuple[str, str], float] = {}
        self.closing = threading.Event()  # set: whoever waits stops waiting

    def next_number(self) -> int:
        """Return the id for the next message: providers answer with it before it is noted."""
        with self._lock:
            self._last_id += 1
            return self._last_id

    def now(self) -> float:
        """Return the sandbox's time, in seconds: tests let it go ahead."""
        return time.time() + self._ahead_seconds

    def go_ahead(self, seconds: float) -> None:
        self._ahead_seconds += seconds

    def note(self, number: int, **facts: Any) -> Received:
        with self._lock:
            at = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
            received = Received(id=number, at=at, **facts)
            self._received.append(received)
        return received

    def received(
        self, channel: str | None = None, *, since: int = 0, contains: str = ""
    ) -> list[Received]:
        """Return what came, the oldest first."""
        with self._lock:
            kept = list(self._received)
        return [
            one
            for one in kept
            if one.id > since
            and channel in (None, one.channel)
            and (not contains or contains in json.dumps(one.as_json(), ensure_ascii=False))
        ]

    def one(self, received_id: int) -> Received | None:
        """Return the message with this id, if it is still kept."""
        return next((one for one in self.received() if one.id == received_id), None)

    def forget(self) -> None:
        with self._lock:
            self._received.clear()
            self.first_tries.clear()

    def behave(self, behaviour: Behaviour) -> None:
        """Answer so from now on; the newest rule for a channel and path wins."""
        with self._lock:
            place = (behaviour.channel, behaviour.path)
            self._behaviours = [b for b in self._behaviours if (b.channel, b.path) != place]
            if behaviour.mode != "ok" or behaviour.path:
                self._behaviours.insert(0, behaviour)

    def behaviours(self) -> list[Behaviour]:
        with self._lock:
            return list(self._behaviours)

    def next_behaviour(
        self, channel: str, path: str = "", *, by_path_only: bool = False
    ) -> Behaviour:
        """Return how to answer now, and count it; `by_path_only`: not by rules for everything."""
        with self._lock:
            for place, rule in enumerate(self._behaviours):
                if rule.channel != channel or not path.startswith(rule.path):
                    continue
                if by_path_only and not rule.path:
                    continue
                if rule.times is not None:
                    left = replace(rule, times=rule.times - 1)
                    self._behaviours[place : place + 1] = [left] if left.times else []
                return rule
        return Behaviour(channel)
