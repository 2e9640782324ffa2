"""The live executor: steps act on the world, and each finished step is one commit."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from random import random
from time import monotonic

from actions import registry
from actions.outbound.places import NoPlace, counted_by
from actions.spec import ActionSpec, Effect, not_to_be_repeated
from workflows.definition.programs.instructions import (
    CallInstruction,
    Instruction,
    RunWorkflow,
    WaitForEvent,
)
from workflows.engine import families, waiting
from workflows.engine.history.entries import Timing
from workflows.engine.outcomes import FailureCode, Outcome, StepFailed, StepUnknown
from workflows.engine.progress import Job, Progress, WaitType, expected, stored
from workflows.engine.statuses import RunStatus
from workflows.engine.walker import Arrival
from workflows.runtime.database import rows
from workflows.runtime.runs import children, fence
from workflows.runtime.steps.interpreter import Pending, settled
from workflows.runtime.steps.perform import EMIT_EVENT, perform
from workflows.runtime.steps.recording import RunRecorder
from workflows.runtime.steps.together import DatabaseStep
from workflows.runtime.waits import approval_store, look_back
from workflows.runtime.workers import board

logger = logging.getLogger(__name__)


class LiveExecutor(RunRecorder):
    """Carries out one claimed run's steps."""

    def jitter(self) -> float:
        return random()  # noqa: S311  # spreads retries, guards nothing

    def is_cancelled(self) -> bool:
        return self.cancel_asked

    def should_put_down(self) -> bool:
        """Whether this worker is about to stop."""
        return self.watch.is_stopping()

    def put_down(self) -> None:
        """Leave the run for another worker. Raises LeaseLost."""

        def put_down() -> bool:
            fence.put_down(self.claim)
            return True

        self.insistence.until_done(put_down, lambda: fence.is_given_back(self.claim))

    def doubt(self, step: int) -> StepUnknown | None:
        """Return why nobody knows whether a step was done that cannot safely be repeated."""
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

    def arrival(self, pending: Pending, now: datetime) -> Arrival:
        """Return what a run that waited for others finds."""
        return self.insistence.until_done(partial(self._found, pending, now))

    def _found(self, pending: Pending, now: datetime) -> Arrival:
        if pending["awaits"] == "children":
            return children.family_of(self.claim.run_id, pending["children"])
        if pending["awaits"] == "approval":
            return approval_store.decision_of(self.claim, pending, now)
        return look_back.event_of(self.claim.tenant_id, pending) or self._late(pending, now)

    def _late(self, pending: Pending, now: datetime) -> Arrival:
        """Look once more before a time-out or a reminder counts."""
        wait = expected(self.needed.loaded.program.instructions[pending["step"]], WaitForEvent)
        if not waiting.is_due(wait, pending, now):
            return None
        awaited = waiting.awaited(self.walker(), wait, pending)
        return look_back.last_look(rows, self.claim, pending, awaited)

    def carry_out(self, job: Job) -> Progress:
        """Do the step and write what became of it. Raises LeaseLost."""
        self.evaluations.over()
        if not self.watch.holds(self.claim):
            raise fence.LeaseLost(self.claim.run_id)
        started_at, start = self.clock.now(), monotonic()
        self.step = job.instruction.index
        self.pending = {**stored(job), "since": started_at.isoformat()}
        if isinstance(job.instruction, RunWorkflow):
            return self._call(job, job.instruction)

        def settle(outcome: Outcome) -> Progress:
            took = round((monotonic() - start) * 1000)
            return settled(self, job, outcome, Timing(started_at, took))

        spec = self._spec(job.instruction)
        if spec is None:
            unknown = StepFailed(FailureCode.UNKNOWN_ACTION, {"action": job.instruction.action})
            return self.write(settle(unknown))
        job.scope.budget.check = self.evaluations.check_for_action(job, self._has_failed())
        over = self.evaluations.over
        act = partial(perform, spec, job, self.claim, self.needed.tenant, rendered=over)
        if spec.effect is Effect.DATABASE:
            return DatabaseStep(self, act, settle).carry_out()
        if spec.is_local and spec.effect is Effect.REPEATABLE:
            return self.write(settle(act()))  # nothing outside this process hears of it
        try:
            outcome = self._counted(spec.effect, act)
        except NoPlace as taken:
            self.has_called_out = False
            board.mark_written()
            return self._wait_for_place(job, taken.host)
        return self.write(settle(outcome))

    def _counted(self, effect: Effect, act: Callable[[], Outcome]) -> Outcome:
        """Call out, as one of the calls that this worker has under way. Raises NoPlace.

        Raises LeaseLost if the run was given to another worker before the call was marked.
        """
        places = self.watch.places
        board.mark_call(effect)
        if (board.may_be_handed_over() or not self.watch.is_held(self.claim)) and not fence.is_held(
            self.claim
        ):
            board.mark_written()
            raise fence.LeaseLost(self.claim.run_id)
        self.has_called_out = True
        counter = places.of(self.claim.run_id, self.claim.tenant_id) if places else None
        with counted_by(counter):
            return act()

    def _has_failed(self) -> bool:
        """Whether the step is one of those for a run that has failed."""
        return self.walker().has_failed_at(self.step)

    def _wait_for_place(self, job: Job, host: str) -> Progress:
        """Park the run before its call: the slot is for others while the host has no place."""
        places = self.watch.places
        wait = places.wait_in_line(host, self.claim.run_id) if places else 0.0
        doubt = {"in_doubt": True} if self.open_call() is not None else {}
        parked = Progress(
            RunStatus.WAITING,
            (),
            job.instruction.index,
            {**stored(job), **doubt, "no_place_at": host},
            wait_type=WaitType.PLACE,
            due_in=timedelta(seconds=wait),
            has_failed=self._has_failed(),
        )
        return self.write(parked)

    def _call(self, job: Job, instruction: RunWorkflow) -> Progress:
        """Start another workflow as a child run, in the version that is published now."""
        tenant, around, handed = self.needed.tenant, self.needed.around, job.input["input"]
        found = self.insistence.until_done(
            lambda: children.callee_of(tenant, instruction.workflow, handed, around)
        )
        if isinstance(found, StepFailed):
            return self.write(settled(self, job, found, Timing(self.clock.now(), 0)))
        return self.write(families.spawn(self.walker(), job, {}, self.clock.now()), found)

    def _spec(self, instruction: Instruction) -> ActionSpec | None:
        if instruction.op == "emit_event":
            return EMIT_EVENT
        try:
            spec = registry.get(instruction.action)
        except registry.UnknownAction:
            return None
        must_ask = isinstance(instruction, CallInstruction) and instruction.must_ask
        return not_to_be_repeated(spec) if must_ask else spec
