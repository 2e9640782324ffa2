"""What the record that a run is about says today: the payload its trigger would have now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from actions import records
from tenants.core.json import Json
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.engine.history.resuming import Fresh
from workflows.engine.statuses import RunStatus
from workflows.event_types import RecordEvent, all_event_types
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.runtime.database import database_now
from workflows.services.events.drafts import normalise_object
from workflows.services.refusals import NotRetryable


@dataclass(frozen=True, slots=True)
class RecordValues:
    """A run's payload as its record has it now."""

    payload: dict[str, Json]
    # Key in the payload -> what the run was started with, and what the record says now.
    changed: Mapping[str, tuple[Json, Json]]
    read_at: datetime

    def as_fresh(self) -> Fresh:
        """Return what a retry of one step renders with, and keeps in its entry."""
        changed = {key: list(both) for key, both in self.changed.items()}
        return Fresh(self.payload, {"read_at": self.read_at.isoformat(), "changed": changed})


def record_values(tenant: Tenant, run_id: UUID) -> RecordValues:
    """Return what the record of a whole run says today; what else its payload had stays.

    Raises NotRetryable: `not_from_a_record`, `record_gone`, `unknown_run`, `is_a_part`.
    """
    with tenant_scope(tenant):
        run = WorkflowRun.objects.select_related("definition").filter(tenant=tenant, pk=run_id)
        found = run.first()
        if found is None:
            raise NotRetryable(run_id, "unknown_run")
        if found.parent_run is not None:
            raise NotRetryable(run_id, "is_a_part")
        return values_of(found)


def refuse_for_called(run: WorkflowRun) -> None:
    """Raise NotRetryable (`values_handed_over`) if what failed in a run is a called workflow.

    Its values were handed to it when it was called; the record's are not among them.
    """
    level = [run.pk]
    while level:
        failed = WorkflowRun.objects.filter(
            tenant=run.tenant_id, parent_run__in=level, status=RunStatus.FAILED
        )
        parts = list(failed.values_list("pk", "entry"))
        if any(entry == 0 for _, entry in parts):
            raise NotRetryable(run.pk, "values_handed_over")
        level = [pk for pk, _ in parts]


def values_of(run: WorkflowRun) -> RecordValues:
    """Return what the record of a run says today. Raises NotRetryable as above."""
    kind = kind_of(run)
    row = _row(run, kind)
    now = normalise_object({key: row[name] for key, name in kind.payload.items()})
    before = run.trigger_payload
    changed = {
        key: (before.get(key), value)
        for key, value in now.items()
        if key not in before or before[key] != value
    }
    return RecordValues({**before, **now}, changed, database_now())


def kind_of(run: WorkflowRun) -> RecordEvent:
    """Return the kind of event whose payload the run has.

    Raises NotRetryable: `not_from_a_record`.
    """
    event = WorkflowEvent.objects.filter(tenant=run.tenant_id, runs=run).first()
    types = [event.type if event else "", *run.definition.trigger_types]
    kinds = {
        kind.name: kind
        for kind in all_event_types()
        if isinstance(kind, RecordEvent) and kind.record == run.subject_type
    }
    found = next((kinds[name] for name in types if name in kinds), None)
    if found is None or not run.subject_id:
        raise NotRetryable(run.pk, "not_from_a_record")
    return found


def _row(run: WorkflowRun, kind: RecordEvent) -> Mapping[str, Any]:
    rows = records.get(kind.record).model._base_manager.filter(tenant_id=run.tenant_id)
    row = rows.filter(pk=run.subject_id).values("pk", *set(kind.payload.values())).first()
    if row is None:
        raise NotRetryable(run.pk, "record_gone")
    return row
