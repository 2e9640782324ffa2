"""The one loop that carries a run from step to step. The executor says how a step is done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from workflows.engine.advance import Walker
from workflows.engine.history.entries import Timing
from workflows.engine.outcomes import CancelAsked, Outcome, StepUnknown
from workflows.engine.progress import Job, Progress, stored
from workflows.engine.statuses import RunStatus
from workflows.engine.walker import Arrival
from workflows.runtime.runs.claims import BOOKKEEPING, Claim

Pending = Mapping[str, Any]


class StepExecutor(Protocol):
    """Live executors act on the world; dry-run executors only say what they would do."""

    claim: Claim  # the run, as it stood when it was claimed

    def now(self) -> datetime:
        """Return the time that templates see."""

    def jitter(self) -> float:
        """Return a number in [0, 1)."""

    def walker(self) -> Walker:
        """Return a walker that stands on the results so far."""

    def arrival(self, pending: Pending, now: datetime) -> Arrival:
        """Return what a run that waited for others finds: its children, an event, a decision."""

    def is_late(self) -> bool:
        """Whether the run's deadline has passed."""

    def doubt(self, step: int) -> StepUnknown | None:
        """Return why nobody knows whether a step was done that cannot safely be repeated."""

    def carry_out(self, job: Job) -> Progress:
        """Do the step, settle its outcome (`settled`), and write down what was settled."""

    def write(self, progress: Progress) -> Progress:
        """Write down progress that no step of this executor made.

        Return what was written: another progress, where this one could not be.
        """

    def is_cancelled(self) -> bool:
        """Whether somebody asked to cancel the run."""

    def should_put_down(self) -> bool:
        """Whether the run is to be left for another worker before its next step."""

    def put_down(self) -> None:
        """Leave the run for another worker."""


def interpret(executor: StepExecutor, step: int, pending: Pending | None) -> RunStatus:
    """Carry a run on from `step` until it parks, ends, or is put down."""
    progress, is_first = _begin(executor, step, pending), True
    if progress.job is None or progress.entries:
        # Skips, branches and waits that are over stand before the first step to carry out.
        progress = executor.write(progress)
    elif (unknown := executor.doubt(progress.job.instruction.index)) is not None:
        progress = settled(executor, progress.job, unknown, Timing(executor.now(), 0))
        progress, is_first = executor.write(progress), False
    elif not _is_stored(executor, pending):
        progress = executor.write(progress)
    return _carry_on(executor, progress, is_first=is_first)


def go_on(executor: StepExecutor, progress: Progress) -> RunStatus:
    """Carry a run on from what was written last until it parks, ends, or is put down."""
    return _carry_on(executor, progress, is_first=False)


def settled(executor: StepExecutor, job: Job, outcome: Outcome, timing: Timing) -> Progress:
    """Return what the outcome of a step means for the run."""
    walker = executor.walker()
    return walker.settle(job, outcome, timing, now=executor.now(), jitter=executor.jitter())


def _is_stored(executor: StepExecutor, pending: Pending | None) -> bool:
    """Whether the step would be rendered alike once more, should this worker die in it.

    Its params are stored, or it is the very first step, which is rendered as of the run's start.
    """
    kept = (pending or {}).keys() - BOOKKEEPING
    return "input" in kept or not (kept or executor.walker().results)


def _begin(executor: StepExecutor, step: int, pending: Pending | None) -> Progress:
    walker, now = executor.walker(), executor.now()
    if executor.is_cancelled():
        return walker.cancelled(step, pending, now)
    if _is_late(executor, step) and not _is_in_doubt(executor, step, pending):
        return _expired(executor, step, pending)
    arrival = None
    if pending is not None and "awaits" in pending:
        arrival = executor.arrival(pending, now)
    return walker.begin(step, pending, now, arrival)


def _is_in_doubt(executor: StepExecutor, step: int, pending: Pending | None) -> bool:
    """Whether the step may have been done by a worker that died: that is said, not the deadline."""
    kept = pending or {}
    if not kept.keys() & {"begun", "in_doubt"} or "awaits" in kept or "wake_at" in kept:
        return False
    job = executor.walker().begin(step, pending, executor.now()).job
    return job is not None and executor.doubt(job.instruction.index) is not None


def _is_late(executor: StepExecutor, step: int) -> bool:
    """Whether the deadline has passed, and the run has not failed over it yet."""
    return executor.is_late() and not executor.walker().has_failed_at(step)


def _expired(executor: StepExecutor, step: int, pending: Pending | None) -> Progress:
    deadline, now = executor.claim.deadline_at, executor.now()
    return executor.walker().expire(step, pending, deadline or now, now)


def _carry_on(executor: StepExecutor, progress: Progress, *, is_first: bool) -> RunStatus:
    while (job := progress.job) is not None or progress.walks_on:
        if job is None:
            if executor.should_put_down():
                executor.put_down()
                return RunStatus.QUEUED
            progress = executor.write(_begin(executor, progress.next_step, progress.pending))
        elif executor.is_cancelled():
            progress = settled(executor, job, CancelAsked(), Timing(executor.now(), 0))
            progress = executor.write(progress)
        elif not is_first and _is_late(executor, job.instruction.index):
            progress = executor.write(_expired(executor, job.instruction.index, stored(job)))
        elif executor.should_put_down() and not is_first:
            executor.put_down()
            return RunStatus.QUEUED
        else:
            progress = executor.carry_out(job)
        is_first = False
    return progress.status
