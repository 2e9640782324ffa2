"""The live executor: steps act on the world, and each finished step is one commit."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from random import random
from time import monotonic

from django.db import transaction

from actions import registry
from actions.outbound.places import NoPlace, counted_by
from actions.spec import ActionSpec, Effect, not_to_be_repeated
from workflows.definition.programs.instructions import CallInstruction, Instruction, RunWorkflow
from workflows.definition.scope import NameScope
from workflows.engine.advance import Walker
from workflows.engine.history import folding
from workflows.engine.history.entries import Entry, Timing
from workflows.engine.history.results import Results
from workflows.engine.outcomes import Outcome, StepFailed, StepUnknown
from workflows.engine.progress import Job, Progress, WaitType, stored
from workflows.engine.statuses import RunStatus
from workflows.engine.walker import Arrival
from workflows.runtime.database import DatabaseClock, is_trouble, rows
from workflows.runtime.runs import alternatives, children, store
from workflows.runtime.runs.alternatives import Refusal, Standing
from workflows.runtime.runs.children import Callee
from workflows.runtime.runs.claims import BOOKKEEPING, Claim
from workflows.runtime.runs.insistence import Insistence
from workflows.runtime.runs.open_calls import is_outside
from workflows.runtime.runs.scopes import Needed, scope_of, step_budget
from workflows.runtime.steps import permitting
from workflows.runtime.steps.evaluations import Evaluations
from workflows.runtime.steps.interpreter import Pending, Settle
from workflows.runtime.steps.perform import CRASHES, EMIT_EVENT, perform
from workflows.runtime.steps.together import DatabaseStep
from workflows.runtime.waits import approval_store, look_back
from workflows.runtime.workers import board
from workflows.runtime.workers.lease_keeper import Watch

logger = logging.getLogger(__name__)


class LiveExecutor:
    """Carries out one claimed run's steps."""

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

    def jitter(self) -> float:
        """Return a number in [0, 1)."""
        return random()  # noqa: S311  # spreads retries, guards nothing

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

    def arrival(self, pending: Pending, now: datetime) -> Arrival:
        return self.insistence.until_done(partial(self._found, pending, now))

    def deadline(self) -> datetime | None:
        return self.claim.deadline_at

    def is_late(self) -> bool:
        deadline = self.claim.deadline_at
        return deadline is not None and self.clock.now() >= deadline

    def doubt(self, job: Job) -> StepUnknown | None:
        """Return why nobody knows whether a step was done that cannot safely be repeated."""
        return self.doubt_at(job.instruction.index)

    def doubt_at(self, step: int) -> StepUnknown | None:
        """Return the same, without working the step out."""
        if not self.claim.was_begun or step != self.claim.step or self.claim.walks_on:
            return None
        instruction = self.needed.loaded.program.instructions[step]
        if isinstance(instruction, CallInstruction) and instruction.after_crash == "repeat":
            return None
        spec = self._spec(instruction)
        is_call = isinstance(instruction, CallInstruction)
        # Of an action that nobody knows any more it has to be supposed.
        if not is_call if spec is None else spec.effect is not Effect.NOT_REPEATABLE:
            return None
        reason = self.claim.doubt
        ids = {"run": str(self.claim.run_id), "action": instruction.action}
        logger.warning("outcome_unknown", extra={**ids, "reason": reason})
        return StepUnknown(reason)

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

    def is_cancelled(self) -> bool:
        return self.cancel_asked

    def should_put_down(self) -> bool:
        return self.watch.is_stopping()

    def put_down(self) -> None:
        """Leave the run for another worker. Raises store.LeaseLost."""

        def put_down() -> bool:
            store.put_down(self.claim)
            return True

        self.insistence.until_done(put_down, lambda: store.is_given_back(self.claim))

    def write(self, progress: Progress) -> Progress:
        """Write a checkpoint of its own; return what was written. Raises store.LeaseLost.

        If the row cannot take it, that is the failure of a step: this is written instead.
        """
        return self._write(progress)

    def carry_out(self, job: Job, settle: Settle) -> Progress:
        """Do the step and write what became of it. Raises store.LeaseLost."""
        self.evaluations.over()
        if not self.watch.holds(self.claim):
            raise store.LeaseLost(self.claim.run_id)
        started_at, start = self.clock.now(), monotonic()
        self.step = job.instruction.index
        self.pending = {**stored(job), "since": started_at.isoformat()}
        if isinstance(job.instruction, RunWorkflow):
            return self._call(job, job.instruction, settle)

        def settled(outcome: Outcome) -> Progress:
            return settle(outcome, Timing(started_at, round((monotonic() - start) * 1000)))

        spec = self._spec(job.instruction)
        if spec is None:
            return self.write(
                settled(StepFailed("unknown_action", {"action": job.instruction.action}))
            )
        job.scope.budget.check = self.evaluations.check_for_action(job, self._has_failed)
        over = self.evaluations.over
        act = partial(perform, spec, job, self.claim, self.needed.tenant, rendered=over)
        if spec.effect is Effect.DATABASE:
            return DatabaseStep(self, act, settled).carry_out()
        try:
            outcome = self._counted(spec.effect, act)
        except NoPlace as taken:
            self.has_called_out = False
            board.mark_written()
            return self._wait_for_place(job, taken.host)
        return self.write(settled(outcome))

    def _counted(self, effect: Effect, act: Callable[[], Outcome]) -> Outcome:
        """Call out, as one of the calls that this worker has under way. Raises NoPlace.

        Raises store.LeaseLost if the run was given to another worker before the call was marked.
        """
        places = self.watch.places
        board.mark_call(effect)
        if (board.may_be_handed_over() or not self.watch.is_held(self.claim)) and not store.is_held(
            self.claim
        ):
            board.mark_written()
            raise store.LeaseLost(self.claim.run_id)
        self.has_called_out = True
        counter = places.of(self.claim.run_id, self.claim.tenant_id) if places else None
        with counted_by(counter):
            return act()

    def _has_failed(self) -> bool:
        return self.walker().has_failed_at(self.step)

    def _wait_for_place(self, job: Job, host: str) -> Progress:
        """Park the run before its call: the slot is for others while the host has no place."""
        run_id, step, places = self.claim.run_id, job.instruction.index, self.watch.places
        wait = places.wait_in_line(host, run_id) if places else 0.0
        doubt = {"in_doubt": True} if self.open_call() is not None else {}
        parked = Progress(
            RunStatus.WAITING,
            (),
            step,
            {**stored(job), **doubt, "no_place_at": host},
            wait_type=WaitType.PLACE,
            due_in=timedelta(seconds=wait),
            has_failed=self.walker().has_failed_at(step),
        )
        return self._write(parked)

    def _found(self, pending: Pending, now: datetime) -> Arrival:
        if pending["awaits"] == "children":
            return children.family_of(self.claim.run_id, pending["children"])
        if pending["awaits"] == "approval":
            return approval_store.decision_of(self.claim, pending, now)
        return look_back.event_of(self.claim.tenant_id, pending) or self._late(pending, now)

    def _call(self, job: Job, instruction: RunWorkflow, settle: Settle) -> Progress:
        """Start another workflow as a child run, in the version that is published now."""
        found = self.insistence.until_done(
            lambda: children.callee_of(
                self.needed.tenant, instruction.workflow, job.input["input"], self.needed.around
            )
        )
        if isinstance(found, StepFailed):
            return self._write(settle(found, Timing(self.clock.now(), 0)))
        return self._write(self.walker().call(job, self.clock.now()), found)

    def _write(self, progress: Progress, callee: Callee | None = None) -> Progress:
        """Write progress, in the first way in which the row takes it; return what was written."""
        if progress.question is not None:
            asking = progress
            progress = self.insistence.until_done(lambda: self.permitted(asking))
        self.evaluations.over()
        if progress.status.has_ended and (unknown := self.open_call()) is not None:
            walker, pending = self.walker(progress.entries), self.pending or {}
            progress = walker.naming(progress, self.claim.step, pending, unknown, self.now())
        refusal = Refusal()
        for way in alternatives.WAYS:
            parts = way(self.standing(), progress, refusal)
            if parts is None:
                continue
            try:
                asked = self._persist(parts, callee)
            except store.LeaseLost:
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

        return self.insistence.until_done(write, lambda: store.stands(claims[-1], parts[-1]))

    def permitted(self, progress: Progress) -> Progress:
        """Return progress that asks nobody whom the company does not know."""
        return permitting.permitted(progress, self.claim.tenant_id, self.walker, self.now())

    def claims_for(self, parts: Sequence[Progress]) -> list[Claim]:
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
        return self._write(replace(announced, status=RunStatus.WAITING, entries=(), fold=None))

    def _late(self, pending: Pending, now: datetime) -> Arrival:
        """Look once more before a time-out or a reminder counts."""
        walker = self.walker()
        if not walker.is_due(pending, now):
            return None
        return look_back.last_look(rows, self.claim, pending, walker.awaited(pending))

    def standing(self) -> Standing:
        return Standing(self.step, self.pending, self.walker, self._folding, self.now)

    def refused(self, problem: BaseException) -> Refusal:
        """Log that something could not be written; return why."""
        ids = {"run": str(self.claim.run_id), "step": self.step}
        logger.warning("checkpoint_refused", extra=ids, exc_info=problem)
        return Refusal(problem)

    def _spec(self, instruction: Instruction) -> ActionSpec | None:
        if instruction.op == "emit_event":
            return EMIT_EVENT
        try:
            spec = registry.get(instruction.action)
        except registry.UnknownAction:
            return None
        must_ask = isinstance(instruction, CallInstruction) and instruction.must_ask
        return not_to_be_repeated(spec) if must_ask else spec

    def _folding(self, progress: Progress) -> Progress:
        """Say which earlier entries the row need not keep any longer, if they are many."""
        fold = folding.due(self.results, progress.entries)
        return progress if fold is None else replace(progress, fold=fold)

    def _scope(self, results: Results, now: datetime) -> NameScope:
        return scope_of(self.claim, self.needed, results, now, step_budget())
