"""Retry many runs as one job: choose them, say what would be done, start, go on, stop.

The job and its runs are rows, so that it survives whoever carries it on, can be followed and
stopped, and a click that comes twice finds it begun. Each run stands there with the lease token it
had when it was chosen: one that somebody retried meanwhile has another, and is left alone. So
nothing is done twice, also not by two jobs of the same runs.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.engine.statuses import RunStatus
from workflows.models.bulk_retry import (
    BulkRetryStatus,
    ItemOutcome,
    WorkflowBulkRetry,
    WorkflowBulkRetryItem,
)
from workflows.models.run import WorkflowRun
from workflows.runtime.database import database_now
from workflows.services.bulk_retries.hindrances import (
    CANCELLED,
    NOTHING_WRONG,
    UNCLEAR,
    UNDER_WAY,
    hindrance,
    unclear_beneath,
    values_of_today,
)
from workflows.services.refusals import Refused

MAX_RUNS: Final = 10_000  # of one job
# So many are looked at closely before the start, the newest; the others when their turn comes.
MAX_EXAMINED: Final = 1_000
MAX_RECORDS_READ: Final = 100
BATCH: Final = 200
KEPT: Final = timedelta(days=1)  # a job that nobody started

# What a status alone says.
_BY_STATUS: Final[Mapping[str, str]] = {
    RunStatus.QUEUED: UNDER_WAY,
    RunStatus.RUNNING: UNDER_WAY,
    RunStatus.WAITING: UNDER_WAY,
    RunStatus.COMPLETED: NOTHING_WRONG,
    RunStatus.SKIPPED: NOTHING_WRONG,
    RunStatus.CANCELLED: CANCELLED,
}


class TooManyRuns(Refused):
    """More runs than one job takes."""

    code = "too_many_runs"


class NotInThatState(Refused):
    """The job has been started, stopped or ended meanwhile."""

    code = "job_moved_on"


def choose(
    tenant: Tenant,
    actor: str,
    runs: QuerySet[WorkflowRun, WorkflowRun],
    *,
    problem: UUID | None = None,
) -> WorkflowBulkRetry:
    """Write down a job of `runs`, not started, with what would become of each.

    Raises TooManyRuns.
    """
    with tenant_scope(tenant):
        own = runs.filter(tenant=tenant, parent_run=None).order_by("-id")
        facts = list(own.values_list("pk", "status", "lease_token")[: MAX_RUNS + 1])
        if len(facts) > MAX_RUNS:
            raise TooManyRuns
        job = WorkflowBulkRetry.objects.create(
            tenant=tenant, actor=actor, problem=problem, total=len(facts)
        )
        items = [
            _item(job, place, (pk, status, token))
            for place, (pk, status, token) in enumerate(facts)
        ]
        WorkflowBulkRetryItem.objects.bulk_create(items, batch_size=1_000)
        open_ones = [one for one in items if not one.outcome]
        job.unexamined = max(len(open_ones) - MAX_EXAMINED, 0)
        _examine(job, open_ones[:MAX_EXAMINED])
        job.save()
        return job


def reasons_of(job: WorkflowBulkRetry) -> Mapping[str, int]:
    """Return how many runs are left alone, by the code of the reason."""
    left = job.items.filter(outcome=ItemOutcome.LEFT)
    return Counter(left.values_list("reason", flat=True))


def start(
    job: WorkflowBulkRetry, actor: str, *, per_minute: int, with_record: bool, one_first: bool
) -> WorkflowBulkRetry:
    """Begin. A click that comes twice begins it once. Raises NotInThatState."""
    with tenant_scope(job.tenant):
        job = _locked(job)
        if job.status != BulkRetryStatus.PLANNED:
            raise NotInThatState
        job.status = BulkRetryStatus.FIRST if one_first else BulkRetryStatus.RUNNING
        job.actor, job.per_minute, job.with_record = actor, per_minute, with_record
        job.started_at = job.next_at = database_now()
        job.save()
        return job


def go_on(job: WorkflowBulkRetry) -> WorkflowBulkRetry:
    """Do the others: after the first, or after a stop. Raises NotInThatState."""
    with tenant_scope(job.tenant):
        job = _locked(job)
        if job.status not in {BulkRetryStatus.ASKING, BulkRetryStatus.STOPPED}:
            raise NotInThatState
        job.status, job.next_at, job.ended_at = BulkRetryStatus.RUNNING, database_now(), None
        job.save()
        return job


def stop(job: WorkflowBulkRetry) -> WorkflowBulkRetry:
    """Do no further run; what was retried goes on. Raises NotInThatState."""
    with tenant_scope(job.tenant):
        job = _locked(job)
        live = {BulkRetryStatus.FIRST, BulkRetryStatus.ASKING, BulkRetryStatus.RUNNING}
        if job.status not in live:
            raise NotInThatState
        job.status, job.next_at, job.ended_at = BulkRetryStatus.STOPPED, None, database_now()
        job.save()
        return job


def forget_unstarted() -> int:
    """Delete the jobs that nobody started; return how many."""
    old = WorkflowBulkRetry.objects.filter(
        status=BulkRetryStatus.PLANNED, created_at__lt=database_now() - KEPT
    )
    _all, by_model = old.delete()
    return by_model.get(WorkflowBulkRetry._meta.label, 0)


def _locked(job: WorkflowBulkRetry) -> WorkflowBulkRetry:
    rows = WorkflowBulkRetry.objects.select_for_update(of=("self",)).select_related("tenant")
    return rows.get(pk=job.pk, tenant=job.tenant_id)


def _item(
    job: WorkflowBulkRetry, place: int, facts: tuple[UUID, str, int]
) -> WorkflowBulkRetryItem:
    run, status, token = facts
    reason = _BY_STATUS.get(status, "")
    return WorkflowBulkRetryItem(
        tenant_id=job.tenant_id,
        bulk_retry=job,
        run_id=run,
        lease_token=token,
        position=place,
        outcome=ItemOutcome.LEFT if reason else ItemOutcome.WAITING,
        reason=reason,
    )


def _examine(job: WorkflowBulkRetry, items: list[WorkflowBulkRetryItem]) -> None:
    """Leave alone what can be told now that it will be; count the records that differ."""
    left = []
    for first in range(0, len(items), BATCH):
        batch = items[first : first + BATCH]
        unclear = unclear_beneath(job.tenant_id, [one.run_id for one in batch])
        runs = _runs(job, batch)
        for item in batch:
            run = runs.get(item.run_id)
            item.reason = UNCLEAR if item.run_id in unclear else (run and hindrance(run)) or ""
            if item.reason:
                item.outcome = ItemOutcome.LEFT
                left.append(item)
            elif run and first < MAX_RECORDS_READ:
                job.changed += values_of_today(run) is not None
    WorkflowBulkRetryItem.objects.bulk_update(left, ["outcome", "reason"], batch_size=BATCH)


def _runs(job: WorkflowBulkRetry, items: Iterable[WorkflowBulkRetryItem]) -> Mapping[UUID, Any]:
    found = WorkflowRun.objects.filter(tenant=job.tenant_id, pk__in=[one.run_id for one in items])
    return {run.pk: run for run in found.select_related("definition", "tenant")}
