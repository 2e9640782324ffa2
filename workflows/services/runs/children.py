"""The child runs of a run: how they did, which to look at first, and the way back up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from tenants.core.database.ids import lowest_id_at
from tenants.core.json import Json
from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.lines import RelatedRuns
from workflows.presentation.runs.plans import PlannedStep, PlannedWay, WayKind, every_step
from workflows.services.runs.entries import entries_of
from workflows.services.runs.summaries import plans_of

Runs = QuerySet[WorkflowRun, WorkflowRun]

MAX_SHOWN: Final = 10
# A run's id is made by its worker's clock, the times of a step are the database's.
CLOCKS_APART: Final = timedelta(minutes=5)
MAX_LANE_HOLDERS: Final = 3

WRONG: Final = (RunStatus.FAILED, RunStatus.COMPLETED_WITH_ERRORS)


@dataclass(frozen=True, slots=True)
class ChildRunsOfStep:
    """The child runs of one step. Those that are not counted here are not started yet."""

    done: int
    wrong: int  # failed, or completed with errors
    left_out: int  # cancelled or skipped
    under_way: int
    shown: tuple[WorkflowRun, ...]  # those that went wrong first, then those under way

    @property
    def count(self) -> int:
        """Return how many there are."""
        return self.done + self.wrong + self.left_out + self.under_way


@dataclass(frozen=True, slots=True)
class Above:
    """Where a child run belongs."""

    parent: WorkflowRun
    step: PlannedStep | None  # None: its version is gone
    way: PlannedWay | None  # the block that the child carries out
    count: int  # of the child runs of that step; 0: unknown


def family_of(run: WorkflowRun, kin: RelatedRuns) -> ChildRunsOfStep:
    """Return the child runs that a step of `run` has started, each item's latest try."""
    rows = _children(run, kin)
    if kin.since is not None:
        latest = rows.order_by("item_index", "-id").distinct("item_index")
        rows = WorkflowRun.objects.filter(
            tenant=run.tenant_id, pk__in=list(latest.values_list("pk", flat=True))
        )
    by_status = rows.order_by().values_list("status").annotate(count=Count("id"))
    counts: dict[str, int] = dict(by_status)
    live = sum(counts.get(one, 0) for one in RunStatus if not one.has_ended)
    wrong = sum(counts.get(one, 0) for one in WRONG)
    done = counts.get(RunStatus.COMPLETED, 0)
    left_out = sum(counts.values()) - live - wrong - done
    first = Case(
        When(status__in=WRONG, then=Value(0)),
        When(Q(due_at__isnull=False) & ~Q(status=RunStatus.QUEUED), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    shown = rows.select_related("definition", "tenant").order_by(first, "item_index")
    return ChildRunsOfStep(done, wrong, left_out, live, tuple(shown[:MAX_SHOWN]))


def above(run: WorkflowRun) -> Above | None:
    """Return the run that started `run` and waits for it; None if none did."""
    if run.parent_run is None:
        return None
    own = WorkflowRun.objects.filter(tenant=run.tenant_id, pk=run.parent_run)
    parent = own.select_related("definition", "tenant").first()
    if parent is None:
        return None
    plans = plans_of([parent])
    steps = [step for plan in plans.values() for step in every_step(plan)]
    if run.entry == 0:
        step = _caller(run, parent, steps)
        return Above(parent, step, None, 1)
    for step in steps:
        for way in step.ways:
            if way.body == run.entry:
                return Above(parent, step, way, _count(parent, step))
    return Above(parent, None, None, 0)


def ahead_in_lane(run: WorkflowRun) -> list[WorkflowRun]:
    """Return the runs that `run` waits behind: of its key, else of its workflow."""
    live = WorkflowRun.objects.filter(
        tenant=run.tenant_id,
        definition=run.definition_id,
        lane__isnull=False,
        due_at__isnull=False,
        holds_lane=True,
    ).exclude(pk=run.pk)
    same_key = list(live.filter(lane=run.lane).order_by("id")[:1]) if run.lane else []
    return same_key or list(live.order_by("id")[:MAX_LANE_HOLDERS])


def _children(run: WorkflowRun, kin: RelatedRuns) -> Runs:
    low = UUID(kin.first)
    if kin.since is not None:
        low = min(low, lowest_id_at(kin.since - CLOCKS_APART))
    return WorkflowRun.objects.filter(
        tenant=run.tenant_id,
        parent_run=run.pk,
        entry__in=kin.bodies,
        id__gte=low,
        id__lte=UUID(kin.last),
    )


def _caller(run: WorkflowRun, parent: WorkflowRun, steps: list[PlannedStep]) -> PlannedStep | None:
    by_name = {step.name: step for step in steps}
    for entry in (*entries_of(parent), parent.pending or {}):
        if entry.get("action") == "run_workflow" and _holds(entry, run.pk):
            return by_name.get(entry["step_name"])
    return None


def _holds(entry: Mapping[str, Json], run_id: UUID) -> bool:
    kept = entry.get("children") or {}
    # Of a step that is over: the first id and the last.
    ends = kept if isinstance(kept, list) else [kept.get("oldest"), kept.get("last")]
    return all(ends) and UUID(ends[0]) <= run_id <= UUID(ends[1])


def _count(parent: WorkflowRun, step: PlannedStep) -> int:
    arms = sum(way.kind is WayKind.ARM for way in step.ways)
    if arms:
        return arms
    entries = [*entries_of(parent), parent.pending or {}]
    own = [one for one in entries if one.get("step_name") == step.name and one.get("input")]
    return len(own[-1]["input"].get("items") or ()) if own else 0
