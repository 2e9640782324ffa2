"""What a stand-in reads out of a request, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tenants.core.json import Json

# A token that the stand-ins refuse, so that a refusal can be tried.
REFUSED: Final = "wrong"


@dataclass(frozen=True, slots=True)
class SandboxReply:
    """What to answer."""

    status: int
    body: Json = None  # bytes: sent as they are
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """What a request says, for the page."""

    to: str
    text: str
    subject: str = ""
