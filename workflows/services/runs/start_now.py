"""Start one workflow now, with what a person writes, or for a record as it is."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.db import transaction

from tenants.core.json import Json
from tenants.core.json.strict_json import check
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.definition import WorkflowDefinition
from workflows.services.events.drafts import EventDraft, normalise_object
from workflows.services.events.fire import MAX_PAYLOAD_BYTES, Fired, fire_at
from workflows.services.runs.backfill import draft_for

BY_HAND: Final = "workflows.started_by_hand"


class SwitchedOff(Exception):
    """Nothing starts the workflow while it is off."""


class NoSuchRecord(LookupError):
    """The company has no such record."""


def start_now(
    tenant: Tenant, actor: str, definition: WorkflowDefinition, payload: Mapping[str, Json]
) -> Fired:
    """Start `definition` with a payload, as an event of its own that no other workflow hears.

    Its filter counts. Raises SwitchedOff, and BadJson for what is beyond the limits of an event.
    """
    normal = normalise_object(payload)
    check(normal, max_bytes=MAX_PAYLOAD_BYTES, any_text=True)
    return _start(tenant, actor, definition, definition.trigger_type, EventDraft(BY_HAND, normal))


def start_for_record(
    tenant: Tenant, actor: str, definition: WorkflowDefinition, alias: str, key: UUID
) -> Fired:
    """Start `definition` for a record as it is now, also if it ran for it before.

    Its filter counts. Raises NotForTheseRecords, NoSuchRecord.
    """
    trigger_type, draft = draft_for(tenant, definition, alias, key, BY_HAND)
    if draft is None:
        raise NoSuchRecord(key)
    return _start(tenant, actor, definition, trigger_type, draft)


def _start(
    tenant: Tenant,
    actor: str,
    definition: WorkflowDefinition,
    trigger_type: str,
    draft: EventDraft,
) -> Fired:
    if not definition.is_active:
        raise SwitchedOff(definition.key)
    aim = (definition.pk, trigger_type)
    with tenant_scope(tenant), transaction.atomic():
        [fired] = fire_at(tenant.facts(), aim, [draft], actor=actor, word=definition.key)
    return fired
