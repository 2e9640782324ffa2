"""Problems as pages show them: which are open, how many runs, the trend.

The first page, the list and the page of one ask here, so that their numbers are the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from tenants.models.tenant import Tenant
from workflows.models.problem import WorkflowProblem
from workflows.models.run import WorkflowRun
from workflows.presentation.actors import actor_words
from workflows.runtime.database import rows
from workflows.services.problems.fold import HOURS_KEPT, hour_of, hours_of, refresh
from workflows.services.runs.summaries import failed_step, plans_of

# More than this are not counted, as in lists.
MAX_COUNTED: Final = 10_000

# Through the index `wr_problem`, problem by problem.
COUNTS: Final = """
SELECT seen.members, count(*) FILTER (WHERE found.failed),
    count(*) FILTER (WHERE NOT found.failed)
FROM unnest(%(members)s::uuid[]) AS seen (members) CROSS JOIN LATERAL (
    SELECT error_fingerprint IS NOT NULL AS failed FROM workflow_runs
    WHERE problem = seen.members AND problem IS NOT NULL
        AND (error_fingerprint IS NOT NULL OR due_at IS NOT NULL)
    LIMIT %(most)s) found
GROUP BY seen.members
"""
# The newest of each that failed, else one that is under way: what shows what it is about.
EXAMPLES: Final = """
SELECT seen.members, found.id
FROM unnest(%(members)s::uuid[]) AS seen (members) CROSS JOIN LATERAL (
    SELECT id FROM workflow_runs
    WHERE problem = seen.members AND problem IS NOT NULL AND error_fingerprint IS NOT NULL
    ORDER BY id DESC LIMIT 1) found
"""


@dataclass(frozen=True, slots=True)
class ProblemSummary:
    """A problem, with what belongs to it."""

    problem: WorkflowProblem
    failed: int = 0  # runs
    under_way: int = 0  # runs of it that somebody lets go on
    last_day: int = 0  # failures
    last_week: int = 0
    example: WorkflowRun | None = None
    step: str = ""
    why: str = ""  # of the example

    @property
    def runs(self) -> int:
        """Return how many runs are not solved, at most MAX_COUNTED and one."""
        return self.failed + self.under_way

    @property
    def is_capped(self) -> bool:
        """Whether there are more than were counted."""
        return self.runs > MAX_COUNTED

    @property
    def taken_by(self) -> str:
        """Return who sees to it, in words; "" if nobody does."""
        return actor_words(self.problem.taken_by)

    @property
    def state(self) -> str:
        """Return `open`, `taken` or `solved`."""
        return state_of(self.problem)


def state_of(problem: WorkflowProblem) -> str:
    """Return `open`, `taken` or `solved`."""
    if problem.closed_at is not None:
        return "solved"
    return "taken" if problem.taken_by else "open"


def open_ones(
    found: QuerySet[WorkflowProblem, WorkflowProblem],
) -> QuerySet[WorkflowProblem, WorkflowProblem]:
    """Only those that nobody has solved, the newest first."""
    return found.filter(closed_at__isnull=True).order_by("-last_at", "-id")


@dataclass(frozen=True, slots=True)
class OpenProblems:
    """The newest open ones, and how many there are."""

    shown: Sequence[ProblemSummary]
    total: int

    @property
    def more(self) -> int:
        """Return how many are not shown."""
        return self.total - len(self.shown)


def open_problems(tenants: Sequence[Tenant], now: datetime, most: int) -> OpenProblems:
    """Return the newest open problems of `tenants`, counted up to this moment."""
    ids = [tenant.pk for tenant in tenants]
    refresh(ids)
    found = open_ones(WorkflowProblem.objects.filter(tenant__in=ids))
    shown = list(found.select_related("definition", "tenant")[: most + 1])
    total = found.count() if len(shown) > most else len(shown)
    return OpenProblems(summaries(shown[:most], now), total)


def summaries(problems: Iterable[WorkflowProblem], now: datetime) -> list[ProblemSummary]:
    """Return what a page tells of each, in as many questions for many as for one."""
    shown = list(problems)
    members = [one.members for one in shown]
    counts = {
        key: (failed, under_way)
        for key, failed, under_way in rows(COUNTS, {"members": members, "most": MAX_COUNTED + 1})
    }
    examples = _examples(shown)
    plans = plans_of(examples.values())
    found = []
    for one in shown:
        example = examples.get(one.pk)
        step, why = failed_step(example, plans) if example else ("", "")
        failed, under_way = counts.get(one.members, (0, 0))
        day, week = trend(one, now)
        found.append(
            ProblemSummary(one, failed, under_way, day, week, example, step or one.step, why)
        )
    return found


def trend(problem: WorkflowProblem, now: datetime) -> tuple[int, int]:
    """Return how many failures there were in the last 24 hours, and in the last 7 days."""
    hours, this = hours_of(problem.hours), hour_of(now)

    def within(long: int) -> int:
        return sum(count for hour, count in hours.items() if this - long < hour <= this)

    return within(24), within(HOURS_KEPT)


def problem_of(run: WorkflowRun) -> WorkflowProblem | None:
    """Return the problem that a run belongs to; None: none, or it is solved."""
    if run.problem is None:
        return None
    return WorkflowProblem.objects.filter(tenant=run.tenant_id, members=run.problem).first()


def _examples(problems: Sequence[WorkflowProblem]) -> Mapping[UUID, WorkflowRun]:
    """Return for each problem its newest failed run; without one, the run that failed last."""
    asked = {"members": [one.members for one in problems]}
    newest: dict[UUID, UUID] = dict(rows(EXAMPLES, asked))
    wanted = {one.pk: newest.get(one.members, one.example) for one in problems}
    tenants = {one.tenant_id for one in problems}
    found = WorkflowRun.objects.filter(pk__in=wanted.values(), tenant__in=tenants)
    runs = {run.pk: run for run in found.select_related("definition", "tenant")}
    return {key: runs[run] for key, run in wanted.items() if run in runs}
