"""How other workflows hear that a run failed. The service that fires stands above this package."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenants.core.json import Json
from tenants.facts import TenantFacts


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A run that has just ended as failed. Only whole runs are told of, never parts of one."""

    run_id: UUID
    definition_id: UUID
    version: int
    event_id: UUID | None
    depth: int  # of the event that started it
    payload: Json
    subject: tuple[str, str]  # kind and id; "" and "" if it is about none
    started_at: datetime | None
    error_step: str
    error_code: str
    error_message: str  # in English, as stored


# Fires in the transaction under way. Never raises.
Tell = Callable[[TenantFacts, FailedRun], None]

_tell: Tell | None = None


def use(tell: Tell) -> None:
    """Let failed runs be told of through `tell` from now on."""
    global _tell
    _tell = tell


def tell_failed(tenant: TenantFacts, run: FailedRun) -> None:
    """Let the workflows start that wait for a failed run, in the transaction that ends it."""
    if _tell is None:
        raise RuntimeError("workflows.apps has not said how failed runs are told of")
    _tell(tenant, run)
