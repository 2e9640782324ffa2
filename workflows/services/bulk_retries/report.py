"""What has become of the runs of a job: done, failed again, left alone and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tenants.models.tenant import Tenant
from workflows.models.bulk_retry import BulkRetryStatus, WorkflowBulkRetry
from workflows.models.run import WorkflowRun
from workflows.runtime.database import rows
from workflows.services.runs.summaries import RunSummary, plans_of, subjects_of, told

MAX_LIVE_SHOWN: Final = 3


class Became(StrEnum):
    """What has become of a run."""

    WELL = "well"
    FAILED_AGAIN = "failed_again"
    UNDER_WAY = "under_way"
    LEFT = "left"
    WAITING = "waiting"


# As the runs stand now: one that failed again and was then solved by somebody is done.
_BECAME: Final = """CASE WHEN item.outcome = 'left' THEN 'left'
        WHEN item.outcome = '' THEN 'waiting'
        WHEN run.due_at IS NOT NULL THEN 'under_way'
        WHEN run.error_fingerprint IS NOT NULL THEN 'failed_again'
        ELSE 'well' END"""
COUNTS: Final = f"""
SELECT {_BECAME}, count(*) FROM workflow_bulk_retry_items item
LEFT JOIN workflow_runs run ON run.id = item.run_id AND run.tenant_id = item.tenant_id
WHERE item.bulk_retry_id = %(job)s AND item.tenant_id = %(tenant)s GROUP BY 1
"""  # noqa: S608  # a constant of this module
RUNS: Final = f"""
SELECT item.run_id, item.reason FROM workflow_bulk_retry_items item
LEFT JOIN workflow_runs run ON run.id = item.run_id AND run.tenant_id = item.tenant_id
WHERE item.bulk_retry_id = %(job)s AND item.tenant_id = %(tenant)s AND {_BECAME} = %(became)s
ORDER BY item.position LIMIT %(most)s OFFSET %(skip)s
"""  # noqa: S608  # a constant of this module
# What was retried first.
FIRST: Final = """
SELECT run_id FROM workflow_bulk_retry_items
WHERE bulk_retry_id = %(job)s AND tenant_id = %(tenant)s AND outcome = 'retried'
ORDER BY position LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run of a job, told as lists do, with why it was left alone."""

    told: RunSummary
    reason: str  # a code, or ""


def live_jobs(tenants: Sequence[Tenant]) -> list[WorkflowBulkRetry]:
    """Return the jobs that go on, or wait for a person: the newest of them."""
    live = [BulkRetryStatus.FIRST, BulkRetryStatus.ASKING, BulkRetryStatus.RUNNING]
    found = WorkflowBulkRetry.objects.filter(tenant__in=[one.pk for one in tenants])
    return list(found.filter(status__in=live).order_by("-id")[:MAX_LIVE_SHOWN])


def counts_of(job: WorkflowBulkRetry) -> Mapping[Became, int]:
    """Return how many runs became what."""
    found: dict[str, int] = dict(rows(COUNTS, {"job": job.pk, "tenant": job.tenant_id}))
    return {one: found.get(one, 0) for one in Became}


def runs_of(job: WorkflowBulkRetry, became: Became, most: int, skip: int = 0) -> Sequence[JobRun]:
    """Return the runs of which that became, in the order in which they were chosen."""
    asked = {"job": job.pk, "tenant": job.tenant_id, "became": became.value}
    found = [(row[0], row[1]) for row in rows(RUNS, {**asked, "most": most, "skip": skip})]
    return _told(job, found)


def first_of(job: WorkflowBulkRetry) -> RunSummary | None:
    """Return the run that was retried first."""
    found = rows(FIRST, {"job": job.pk, "tenant": job.tenant_id})
    shown = _told(job, [(row[0], "") for row in found])
    return shown[0].told if shown else None


def _told(job: WorkflowBulkRetry, found: Sequence[tuple[object, str]]) -> list[JobRun]:
    wanted = [run for run, _reason in found]
    own = WorkflowRun.objects.filter(tenant=job.tenant_id, pk__in=wanted)
    runs = {run.pk: run for run in own.select_related("definition", "tenant")}
    plans, subjects = plans_of(runs.values()), subjects_of(runs.values())
    return [
        JobRun(told(runs[pk], plans, subjects), reason)  # type: ignore[index]
        for pk, reason in found
        if pk in runs
    ]
