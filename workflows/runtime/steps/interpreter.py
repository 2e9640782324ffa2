"""The one loop that carries a run from step to step. The hands say how a step is done."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from workflows.engine.advance import Walker
from workflows.engine.history.entries import Timing
from workflows.engine.outcomes import CancelAsked, Outcome, StepUnknown
from workflows.engine.progress import Job, Progress, stored
from workflows.engine.statuses import RunStatus
from workflows.engine.walker import Arrival
from workflows.runtime.runs.claims import BOOKKEEPING

Settle = Callable[[Outcome, Timing], Progress]
Pending = Mapping[str, Any]


class Hands(Protocol):
    """Live hands act on the world; rehearsal hands only say what they would do."""

    def now(self) -> datetime:
        """Return the time that templates see."""

    def jitter(self) -> float:
        """Return a number in [0, 1)."""

    def walker(self) -> Walker:
        """Return a walker that stands on the results so far."""

    def arrival(self, pending: Pending, now: datetime) -> Arrival:
        """Return what a run that waited for others finds: its children, an event, a decision."""

    def deadline(self) -> datetime | None:
        """Return when the run has to have ended."""

    def is_late(self) -> bool:
        """Whether that moment has passed."""

    def doubt(self, job: Job) -> StepUnknown | None:
        """Return why nobody knows whether a step was done that cannot safely be repeated."""

    def carry_out(self, job: Job, settle: Settle) -> Progress:
        """Do the step, settle its outcome, and write down what was settled."""

    def write(self, progress: Progress) -> Progress:
        """Write down progress that no step of these hands made.

        Return what was written: another progress, where this one could not be.
        """

    def is_cancelled(self) -> bool:
        """Whether somebody asked to cancel the run."""

    def should_put_down(self) -> bool:
        """Whether the run is to be left for another worker before its next step."""

    def put_down(self) -> None:
        """Leave the run for another worker."""


def interpret(hands: Hands, step: int, pending: Pending | None) -> RunStatus:
    """Carry a run on from `step` until it parks, ends, or is put down."""
    progress, is_first = _begin(hands, step, pending), True
    if progress.job is None or progress.entries:
        # Skips, branches and waits that are over stand before the first step to carry out.
        progress = hands.write(progress)
    elif (unknown := hands.doubt(progress.job)) is not None:
        progress = _settle(hands, progress.job)(unknown, Timing(hands.now(), 0))
        progress, is_first = hands.write(progress), False
    elif not _is_stored(hands, pending):
        progress = hands.write(progress)
    return _carry_on(hands, progress, is_first=is_first)


def go_on(hands: Hands, progress: Progress) -> RunStatus:
    """Carry a run on from what was written last until it parks, ends, or is put down."""
    return _carry_on(hands, progress, is_first=False)


def _is_stored(hands: Hands, pending: Pending | None) -> bool:
    """Whether the step would be rendered alike once more, should this worker die in it.

    Its params are stored, or it is the very first step, which is rendered as of the run's start.
    """
    kept = (pending or {}).keys() - BOOKKEEPING
    return "input" in kept or not (kept or hands.walker().results)


def _begin(hands: Hands, step: int, pending: Pending | None) -> Progress:
    walker, now = hands.walker(), hands.now()
    if hands.is_cancelled():
        return walker.cancelled(step, pending, now)
    if _is_late(hands, step) and not _is_in_doubt(hands, step, pending):
        return _expired(hands, step, pending)
    arrival = None
    if pending is not None and "awaits" in pending:
        arrival = hands.arrival(pending, now)
    return walker.begin(step, pending, now, arrival)


def _is_in_doubt(hands: Hands, step: int, pending: Pending | None) -> bool:
    """Whether the step may have been done by a worker that died: that is said, not the deadline."""
    kept = pending or {}
    if not kept.keys() & {"begun", "in_doubt"} or "awaits" in kept or "wake_at" in kept:
        return False
    job = hands.walker().begin(step, pending, hands.now()).job
    return job is not None and hands.doubt(job) is not None


def _is_late(hands: Hands, step: int) -> bool:
    """Whether the deadline has passed, and the run has not failed over it yet."""
    return hands.is_late() and not hands.walker().has_failed_at(step)


def _expired(hands: Hands, step: int, pending: Pending | None) -> Progress:
    deadline = hands.deadline() or hands.now()
    return hands.walker().expire(step, pending, deadline, hands.now())


def _carry_on(hands: Hands, progress: Progress, *, is_first: bool) -> RunStatus:
    while (job := progress.job) is not None or progress.walks_on:
        if job is None:
            if hands.should_put_down():
                hands.put_down()
                return RunStatus.QUEUED
            progress = hands.write(_begin(hands, progress.next_step, progress.pending))
        elif hands.is_cancelled():
            progress = _settle(hands, job)(CancelAsked(), Timing(hands.now(), 0))
            progress = hands.write(progress)
        elif not is_first and _is_late(hands, job.instruction.index):
            progress = _expired(hands, job.instruction.index, stored(job))
            progress = hands.write(progress)
        elif hands.should_put_down() and not is_first:
            hands.put_down()
            return RunStatus.QUEUED
        else:
            progress = hands.carry_out(job, _settle(hands, job))
        is_first = False
    return progress.status


def _settle(hands: Hands, job: Job) -> Settle:
    def settle(outcome: Outcome, timing: Timing) -> Progress:
        walker = hands.walker()
        return walker.settle(job, outcome, timing, now=hands.now(), jitter=hands.jitter())

    return settle
