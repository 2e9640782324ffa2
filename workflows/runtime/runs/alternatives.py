"""What can be written of a run whose row does not take what was to be written.

PostgreSQL refuses some values only when it sees them: a text with a sign it does not know, a row
that has become too large, a check of this installation. That is a failure of the step it comes
from, said once, and not of the worker.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from django.db import DatabaseError

from tenants.core.json import Json
from workflows.engine.advance import Walker
from workflows.engine.decide import ENGINE_ERROR
from workflows.engine.history.entries import Entry
from workflows.engine.outcomes import StepFailed
from workflows.engine.progress import Progress
from workflows.engine.statuses import RunStatus
from workflows.runtime.steps.perform import MAX_FACT_CHARACTERS, first_line

NOT_STORABLE: Final = "result_not_storable"
INPUT_NOT_STORABLE: Final = "input_not_storable"
# What a write raises because of what is to be written: the database's refusals (its trouble aside),
# and those of writing JSON.
UNFIT: Final = (DatabaseError, ValueError, TypeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands in its row, and what can be made of that."""

    step: int
    pending: Json | None  # of the step under way
    walker: Callable[[Sequence[Entry]], Walker]  # that stands on the results and these more
    # Says which earlier entries the row need not keep any longer.
    folding: Callable[[Progress], Progress]
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something could not be written."""

    problem: BaseException = field(default_factory=RuntimeError)

    def of(self, code: str) -> StepFailed:
        """Return it as the failure of a step. It has another code where the engine is to blame."""
        is_data = isinstance(self.problem, UNFIT)
        reason = first_line(self.problem)[:MAX_FACT_CHARACTERS]
        return StepFailed(code if is_data else ENGINE_ERROR, {"reason": reason})


# What to write in one transaction; None: it is no way out of this.
Parts = Sequence[Progress] | None


def as_it_is(at: Standing, progress: Progress, refusal: Refusal) -> Parts:
    """Return everything: what is tried first.

    A run that waits for an event says so before it parks, unless it has; see `store`.
    """
    if progress.awaited is not None and not (at.pending or {}).get("looks_back"):
        pending = {**(progress.pending or {}), "looks_back": True}
        said = replace(progress, status=RunStatus.RUNNING, pending=pending, announces=True)
        return [at.folding(said)]
    return [at.folding(replace(progress, announces=False) if progress.announces else progress)]


def without_what_follows(at: Standing, progress: Progress, refusal: Refusal) -> Parts:
    """Keep what was done, and fail the step that would have begun, or would have waited."""
    if progress.status.has_ended or not progress.entries:
        return None
    done = replace(
        progress,
        status=RunStatus.RUNNING,
        pending=None,
        job=None,
        due_in=None,
        wait_type=None,
        spawn=None,
        revival=None,
        awaited=None,
        question=None,
    )
    walker = at.walker(progress.entries)
    failure = refusal.of(INPUT_NOT_STORABLE)
    return [done, walker.break_off(progress.next_step, progress.pending, failure, at.now())]


def without_the_result(at: Standing, progress: Progress, refusal: Refusal) -> Parts:
    """Fail the step that the run stands at, instead of keeping what came of it."""
    failure = refusal.of(NOT_STORABLE)
    failed = at.walker(()).break_off(at.step, at.pending, failure, at.now())
    return [replace(failed, cancels_children=progress.cancels_children)]


def without_a_word(at: Standing, progress: Progress, refusal: Refusal) -> Parts:
    """End the run, whose results not even the failure can be added to."""
    failure = refusal.of(NOT_STORABLE)
    return [at.walker(()).given_up(at.step, at.pending, failure)]


# In this order: each loses more than the one before.
WAYS: Final = (as_it_is, without_what_follows, without_the_result, without_a_word)
