"""What a claimed run has in its row, and the ways to write more there.

PostgreSQL refuses some values only when it sees them: a text with a sign it does not know, a row
that has become too large, a check of this installation. That is a failure of the step it comes
from, said once, and not of the worker. So there are several ways to write progress, of which each
loses more than the one before.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from django.db import DatabaseError, transaction

from workflows.definition.programs.instructions import CallInstruction
from workflows.definition.scope import NameScope
from workflows.engine.advance import Walker
from workflows.engine.decide import ENGINE_ERROR
from workflows.engine.history import folding
from workflows.engine.history.entries import Entry
from workflows.engine.history.results import Results
from workflows.engine.outcomes import FailureCode, StepFailed, StepUnknown
from workflows.engine.progress import Progress
from workflows.engine.statuses import RunStatus
from workflows.runtime.database import DatabaseClock, is_trouble
from workflows.runtime.runs import fence, store
from workflows.runtime.runs.children import Callee
from workflows.runtime.runs.claims import BOOKKEEPING, Claim
from workflows.runtime.runs.fence import Insistence
from workflows.runtime.runs.open_calls import is_outside
from workflows.runtime.runs.programs import Needed, scope_of, step_budget
from workflows.runtime.steps.evaluations import Evaluations
from workflows.runtime.steps.perform import CRASHES, MAX_FACT_CHARACTERS, first_line
from workflows.runtime.waits import approval_store
from workflows.runtime.workers import board
from workflows.runtime.workers.lease_keeper import Watch

logger = logging.getLogger(__name__)

NOT_STORABLE: Final = FailureCode.RESULT_NOT_STORABLE
INPUT_NOT_STORABLE: Final = FailureCode.INPUT_NOT_STORABLE
# What a write raises because of what is to be written: the database's refusals (its trouble aside),
# and those of writing JSON.
UNFIT: Final = (DatabaseError, ValueError, TypeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something could not be written."""

    problem: BaseException = field(default_factory=RuntimeError)

    def of(self, code: str) -> StepFailed:
        """Return it as the failure of a step. It has another code where the engine is to blame."""
        is_data = isinstance(self.problem, UNFIT)
        reason = first_line(self.problem)[:MAX_FACT_CHARACTERS]
        return StepFailed(code if is_data else ENGINE_ERROR, {"reason": reason})


NO_REFUSAL: Final = Refusal()


