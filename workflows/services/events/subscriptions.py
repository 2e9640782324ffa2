"""Which active workflows listen: remembered by each process, and checked by every insert."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from workflows.runtime.database import rows
from workflows.services.events import statements
from workflows.services.events.evaluation import Listener


@dataclass(frozen=True, slots=True)
class Listeners:
    """The workflows of a tenant that listen to some types of event."""

    fingerprint: str  # ids and versions, as the statement FIRE compares them
    all: tuple[Listener, ...]


# Holds what was seen last, nothing that is trusted: FIRE inserts only if it is still true.
@lru_cache(maxsize=1000)
def _place_for(tenant_id: UUID, types: tuple[str, ...]) -> list[Listeners]:
    return []


def remembered_listeners(tenant_id: UUID, types: Sequence[str]) -> Listeners:
    """Return who listened when this process last looked; it looks if it never did."""
    place = _place_for(tenant_id, tuple(types))
    return place[0] if place else listeners_now(tenant_id, types)


def listeners_now(tenant_id: UUID, types: Sequence[str]) -> Listeners:
    """Return who listens, and remember it."""
    found = rows(statements.LISTENING_DEFINITIONS, {"tenant": tenant_id, "types": list(types)})
    fingerprint = " ".join(f"{row[0]}:{row[1]}" for row in found)
    who = Listeners(
        fingerprint, tuple(Listener(row[0], row[1], row[2], frozenset(row[3])) for row in found)
    )
    _place_for(tenant_id, tuple(types))[:] = [who]
    return who
