"""What runs cause outside of themselves: events, and word of a failure.

The services that fire stand above this package; `workflows.apps` says here which they are.
"""

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


# Fires an event in the transaction under way; returns its id and how many runs it started.
Emit = Callable[[TenantFacts, Json], Json]
# Fires in the transaction under way. Never raises.
Tell = Callable[[TenantFacts, FailedRun], None]

_emit: Emit | None = None
_tell: Tell | None = None


def use(*, emit: Emit, tell: Tell) -> None:
    """Fire events through `emit`, and tell of failed runs through `tell`, from now on."""
    global _emit, _tell
    _emit, _tell = emit, tell


def emit(tenant: TenantFacts, event: Json) -> Json:
    """Fire the event that a step describes: type, payload, subject_type, subject_id."""
    if _emit is None:
        raise RuntimeError("workflows.apps has not said how events are fired")
    return _emit(tenant, event)


def tell_failed(tenant: TenantFacts, run: FailedRun) -> None:
    """Let the workflows start that wait for a failed run, in the transaction that ends it."""
    if _tell is None:
        raise RuntimeError("workflows.apps has not said how failed runs are told of")
    _tell(tenant, run)
