"""What somebody should look at now: open problems, retries, work that nobody takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from tenants.models.tenant import Tenant
from workflows import conf
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.entries import step_error
from workflows.runtime.database import rows
from workflows.services.operations.health import LATE
from workflows.services.problems.queries import OpenProblems, open_problems

# Per tenant: so many waiting and due runs are looked at, the newest or the next ones.
LOOKED_AT: Final = 1_000
GROUPS_SHOWN: Final = 8

# Through the partial index of live runs. Those that wait for a date look the same, but have not
# tried anything yet. The parts of one run count as one; its own page leads from the part to it.
RETRIES: Final = """
SELECT (array_agg(found.id ORDER BY found.due_at))[1], count(DISTINCT found.whole)
FROM unnest(%(tenants)s::uuid[]) AS seen (id) CROSS JOIN LATERAL (
    SELECT id, coalesce(parent_run, id) AS whole, definition_id, due_at, pending
    FROM workflow_runs
    WHERE tenant_id = seen.id AND due_at > now() AND status = 'waiting'
    ORDER BY due_at LIMIT %(most)s) found
WHERE jsonb_array_length(coalesce(found.pending -> 'attempts', '[]')) > 0
    AND NOT found.pending ?| '{awaits,no_place_at}'
GROUP BY found.definition_id, found.pending ->> 'step_name'
ORDER BY count(DISTINCT found.whole) DESC, 1 LIMIT %(groups)s
"""

# The same index, with the parts of runs: nothing else is due of one that waits for its parts. A
# run that was put back is due in 1970: it waits since it was made, at most.
DUE: Final = """
SELECT count(*), max(now() - found.since)
FROM unnest(%(tenants)s::uuid[]) AS seen (id)
JOIN tenants ON tenants.id = seen.id AND tenants.paused_at IS NULL
CROSS JOIN LATERAL (
    SELECT greatest(due_at, created_at) AS since FROM workflow_runs
    WHERE tenant_id = seen.id AND due_at <= now() AND status IN ('queued', 'waiting')
    ORDER BY due_at LIMIT %(most)s) found
WHERE found.since < now() - %(late)s::interval
"""

LIVE_WORKERS: Final = """
SELECT count(*) FROM workflow_workers WHERE beat_at > now() - %(lease)s::interval
"""


# Of a company's mails that wait for their next try: of which runs the last try failed so.
MAIL_TROUBLE: Final = """
SELECT count(*), (array_agg(found.id ORDER BY found.due_at))[1]
FROM (
    SELECT id, due_at, pending FROM workflow_runs
    WHERE tenant_id = %(tenant)s AND due_at > now() AND status = 'waiting'
    ORDER BY due_at LIMIT %(most)s) found
WHERE found.pending ->> 'action' = 'send_email'
    AND found.pending -> 'attempts' -> -1 -> 'error' ->> 'code' = ANY(%(codes)s)
    AND coalesce(found.pending #>> '{input,connection}', %(key)s) = %(key)s
"""
# The server was not reached at all: no other mail of this connection goes, either.
UNREACHED: Final = ("mail_server_unreachable", "mail_timed_out")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Mails of a connection that could not be handed to its server, and are tried again."""

    count: int
    why: str  # of the next


@dataclass(frozen=True, slots=True)
class Retry:
    """Runs of one workflow that will try the same step again."""

    run: WorkflowRun  # the next of them
    count: int

    @property
    def why(self) -> str:
        """Say how its last try failed."""
        return _last_try(self.run)


@dataclass(frozen=True, slots=True)
class Late:
    """Runs that are due and that no worker has taken."""

    count: int
    longest: timedelta
    is_capped: bool  # there are more than were counted


@dataclass(frozen=True, slots=True)
class Attention:
    """All of it."""

    problems: OpenProblems
    retries: Sequence[Retry]
    late: Late | None
    has_workers: bool

    @property
    def is_calm(self) -> bool:
        """Whether there is nothing to look at."""
        return (
            not self.problems.total and not self.retries and self.late is None and self.has_workers
        )


def attention(tenants: Sequence[Tenant], now: datetime) -> Attention:
    """Look at `tenants`. Each question reads a bounded number of rows of an index."""
    ids = [tenant.pk for tenant in tenants]
    asked = {"tenants": ids, "most": LOOKED_AT, "groups": GROUPS_SHOWN}
    retried = rows(RETRIES, asked)
    runs = _runs(ids, [row[0] for row in retried])
    return Attention(
        problems=open_problems(tenants, now, GROUPS_SHOWN),
        retries=[Retry(runs[run], count) for run, count in retried if run in runs],
        late=_late(ids),
        has_workers=bool(rows(LIVE_WORKERS, {"lease": conf.current().lease})[0][0]),
    )


def mail_trouble(tenant: Tenant, key: str) -> Trouble | None:
    """Return what keeps the mails of a connection; None: nothing that is known."""
    asked = {"tenant": tenant.pk, "key": key, "codes": list(UNREACHED), "most": LOOKED_AT}
    count, following = rows(MAIL_TROUBLE, asked)[0]
    run = WorkflowRun.objects.filter(pk=following).first() if count else None
    return Trouble(count, _last_try(run)) if run else None


def _last_try(run: WorkflowRun) -> str:
    """Say how the last try of a waiting run's step failed."""
    tries = (run.pending or {}).get("attempts") or [{}]
    return step_error(tries[-1])


def _runs(tenants: Sequence[UUID], wanted: Sequence[UUID]) -> dict[UUID, WorkflowRun]:
    found = WorkflowRun.objects.filter(pk__in=wanted, tenant__in=tenants)
    return {run.pk: run for run in found.select_related("definition", "tenant")}


def _late(tenants: Sequence[UUID]) -> Late | None:
    asked = {"tenants": list(tenants), "most": LOOKED_AT, "late": LATE}
    count, longest = rows(DUE, asked)[0]
    return Late(count, longest, count >= LOOKED_AT) if count else None
