"""Carry the jobs of many retries on: one run in one transaction, as fast as was asked for.

Whoever does it holds the job's row for that one run, so that two do not take the same, a stop
counts from the next run on, and a death leaves a run either retried and noted, or neither. The
clock of every worker group comes each second; a job that nobody carried on for a while goes on
where it was, and no faster.
Rows are locked in this order: the job, its run's item with the run (never waited for), then what
the retry locks.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

from django.db import transaction

from workflows.models.bulk_retry import (
    BulkRetryStatus,
    ItemOutcome,
    WorkflowBulkRetry,
    WorkflowBulkRetryItem,
)
from workflows.models.run import WorkflowRun
from workflows.runtime.database import database_now, is_trouble, rows
from workflows.services.bulk_retries.hindrances import (
    CHANGED,
    GONE,
    UNCLEAR,
    UNREADABLE,
    hindrance,
    unclear_beneath,
    values_of_today,
)
from workflows.services.refusals import Refused
from workflows.services.runs.retry import retry_failed_step

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.8  # of one look, which comes every second
# What was not used of the pace of so long may be used at once: looks come every second.
CREDIT: Final = timedelta(seconds=2)

DUE: Final = """
SELECT id FROM workflow_bulk_retries
WHERE status IN ('first', 'running') AND next_at <= now() ORDER BY next_at
"""
JOB: Final = """
SELECT id FROM workflow_bulk_retries
WHERE id = %(job)s AND status IN ('first', 'running') AND next_at <= now()
FOR UPDATE SKIP LOCKED
"""
# The next run that nobody holds at this moment.
NEXT: Final = """
SELECT item.id FROM workflow_bulk_retry_items item
JOIN workflow_runs run ON run.id = item.run_id
WHERE item.bulk_retry_id = %(job)s AND item.outcome = ''
ORDER BY item.position LIMIT 1
FOR UPDATE OF item, run SKIP LOCKED
"""
# Runs that are no longer there.
LEAVE_GONE: Final = """
UPDATE workflow_bulk_retry_items item SET outcome = 'left', reason = %(reason)s, done_at = now()
WHERE bulk_retry_id = %(job)s AND outcome = ''
    AND NOT EXISTS (SELECT 1 FROM workflow_runs run WHERE run.id = item.run_id)
RETURNING id
"""


def carry_on(seconds: float = LOOK_SECONDS) -> int:
    """Retry what is due of every job, by turns; return how many runs were handled."""
    until, handled = monotonic() + seconds, 0
    due = [row[0] for row in rows(DUE, {})]
    while due and monotonic() < until:
        for job_id in list(due):
            if _one(job_id):
                handled += 1
            else:
                due.remove(job_id)
            if monotonic() > until:
                break
    return handled


def _one(job_id: UUID) -> bool:
    """Handle one run of a job; False: nothing of it can be done now."""
    try:
        with transaction.atomic():
            return _next_of(job_id)
    except _ItemFailed as failed:
        # What the transaction did is undone; the next job and the next run go on.
        logger.warning("bulk_retry_run_failed", extra={"item": str(failed.item)}, exc_info=True)
        done = {"outcome": ItemOutcome.LEFT, "reason": UNREADABLE, "done_at": database_now()}
        waiting = WorkflowBulkRetryItem.objects.filter(pk=failed.item, outcome=ItemOutcome.WAITING)
        return bool(waiting.update(**done))


class _ItemFailed(Exception):
    def __init__(self, item: UUID) -> None:
        super().__init__(f"item {item} cannot be retried")
        self.item = item


def _next_of(job_id: UUID) -> bool:
    if not rows(JOB, {"job": job_id}):
        return False  # somebody else has it, or it was stopped
    job = WorkflowBulkRetry.objects.select_related("tenant").get(pk=job_id)
    found = rows(NEXT, {"job": job_id})
    if not found:
        return _end_unless_held(job)
    item = WorkflowBulkRetryItem.objects.get(pk=found[0][0])
    try:
        with transaction.atomic():
            reason = _retry(job, item)
    except Exception as trouble:
        if is_trouble(trouble):
            raise
        raise _ItemFailed(item.pk) from trouble
    now = database_now()
    item.outcome = ItemOutcome.LEFT if reason else ItemOutcome.RETRIED
    item.reason, item.done_at = reason, now
    item.save(update_fields=["outcome", "reason", "done_at"])
    if not reason:
        _paced(job, now)
    return True


def _retry(job: WorkflowBulkRetry, item: WorkflowBulkRetryItem) -> str:
    """Let the run go on; return why not, or ""."""
    runs = WorkflowRun.objects.select_related("definition", "tenant")
    run = runs.filter(tenant=job.tenant_id, pk=item.run_id).first()
    if run is None:
        return GONE
    if run.lease_token != item.lease_token:
        return CHANGED
    if reason := _first(
        lambda: hindrance(run),
        lambda: UNCLEAR if unclear_beneath(job.tenant_id, [run.pk]) else "",
    ):
        return reason
    with_record = job.with_record and values_of_today(run) is not None
    try:
        with transaction.atomic():
            retry_failed_step(job.tenant, run.pk, actor=job.actor, with_record=with_record)
    except Refused as why:
        return why.code
    return ""


def _first(*questions: Callable[[], str]) -> str:
    return next((code for ask in questions if (code := ask())), "")


def _paced(job: WorkflowBulkRetry, now: datetime) -> None:
    """Say when the next run may follow; after the first, ask whether it is to."""
    apart = timedelta(minutes=1) / max(job.per_minute, 1)
    job.next_at = max(job.next_at or now, now - CREDIT) + apart
    if job.status == BulkRetryStatus.FIRST:
        job.status, job.next_at = BulkRetryStatus.ASKING, None
    if not job.items.filter(outcome=ItemOutcome.WAITING).exists():
        _end(job, now)
    job.save(update_fields=["status", "next_at", "ended_at"])


def _end_unless_held(job: WorkflowBulkRetry) -> bool:
    gone = rows(LEAVE_GONE, {"job": job.pk, "reason": GONE})
    if not job.items.filter(outcome=ItemOutcome.WAITING).exists():
        _end(job, database_now())
        job.save(update_fields=["status", "next_at", "ended_at"])
    return bool(gone)


def _end(job: WorkflowBulkRetry, now: datetime) -> None:
    job.status, job.next_at, job.ended_at = BulkRetryStatus.DONE, None, now
