"""Run a workflow on records that are there already: once for each, and not all at once.

Everything is written in one transaction, with the times at which the runs begin: the runs' own
rows are the queue, so there is no job that could be lost, and cancelling is cancelling runs. After
a pause, or with no worker, those that became due meanwhile begin together.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from actions import records
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.engine.statuses import RunStatus
from workflows.event_types import RecordEvent, all_event_types
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.models.version import WorkflowVersion
from workflows.runtime.database import database_now
from workflows.runtime.runs.programs import program_of
from workflows.services.dry_run.run import DryRun, dry_run
from workflows.services.events.drafts import EventDraft, normalise_object
from workflows.services.events.evaluation import STARTED, Clock, judge
from workflows.services.events.fire import fire, fire_at
from workflows.services.events.search_keys import search_keys
from workflows.services.runs.bulk import cancel_each

MAX_RECORDS: Final = 1_000  # records at once
SAMPLES: Final = 3
MAX_PER_MINUTE: Final = 600
BATCH_SIZE: Final = 200  # events of one statement
# What the ledger says of each record, and of all of them together.
ONE: Final = "workflows.run_on_record"
ALL: Final = "workflows.run_on_records"


@dataclass(frozen=True, slots=True)
class BackfillPlan:
    """What a start would do."""

    starting: tuple[EventDraft, ...]
    done_before: int  # records for which there is a run of this workflow already
    refused: Mapping[str, int] = field(default_factory=Counter)  # reason of its filter -> how many


@dataclass(frozen=True, slots=True)
class BackfillProgress:
    """How far a start has come."""

    counts: Mapping[str, int]  # by status of a run
    total: int

    @property
    def waiting(self) -> int:
        """Return how many have not begun."""
        return self.counts.get(RunStatus.QUEUED, 0)

    @property
    def begun(self) -> int:
        """Return how many have begun, or will not."""
        return self.total - self.waiting


class NotForTheseRecords(LookupError):
    """The workflow is switched off, or starts on no event of such a record."""


def workflows_for(tenant: Tenant, alias: str) -> list[WorkflowDefinition]:
    """Return the active workflows that start on an event of this kind of record, by name."""
    kinds = [kind.name for kind in _events_of(alias)]
    active = WorkflowDefinition.objects.of(tenant).filter(is_active=True, archived_at=None)
    return list(active.filter(trigger_types__overlap=kinds).order_by("name"))


def plan(
    tenant: Tenant, definition: WorkflowDefinition, alias: str, ids: Sequence[UUID]
) -> BackfillPlan:
    """Say which of the records it would start on. Raises NotForTheseRecords."""
    kind = _event_for(definition, alias)
    ran = WorkflowRun.objects.filter(
        tenant=tenant,
        definition=definition,
        subject_type=alias,
        subject_id__in=[str(one) for one in ids],
        parent_run=None,
    )
    known = set(ran.values_list("subject_id", flat=True))
    program, clock = program_of(definition.pk, definition.version).program, Clock()
    starting: list[EventDraft] = []
    refused: Counter[str] = Counter()
    rows = list(_rows(tenant, kind, ids))
    for row in rows:
        if str(row["id"]) in known:
            continue
        draft = _draft(kind, row)
        reason = judge(program, tenant.facts(), draft, clock).reason
        if reason == STARTED:
            starting.append(draft)
        else:
            refused[reason] += 1
    done_before = sum(str(row["id"]) in known for row in rows)
    return BackfillPlan(tuple(starting), done_before, refused)


def samples(tenant: Tenant, definition: WorkflowDefinition, found: BackfillPlan) -> list[DryRun]:
    """Rehearse the first few: what they would do and send."""
    version = WorkflowVersion.objects.of(tenant).get(
        definition=definition, version=definition.version
    )
    return [
        dry_run(tenant, version, draft.payload, previous=draft.previous)
        for draft in found.starting[:SAMPLES]
    ]


def start(
    tenant: Tenant,
    actor: str,
    definition: WorkflowDefinition,
    records_chosen: tuple[str, Sequence[UUID]],
    per_minute: int,
) -> UUID:
    """Start a run for each record that fits and has none; return by what `progress` finds them.

    Raises NotForTheseRecords.
    """
    alias, ids = records_chosen
    kind = _event_for(definition, alias)
    with tenant_scope(tenant), transaction.atomic():
        # Two people who press at once take turns: the second finds the runs of the first.
        WorkflowDefinition.objects.of(tenant).select_for_update().get(pk=definition.pk)
        found = plan(tenant, definition, alias, ids)
        told = {"workflow": definition.key, "records": alias, "count": len(found.starting)}
        told |= {"per_minute": per_minute, "done_before": found.done_before}
        batch = fire(tenant, ALL, told, actor=actor, source="manual").event_id
        run_ids: list[UUID] = []
        for first in range(0, len(found.starting), BATCH_SIZE):
            aim, drafts = (definition.pk, kind.name), found.starting[first : first + BATCH_SIZE]
            fired = fire_at(tenant.facts(), aim, drafts, actor=actor, word=str(batch))
            run_ids += [run_id for one in fired for run_id in one.run_ids]
        _begin_in_turn(run_ids, per_minute)
    return batch


def progress(tenant: Tenant, batch: UUID) -> BackfillProgress | None:
    """Return how far a start has come; None: the tenant has no such start."""
    if not WorkflowEvent.objects.of(tenant).filter(pk=batch, type=ALL).exists():
        return None
    counted = _runs(tenant, batch).order_by().values_list("status").annotate(n=Count("id"))
    counts = dict(counted)
    return BackfillProgress(counts, sum(counts.values()))


def cancel_rest(tenant: Tenant, batch: UUID) -> int:
    """Cancel the runs that have not begun; return how many."""
    waiting = _runs(tenant, batch).filter(status=RunStatus.QUEUED)
    return len(cancel_each(waiting.select_related("tenant")).done)


def _begin_in_turn(run_ids: Sequence[UUID], per_minute: int) -> None:
    """Let the first begin at once, and the others as far apart as was asked for."""
    now, apart = database_now(), timedelta(minutes=1) / per_minute
    later = [
        WorkflowRun(pk=pk, due_at=now + place * apart) for place, pk in enumerate(run_ids) if place
    ]
    WorkflowRun.objects.bulk_update(later, ["due_at"], batch_size=BATCH_SIZE)


def _runs(tenant: Tenant, batch: UUID) -> Any:
    found_by = search_keys(tenant.pk, "", str(batch))
    events = WorkflowEvent.objects.of(tenant).filter(type=ONE, search_keys__contains=found_by)
    return WorkflowRun.objects.filter(
        tenant=tenant, parent_run=None, event_id__in=events.values("pk")
    )


def _events_of(alias: str) -> list[RecordEvent]:
    return [
        kind for kind in all_event_types() if isinstance(kind, RecordEvent) and kind.record == alias
    ]


def _event_for(definition: WorkflowDefinition, alias: str) -> RecordEvent:
    fitting = (kind for kind in _events_of(alias) if kind.name in definition.trigger_types)
    kind = next(fitting, None)
    if kind is None or not definition.is_active:
        raise NotForTheseRecords(definition.key)
    return kind


def _rows(tenant: Tenant, kind: RecordEvent, ids: Sequence[UUID]) -> Any:
    rows = records.get(kind.record).model._base_manager.filter(tenant_id=tenant.pk, pk__in=ids)
    return rows.order_by("pk").values("id", *set(kind.payload.values()) - {"id"})


def _draft(kind: RecordEvent, row: Mapping[str, Any]) -> EventDraft:
    payload = normalise_object({key: row[name] for key, name in kind.payload.items()})
    # Of a change nothing has changed: the record is as it was.
    previous = None if kind.when == "created" else payload
    return EventDraft(ONE, payload, previous, (kind.record, str(row["id"])))
