"""settings.SAYR as values with units. Unknown keys are found by `manage.py check`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings

KNOWN_KEYS = frozenset(
    {"RECORDS", "EVENT_TYPES", "ACTIONS", "LEASE_SECONDS", "SLOTS", "GRACE_SECONDS", "PUBLIC_URL"}
    | {"APPROVAL_LINK_DAYS"}
)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How workers behave."""

    lease: timedelta = timedelta(
        seconds=30
    )  # a run whose worker is silent for so long is taken over
    slots: int = 16  # runs that one worker process has under way at once
    grace: timedelta = timedelta(seconds=30)  # after SIGTERM, for the steps in flight
    public_url: str = "http://127.0.0.1:8000"  # where people reach the pages; no slash at the end

    # For so long a link decides, of a question that has no time limit of its own.
    link_life: timedelta = timedelta(days=30)


# Where the page of a thing is: only the pages know. See `workflows.addresses`, which is given here.
_path_to: Callable[..., str] | None = None


def use_addresses(path_to: Callable[..., str]) -> None:
    """Let `public_address` ask `path_to`."""
    global _path_to
    _path_to = path_to


def public_address(thing: str, key: object = None, **query: object) -> str:
    """Return where people reach the page of a thing; without a key, the list of its kind."""
    if _path_to is None:
        raise RuntimeError("workflows.apps has not said where pages are")
    return current().public_url + _path_to(thing, key, **query)


@cache
def current() -> EngineSettings:
    """Return this process's settings."""
    given: dict[str, Any] = settings.SAYR
    return EngineSettings(
        lease=timedelta(seconds=given.get("LEASE_SECONDS", 30)),
        slots=given.get("SLOTS", 16),
        grace=timedelta(seconds=given.get("GRACE_SECONDS", 30)),
        public_url=given.get("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/"),
        link_life=timedelta(days=given.get("APPROVAL_LINK_DAYS", 30)),
    )
