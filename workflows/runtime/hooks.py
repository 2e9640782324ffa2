"""What runs cause outside of themselves: events, and word of a failure.

The services that fire stand above this package; `workflows.apps` says here which they are.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from tenants.core.json import Json
from tenants.facts import TenantFacts
from tenants.tenant_cache import facts_of
from workflows.runtime.database import is_timeout, is_trouble
from workflows.runtime.runs.claims import Claim

logger = logging.getLogger(__name__)


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


def tell_of_failure(claim: Claim, errors: Mapping[str, str | None]) -> None:
    """Do `tell_failed` for a claimed run; `errors` is what its error columns say.

    Raises only trouble of the database: then the end of the run is written again.
    """
    run = FailedRun(
        run_id=claim.run_id,
        definition_id=claim.definition_id,
        version=claim.version,
        event_id=claim.event_id,
        depth=claim.depth,
        payload=claim.payload,
        subject=(claim.subject_type, claim.subject_id),
        started_at=claim.started_at,
        error_step=errors["error_step"] or "",
        error_code=errors["error_code"] or "",
        error_message=errors["error_message"] or "",
    )
    try:
        with transaction.atomic():
            tell_failed(facts_of(claim.tenant_id), run)
    except Exception as error:
        if is_trouble(error) and not is_timeout(error):
            raise  # all of it is written again
        # That the run has failed must be written, whatever the others make of it.
        logger.exception("failure_not_told", extra={"run": str(claim.run_id)})