class RunRecorder:
    """One claimed run of this worker: where it stands, and what is written of it."""

    def __init__(self, claim: Claim, needed: Needed, watch: Watch) -> None:
        self.claim, self.needed, self.watch = claim, needed, watch
        self.clock = DatabaseClock.read_as(claim.claimed_at)
        self.results = Results(claim.results, claim.entries_numbered)
        self.cancel_asked = claim.cancel_asked
        self.step, self.pending = claim.step, claim.pending  # where the run stands in its row
        self.has_called_out = False  # and what came of it is not written yet
        self.has_recorded = False  # an entry, since the run was claimed
        self.insistence = Insistence(claim, watch)
        self.evaluations = Evaluations(self, watch)

    def now(self) -> datetime:
        """Return the database's time; until the first checkpoint, the run's start.

        A worker that dies in the first step leaves no rendered params behind: rendered again,
        they must come out the same.
        """
        if self.claim.written:
            return self.clock.now()
        kept = self.claim.pending or {}
        if "rendered_at" in kept:
            return datetime.fromisoformat(kept["rendered_at"])
        is_first = not self.results and not kept.keys() - BOOKKEEPING
        return self.claim.started_at if is_first else self.clock.now()

    def is_late(self) -> bool:
        deadline = self.claim.deadline_at
        return deadline is not None and self.clock.now() >= deadline

    def walker(self, more: Sequence[Entry] = ()) -> Walker:
        """Return a walker that stands on the results so far, and on these `more`."""
        self.results.measure()  # once here, not in the walker's copy each time
        return Walker(
            self.needed.loaded.program,
            self.results.with_more(more) if more else self.results,
            self._scope,
            is_child=self.claim.parent_run is not None,
            entry=self.claim.entry,
            check_for=self.evaluations.check_for,
        )

    def _scope(self, results: Results, now: datetime) -> NameScope:
        return scope_of(self.claim, self.needed, results, now, step_budget())

    def open_call(self) -> StepUnknown | None:
        """Return why nobody knows what became of the call that an earlier worker began here.

        None: none did, or that is settled.
        """
        claim = self.claim
        if not claim.was_begun or claim.walks_on or self.has_recorded:
            return None
        instruction = self.needed.loaded.program.instructions[claim.step]
        is_call = isinstance(instruction, CallInstruction) and is_outside(instruction.action)
        return StepUnknown(claim.doubt) if is_call else None

    def write(self, progress: Progress, callee: Callee | None = None) -> Progress:
        """Write a checkpoint of its own; return what was written. Raises LeaseLost.

        If the row cannot take it, that is the failure of a step: this is written instead.
        """
        if progress.question is not None:
            asking = progress
            progress = self.insistence.until_done(lambda: self.permitted(asking))
        self.evaluations.over()
        if progress.status.has_ended and (unknown := self.open_call()) is not None:
            walker, pending = self.walker(progress.entries), self.pending or {}
            progress = walker.naming(progress, self.claim.step, pending, unknown, self.now())
        refusal = NO_REFUSAL
        for way in WAYS:
            parts = way(self, progress, refusal)
            if parts is None:
                continue
            try:
                asked = self._persist(parts, callee)
            except fence.LeaseLost:
                raise
            except CRASHES as problem:
                if is_trouble(problem):
                    raise
                refusal = self.refused(problem)
                continue
            return self.noted(parts, asked)
        raise refusal.problem

    def _persist(self, parts: Sequence[Progress], callee: Callee | None) -> bool:
        """Write these as one; return whether somebody asked to cancel the run meanwhile."""
        claims = self.claims_for(parts)

        def write() -> bool:
            if len(parts) == 1:
                return store.write(self.claim, parts[0], *([callee] if callee else []))
            with transaction.atomic():
                return [store.write(*one) for one in zip(claims, parts, strict=True)][-1]

        return self.insistence.until_done(write, lambda: fence.stands(claims[-1], parts[-1]))

    def permitted(self, progress: Progress) -> Progress:
        """Return progress that asks nobody whom the company does not know."""
        return approval_store.permitted(progress, self.claim.tenant_id, self.walker, self.now())

    def claims_for(self, parts: Sequence[Progress]) -> list[Claim]:
        """Return the claim with which each of these is written, one after the other."""
        if len(parts) == 1:
            return [self.claim]
        written = self.claim.written
        return [self.claim.having_written(written + number) for number in range(len(parts))]

    def noted(self, parts: Sequence[Progress], cancel_asked: bool) -> Progress:
        """Remember what stands in the row now; return the last of it."""
        last = parts[-1]
        self.cancel_asked = self.cancel_asked or cancel_asked
        for part in parts:
            if part.fold is not None:
                self.results = Results(part.fold.kept, part.fold.numbered)
            else:
                for entry in part.entries:
                    self.results.add(entry)
            self.has_recorded = self.has_recorded or bool(part.entries)
        self.step, self.pending = last.next_step, last.pending
        self.has_called_out = False
        board.mark_written()
        checkpoints = sum(part.status is RunStatus.RUNNING for part in parts)
        if checkpoints:
            self.claim = self.claim.having_written(self.claim.written + checkpoints)
        return self._look_back(last) if last.announces else last

    def _look_back(self, announced: Progress) -> Progress:
        """Park a run that waits for an event, once it has looked for it among those before."""
        return self.write(replace(announced, status=RunStatus.WAITING, entries=(), fold=None))

    def refused(self, problem: BaseException) -> Refusal:
        """Log that something could not be written; return why."""
        ids = {"run": str(self.claim.run_id), "step": self.step}
        logger.warning("checkpoint_refused", extra=ids, exc_info=problem)
        return Refusal(problem)

    def folded(self, progress: Progress) -> Progress:
        """Say which earlier entries the row need not keep any longer, if they are many."""
        if not self.results.repeats_with(progress.entries):
            return progress  # no step has ended twice: nearly all runs
        fold = folding.due(self.results, progress.entries)
        return progress if fold is None else replace(progress, fold=fold)


# What to write in one transaction; None: it is no way out of this.
Parts = Sequence[Progress] | None


def as_it_is(run: RunRecorder, progress: Progress, refusal: Refusal) -> Parts:
    """Return everything: what is tried first.

    A run that waits for an event says so before it parks, unless it has; see `store`.
    """
    if progress.awaited is not None and not (run.pending or {}).get("looks_back"):
        pending = {**(progress.pending or {}), "looks_back": True}
        said = replace(progress, status=RunStatus.RUNNING, pending=pending, announces=True)
        return [run.folded(said)]
    return [run.folded(replace(progress, announces=False) if progress.announces else progress)]


def without_what_follows(run: RunRecorder, progress: Progress, refusal: Refusal) -> Parts:
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
    failure, step = refusal.of(INPUT_NOT_STORABLE), progress.next_step
    walker = run.walker(progress.entries)
    return [done, walker.break_off(step, progress.pending, failure, run.now())]


def without_the_result(run: RunRecorder, progress: Progress, refusal: Refusal) -> Parts:
    """Fail the step that the run stands at, instead of keeping what came of it."""
    failure = refusal.of(NOT_STORABLE)
    failed = run.walker().break_off(run.step, run.pending, failure, run.now())
    return [replace(failed, cancels_children=progress.cancels_children)]


def without_a_word(run: RunRecorder, progress: Progress, refusal: Refusal) -> Parts:
    """End the run, whose results not even the failure can be added to."""
    return [run.walker().given_up(run.step, run.pending, refusal.of(NOT_STORABLE))]


# In this order: each loses more than the one before.
WAYS: Final[Sequence[Callable[[RunRecorder, Progress, Refusal], Parts]]] = (
    as_it_is,
    without_what_follows,
    without_the_result,
    without_a_word,
)
