"""How a step fires an event. The service that fires stands above this package and says so here."""

from collections.abc import Callable

from tenants.core.json import Json
from tenants.facts import TenantFacts

# Fires in the transaction under way; returns the event's id and how many runs it started.
Emit = Callable[[TenantFacts, Json], Json]

_emit: Emit | None = None


def use(emit: Emit) -> None:
    """Let steps fire events through `emit` from now on."""
    global _emit
    _emit = emit


def emit(tenant: TenantFacts, event: Json) -> Json:
    """Fire the event that a step describes: type, payload, subject_type, subject_id."""
    if _emit is None:
        raise RuntimeError("workflows.apps has not said how events are fired")
    return _emit(tenant, event)
