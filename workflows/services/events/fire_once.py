"""Fire an event for a caller that may ask twice: the same key gives the same answer, one event."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID

import simplejson

from tenants.core.database.ids import uuid7
from tenants.core.json import Json
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.event import WorkflowEvent
from workflows.models.idempotency import WorkflowIdempotency
from workflows.models.run import WorkflowRun
from workflows.runtime.database import rows
from workflows.services.events.backlog import refuse_if_full
from workflows.services.events.drafts import EventDraft
from workflows.services.events.evaluation import Evaluation
from workflows.services.events.fire import Fired, fire_all

# Waits for another transaction that is using the key, and takes it if that one is rolled back.
CLAIM_KEY: Final = """
INSERT INTO workflow_idempotency (id, tenant_id, source, key, request_hash)
VALUES (%(id)s, %(tenant)s, %(source)s, %(key)s, %(hash)s)
ON CONFLICT (tenant_id, source, key) DO NOTHING RETURNING id
"""


class IdempotencyKeyReused(Exception):
    """The key stands for another request than this one."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who fires."""

    actor: str  # as the event keeps it
    source: str = "api"  # by what way


@dataclass(frozen=True, slots=True)
class Accepted:
    """An event that is stored, and whether an earlier request had stored it."""

    fired: Fired
    was_repeated: bool = False


def fire_once(tenant: Tenant, draft: EventDraft, caller: Caller, key: str | None) -> Accepted:
    """Fire `draft` in a transaction of its own, or return what an earlier call with `key` did.

    Raises IdempotencyKeyReused if that call was about something else, TooMuchPending if the
    tenant has no room. Then nothing was written, and the key is free.
    """
    with tenant_scope(tenant):
        if key is None:
            return Accepted(_fire(tenant, draft, caller))
        # Keys of two callers never meet: each chooses its own.
        named = {"tenant": tenant.id, "source": caller.actor, "key": key, "hash": _hash(draft)}
        claimed = rows(CLAIM_KEY, {"id": uuid7(), **named})
        if not claimed:
            return Accepted(_answered(tenant, named), was_repeated=True)
        fired = _fire(tenant, draft, caller)
        WorkflowIdempotency.objects.filter(pk=claimed[0][0]).update(event_id=fired.event_id)
        return Accepted(fired)


def _fire(tenant: Tenant, draft: EventDraft, caller: Caller) -> Fired:
    refuse_if_full(tenant)
    return fire_all(tenant.facts(), [draft], actor=caller.actor, source=caller.source)[0]


def _answered(tenant: Tenant, named: Mapping[str, Json]) -> Fired:
    earlier = WorkflowIdempotency.objects.get(
        tenant=tenant, source=named["source"], key=named["key"]
    )
    if earlier.request_hash != named["hash"] or earlier.event_id is None:
        raise IdempotencyKeyReused
    return _fired(tenant, earlier.event_id)


def _fired(tenant: Tenant, event_id: UUID) -> Fired:
    event = WorkflowEvent.objects.filter(tenant=tenant, pk=event_id).only("evaluations").first()
    # An event may be forgotten sooner than its key.
    evaluations = tuple(_evaluation(kept) for kept in event.evaluations) if event else ()
    started = WorkflowRun.objects.filter(
        tenant=tenant, event_id=event_id, parent_run=None, retried_from=None
    )
    run_ids = tuple(started.order_by("id").values_list("id", flat=True))
    return Fired(event_id, len(evaluations), run_ids, evaluations)


def _evaluation(kept: Mapping[str, Json]) -> Evaluation:
    return Evaluation(
        UUID(kept["definition_id"]),
        kept["version"],
        kept["name"],
        kept["started"],
        kept["reason"],
        kept.get("details", {}),
    )


def _hash(draft: EventDraft) -> str:
    """Return a hash of what is asked, the same however the JSON is written."""
    asked = [draft.type, draft.subject, draft.payload]
    return sha256(simplejson.dumps(asked, use_decimal=True, sort_keys=True).encode()).hexdigest()
