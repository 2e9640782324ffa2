"""settings.SAYR as values with units. Unknown keys are found by `manage.py check`."""

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
class Settings:
    """How workers behave."""

    lease: timedelta = timedelta(
        seconds=30
    )  # a run whose worker is silent for so long is taken over
    slots: int = 16  # runs that one worker process has under way at once
    grace: timedelta = timedelta(seconds=30)  # after SIGTERM, for the steps in flight
    public_url: str = "http://127.0.0.1:8000"  # where people reach the pages; no slash at the end

    # For so long a link decides, of a question that has no time limit of its own.
    link_life: timedelta = timedelta(days=30)


@cache
def current() -> Settings:
    """Return this process's settings."""
    given: dict[str, Any] = settings.SAYR
    return Settings(
        lease=timedelta(seconds=given.get("LEASE_SECONDS", 30)),
        slots=given.get("SLOTS", 16),
        grace=timedelta(seconds=given.get("GRACE_SECONDS", 30)),
        public_url=given.get("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/"),
        link_life=timedelta(days=given.get("APPROVAL_LINK_DAYS", 30)),
    )
