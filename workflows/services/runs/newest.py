"""The newest runs of some tenants, or of each of some workflows, and how the last day went."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Sum

from tenants.core.database.ids import lowest_id_at
from tenants.models.tenant import Tenant
from workflows.engine.statuses import RunStatus
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun, WorkflowRunStats
from workflows.runtime.database import rows
from workflows.services.runs.summaries import RunSummary, plans_of, subjects_of, told

# Tenant by tenant through its index: a list of tenants at once would sort whole histories. Why the
# tenant stands there as a range is told in `search_history`.
NEWEST: Final = """
SELECT found.id FROM unnest(%(tenants)s::uuid[]) AS seen (id) CROSS JOIN LATERAL (
    SELECT id FROM workflow_runs
    WHERE tenant_id >= seen.id AND tenant_id <= seen.id AND parent_run IS NULL
    ORDER BY tenant_id, id DESC LIMIT %(most)s) found
ORDER BY found.id DESC LIMIT %(most)s
"""
# One probe of the index (tenant, workflow, newest first) for each. As ranges, so that no other
# index gives this order: a workflow that never ran would be looked for in a whole history.
NEWEST_OF_EACH: Final = """
SELECT found.id FROM unnest(%(tenants)s::uuid[], %(definitions)s::uuid[]) AS seen (tenant, id)
CROSS JOIN LATERAL (
    SELECT id FROM workflow_runs
    WHERE tenant_id >= seen.tenant AND tenant_id <= seen.tenant
        AND definition_id >= seen.id AND definition_id <= seen.id AND parent_run IS NULL
    ORDER BY tenant_id, definition_id, id DESC LIMIT 1) found
"""


# What the lists show behind these figures: counted as they stand, through the partial indexes.
WRONG_OR_LIVE: Final = """
SELECT sum(wrong.runs), sum(live.runs) FROM unnest(%(tenants)s::uuid[]) AS seen (id)
CROSS JOIN LATERAL (SELECT count(*) AS runs FROM (SELECT 1 FROM workflow_runs
    WHERE tenant_id = seen.id AND error_fingerprint IS NOT NULL AND parent_run IS NULL
        AND id >= %(since)s LIMIT %(most)s) counted) wrong
CROSS JOIN LATERAL (SELECT count(*) AS runs FROM (SELECT 1 FROM workflow_runs
    WHERE tenant_id = seen.id AND due_at IS NOT NULL AND parent_run IS NULL
        AND id >= %(since)s LIMIT %(most)s) counted) live
"""
MAX_COUNTED: Final = 10_000  # of each company


@dataclass(frozen=True, slots=True)
class LastDay:
    """Runs that began in the last 24 hours, by what became of them.

    Those that ended well are a minute old at most; the others are those of the lists.
    """

    completed: int = 0
    with_errors: int = 0  # failed, or completed with errors
    unfinished: int = 0

    @property
    def runs(self) -> int:
        """All of them."""
        return self.completed + self.with_errors + self.unfinished


def newest_runs(tenants: Sequence[Tenant], most: int) -> list[RunSummary]:
    """Return the newest runs of `tenants`, told in a sentence each."""
    ids = [tenant.pk for tenant in tenants]
    wanted = [row[0] for row in rows(NEWEST, {"tenants": ids, "most": most})]
    found = WorkflowRun.objects.filter(pk__in=wanted, tenant__in=ids).order_by("-id")
    runs = list(found.select_related("definition", "tenant"))
    plans, subjects = plans_of(runs), subjects_of(runs)
    return [told(run, plans, subjects) for run in runs]


def last_day(tenants: Sequence[Tenant], now: datetime) -> LastDay:
    """Return the figures; of what ended well from the rollup.

    Counting a busy tenant's runs took 218 ms (measured).
    """
    by_status = dict(
        WorkflowRunStats.objects.filter(
            tenant__in=[tenant.pk for tenant in tenants], hour__gte=now - timedelta(days=1)
        )
        .order_by()
        .values_list("status")
        .annotate(total=Sum("runs"))
    )
    ended_well = {RunStatus.COMPLETED, RunStatus.SKIPPED, RunStatus.CANCELLED}
    asked = {"tenants": [one.pk for one in tenants], "since": since(now), "most": MAX_COUNTED}
    wrong, live = rows(WRONG_OR_LIVE, asked)[0]
    return LastDay(
        completed=sum(by_status.get(status, 0) for status in ended_well),
        with_errors=int(wrong or 0),
        unfinished=int(live or 0),
    )


def since(now: datetime) -> UUID:
    """Return the id at which the last 24 hours begin."""
    return lowest_id_at(now - timedelta(days=1))


def last_runs(definitions: Iterable[WorkflowDefinition]) -> Mapping[UUID, WorkflowRun]:
    """Return the newest run of each, by the workflow's id; none where it never ran."""
    shown = list(definitions)
    asked = {
        "tenants": [one.tenant_id for one in shown],
        "definitions": [one.pk for one in shown],
    }
    wanted = [row[0] for row in rows(NEWEST_OF_EACH, asked)]
    # Only what lists show: a run's payload and results may be large.
    found = WorkflowRun.objects.filter(pk__in=wanted, tenant__in=asked["tenants"])
    few = found.only("id", "definition_id", "status", "started_at", "created_at")
    return {run.definition_id: run for run in few}
