"""Walk a program from step to step until somebody has to do something, or the run ends.

Skips, conditions, branches, loops and rendering happen here, so that one checkpoint carries a
finished step, all that follows from it, and the rendered parameters of the next step to do.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from tenants.core.json import Json
from workflows.definition.budget import OPERATIONS
from workflows.definition.errors import ExpressionError
from workflows.definition.programs.instructions import (
    Approval,
    Branch,
    CallInstruction,
    EmitEvent,
    Fail,
    ForEach,
    Instruction,
    Parallel,
    Repeat,
    RunWorkflow,
    Stop,
    Wait,
    WaitForEvent,
)
from workflows.engine import families, limits, loops, waiting
from workflows.engine.children import ChildRuns
from workflows.engine.decide import ENGINE_ERROR, POISONED, Decision, Position, Then, decide
from workflows.engine.history.entries import (
    Entry,
    Timing,
    error_of,
    error_to_tell,
    finished,
    has_errors,
)
from workflows.engine.inputs import storable_input
from workflows.engine.interruptions import (
    Interrupted,
    Postponed,
    WalkAbandoned,
)
from workflows.engine.outcomes import (
    CancelAsked,
    DeadlinePassed,
    Outcome,
    StepFailed,
    StepSkipped,
    StepUnknown,
)
from workflows.engine.progress import (
    AwaitedEvent,
    Ended,
    Job,
    Progress,
    WaitType,
    base_of,
    expected,
    marks_in,
    named,
    since,
    stored,
)
from workflows.engine.statuses import RunStatus
from workflows.engine.walker import DOUBTS, Arrival, Pending, Walk

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Walker(Walk):
    """One run's way through its program: decides what each step leads to."""

    def begin(
        self, step: int, pending: Pending | None, now: datetime, arrival: Arrival = None
    ) -> Progress:
        """Go to the first step to carry out at or after `step`.

        `pending` is what an earlier worker stored of that step: a retry, a wait, or a step it died
        in. `arrival` is what a run that waited for others finds.
        """
        pending, instruction = pending or {}, self.program.instructions[step]
        if "hands_over" in pending:
            return self._end(self._ended_well(step), None, now)
        if "awaits" in pending:
            if isinstance(arrival, ChildRuns):
                return families.meet(self, instruction, pending, arrival, now)
            return waiting.awake(self, instruction, pending, arrival, now)
        if "wake_at" in pending:
            return waiting.wake(self, instruction, pending, now)
        if "input" in pending and isinstance(
            instruction, CallInstruction | EmitEvent | RunWorkflow
        ):
            turn, marks = self.turns_of(instruction), marks_in(pending)
            scope, tries = self.scope(now), _tries(pending)
            job = Job(instruction, pending["input"], scope, *tries, turn, marks)
            return Progress(RunStatus.RUNNING, (), step, None, job)
        return self.walk(step, now, pending)

    def settle(
        self, job: Job, outcome: Outcome, timing: Timing, *, now: datetime, jitter: float
    ) -> Progress:
        """Say what `outcome` of `job` means, and go on to the next step to carry out."""
        if isinstance(outcome, CancelAsked):
            return self.cancelled(job.instruction.index, stored(job), now)
        if isinstance(outcome, StepFailed | StepUnknown) and outcome.so_far is not None:
            job = replace(job, marks={**job.marks, "so_far": outcome.so_far})
        outcome = _at_least_in_part(job.marks, outcome)
        decision = decide(self._position_of(job), outcome, jitter)
        if decision.step_status is None and decision.retry_in is not None:
            return self._park(job, decision, timing)
        if decision.step_status is not None:
            self.record(finished(base_of(job), outcome, decision, timing))
        return self._after(decision, outcome, now)

    def call(self, job: Job, now: datetime) -> Progress:
        """Start the child run of a `run_workflow` whose workflow the executor has found."""
        return families.spawn(self, job, {}, now)

    def expire(
        self, step: int, pending: Pending | None, deadline: datetime, now: datetime
    ) -> Progress:
        """End a run that took too long; the steps for a run that has failed come yet."""
        return self.break_off(step, pending, DeadlinePassed(deadline.isoformat()), now)

    def break_off(
        self,
        step: int,
        pending: Pending | None,
        outcome: DeadlinePassed | StepFailed,
        now: datetime,
    ) -> Progress:
        """End the step that the run stands at, whatever it is in the middle of, and go on."""
        pending, instruction = pending or {}, self.program.instructions[step]
        scope, marks = self.scope(now), marks_in(pending)
        job = Job(instruction, pending.get("input"), scope, *_tries(pending), marks=marks)
        decision = decide(self._position_of(job), outcome)
        entry = finished(base_of(job), outcome, decision, since(pending, now))
        if isinstance(instruction, CallInstruction | EmitEvent) and pending.keys() & {
            "begun",
            "in_doubt",
        }:
            entry["in_doubt"] = True  # a worker died in it: its call may have arrived
        children = pending.get("children")
        if children and "oldest" in children:
            # A retry goes on in them.
            entry["children"] = [children["oldest"], children["last"]]
            entry |= {"done": children["done"]} if children.get("done") else {}
        self.record(entry)
        after = self._after(decision, outcome, now)
        return replace(after, cancels_children=True, closes_question=True)

    def cancelled(self, step: int, pending: Pending | None, now: datetime) -> Progress:
        """End a run that somebody asked to cancel. It is no failure, unless it had failed before.

        What is stored of the step stays with the run: a retry goes on there.
        """
        if self.has_failed_at(step):
            return self._end(Decision(RunStatus.FAILED, step, None), None, now)
        kept = {**pending} if pending is not None else None
        return Progress(RunStatus.CANCELLED, self.entries, step, kept, closes_question=True)

    def poisoned(self, step: int, pending: Pending | None, crashes: int) -> Progress:
        """End a run that ended its worker too often."""
        return self.given_up(step, pending, StepFailed(POISONED, {"crashes": crashes}))

    def held_as_unknown(
        self, step: int, pending: Pending | None, unknown: StepUnknown, now: datetime
    ) -> Progress:
        """End a run that ended its worker too often, in a step that may have been done.

        Nothing is carried out or worked out any more, so `on_error` does not hold.
        """
        kept, instruction = pending or {}, self.program.instructions[step]
        job = Job(
            instruction, kept.get("input"), self.scope(now), *_tries(kept), marks=marks_in(kept)
        )
        bare = Position(RunStatus.RUNNING, step, None)
        decision = decide(bare, unknown)
        self.record(finished(base_of(job), unknown, decision, since(kept, now)))
        return replace(self._end(decision, unknown, now), closes_question=True)

    def naming(
        self, ended: Progress, step: int, pending: Pending, unknown: StepUnknown, now: datetime
    ) -> Progress:
        """Return the end of a run whose entries name the call that it is in the middle of.

        The walker stands on the entries of `ended`, too. What is stored of the step stays, where it
        does: whoever goes on with the run calls again, or asks.
        """
        instruction, kept = self.program.instructions[step], ended.pending or pending
        is_named = any(one["step_name"] == instruction.name for one in ended.entries)
        if is_named or (ended.error and ended.error["error"]["code"] == POISONED):
            return ended
        job = Job(
            instruction, kept.get("input"), self.scope(now), *_tries(kept), marks=marks_in(kept)
        )
        decision = decide(Position(RunStatus.RUNNING, step, None), unknown)
        entry = finished(base_of(job), unknown, decision, since(kept, now))
        self.record(entry)
        after = None if ended.pending is None else {**ended.pending, "in_doubt": True}
        return replace(ended, entries=(*ended.entries, entry), pending=after)

    def given_up(self, step: int, pending: Pending | None, failure: StepFailed) -> Progress:
        """End a run without another word in its results: with them, it could not be."""
        name = (pending or {}).get("step_name") or self.program.instructions[step].name
        error = {"step_name": name, "error": {"code": failure.code, "params": failure.params}}
        ended = Ended(tells_at_once=families.stops_the_others(self))
        kept = {key: value for key, value in (pending or {}).items() if key != "begun"}
        failed = Progress(RunStatus.FAILED, (), step, kept, ended=ended, error=error)
        return replace(failed, closes_question=True)

    def is_due(self, pending: Pending, now: datetime) -> bool:
        """Whether a reminder of the wait under way is due, or its time is up."""
        return waiting.is_due(self.program.instructions[pending["step"]], pending, now)

    def awaited(self, pending: Pending) -> AwaitedEvent:
        """Return the event that the wait under way is for."""
        instruction = expected(self.program.instructions[pending["step"]], WaitForEvent)
        return waiting.awaited(self, instruction, pending)

    def walk(self, step: int, now: datetime, pending: Pending | None = None) -> Progress:
        """Go on from `step` until somebody has to do something, or the run ends."""
        progress = self._walk(step, now, pending or {})
        has_just_failed = any(one.get("then") == Then.ON_FAILURE for one in self.entries)
        return replace(progress, closes_question=True) if has_just_failed else progress

    def _walk(self, step: int, now: datetime, pending: Pending) -> Progress:
        spent = 0
        while True:
            instruction = self.program.instructions[step]
            if spent > OPERATIONS:
                # The steps so far took as much work as one may: nobody is to do it again.
                return self._walk_on_from(step, pending)
            if isinstance(instruction, Fail):
                return self._fail(instruction, now)
            job = self._job(instruction, pending, now)
            found = self._settled(job, pending, now)
            if isinstance(found, Progress):
                return found
            spent += job.scope.budget.spent
            found = _at_least_in_part(job.marks, found)
            decision = decide(self._position_of(job), found)
            self.record(finished(base_of(job), found, decision, Timing(now, 0)))
            if decision.status is not RunStatus.RUNNING:
                return self._end(decision, found, now)
            if isinstance(instruction, Repeat) and decision.next_step == instruction.body:
                rest = loops.rest(self, instruction)
                if rest is not None:
                    return rest
            step, pending = decision.next_step, {}

    def over(
        self,
        instruction: Instruction,
        pending: Pending,
        outcome: Outcome,
        now: datetime,
        facts: Mapping[str, Json] | None = None,
    ) -> Progress:
        """Record the end of a step that parked the run, with more `facts`, and go on."""
        outcome = _at_least_in_part(pending, outcome)
        decision = decide(_if_alone(self._position(instruction), pending), outcome)
        tried = {"attempts": pending["attempts"]} if pending.get("attempts") else {}
        base: Entry = {**named(pending), **tried, **(facts or {})}
        self.record(finished(base, outcome, decision, since(pending, now)))
        return self._after(decision, outcome, now)

    def _settled(self, job: Job, pending: Pending, now: datetime) -> Outcome | Progress:
        """Work a step out. That it cannot be is its own failure, and not of the one before it.

        What that one came to is known, and must be written, even if the engine has a fault here.
        """
        try:
            return self._try(job, pending.get("done", {}), now)
        except Interrupted as over:
            return self._interrupted(job.instruction.index, pending, over.outcome, now)
        except Postponed:
            return self._walk_on_from(job.instruction.index, pending)
        except WalkAbandoned:
            raise
        except ExpressionError as problem:
            return StepFailed(problem.code, dict(problem.params))
        except Exception as fault:
            logger.exception("step_not_worked_out", extra={"step": job.instruction.name})
            return StepFailed(ENGINE_ERROR, {"reason": f"{type(fault).__name__}: {fault}"})

    def _interrupted(
        self,
        step: int,
        pending: Pending,
        outcome: CancelAsked | DeadlinePassed | StepFailed,
        now: datetime,
    ) -> Outcome | Progress:
        match outcome:
            case CancelAsked():
                return self.cancelled(step, pending or None, now)
            case DeadlinePassed():
                return self.break_off(step, pending, outcome, now)
            case StepFailed():
                return outcome

    def _walk_on_from(self, step: int, pending: Pending) -> Progress:
        """Let what was done so far be written, and the walk go on from this step after that."""
        mark = {} if pending.keys() & DOUBTS else {"walks_on": True}
        has_failed = self.has_failed_at(step)
        kept = {**pending, **mark}
        return Progress(RunStatus.RUNNING, self.entries, step, kept, has_failed=has_failed)

    def _try(self, job: Job, done: Mapping[str, Json], now: datetime) -> Outcome | Progress:
        """Settle a step that needs no executor, or say what the executor must do."""
        instruction, scope = job.instruction, job.scope
        # The condition of a wait or a loop was asked when it began; their steps lead back to them.
        is_under_way = (not job.attempts and waiting.goes_on(self, instruction)) or loops.goes_on(
            self, instruction
        )
        if not is_under_way and not instruction.should_run(scope):
            return StepSkipped()
        has_failed = self.has_failed_at(instruction.index)
        problem = limits.too_much_kept(self.seen, instruction, has_failed=has_failed)
        if problem is not None and not is_under_way:
            return problem
        if (steer := _STEERING.get(type(instruction))) is not None:
            return steer(self, job, done, now)
        given = storable_input(instruction.render(scope))
        ready = Job(instruction, given, scope, job.attempts, job.forgiven, job.turn, job.marks)
        return Progress(
            RunStatus.RUNNING,
            self.entries,
            instruction.index,
            stored(ready),
            ready,
            has_failed=has_failed,
        )

    def _fail(self, mark: Fail, now: datetime) -> Progress:
        """End a block whose run stops: with the error that led into it."""
        position = self._position(mark)
        if position.on_failure is not None and not position.has_failed:
            return replace(self.walk(position.on_failure, now), closes_question=True)
        return self._end(Decision(RunStatus.FAILED, mark.index, None), None, now)

    def _after(self, decision: Decision, outcome: Outcome, now: datetime) -> Progress:
        if decision.status is not RunStatus.RUNNING:
            return self._end(decision, outcome, now)
        return self.walk(decision.next_step, now)

    def _ended_well(self, step: int) -> Decision:
        status = RunStatus.COMPLETED_WITH_ERRORS if self._has_errors else RunStatus.COMPLETED
        return Decision(status, step, None)

    def _park(self, job: Job, decision: Decision, timing: Timing) -> Progress:
        tried = {**timing.as_json(), "error": error_of(decision)}
        pending = {**stored(job), "attempts": [*job.attempts, tried]}
        return self.parked(decision.next_step, pending, WaitType.RETRY, decision.retry_in)

    def _end(self, decision: Decision, outcome: Outcome | None, now: datetime) -> Progress:
        ended = Ended()
        if self.is_child:
            try:
                decision, ended = families.hand_over(self, decision, outcome, now)
            except (Interrupted, Postponed) as left:
                return self._not_handed_over(left)
        error = error_to_tell(self.seen, decision.status, self.program)
        step = decision.next_step
        if decision.status is RunStatus.FAILED and error is not None:
            step = self.program_index(error["step_name"], step)
        return Progress(
            decision.status,
            self.entries,
            step,
            None,
            ended=ended,
            error=error,
            closes_question=True,
        )

    def _not_handed_over(self, left: Interrupted | Postponed) -> Progress:
        """Leave a child run at its end, all its steps done, without what it hands over."""
        last = self.program_index(self.seen[-1]["step_name"], self.entry) if self.seen else 0
        pending: Entry = {"step": last, "hands_over": True}
        if isinstance(left, Postponed):
            return Progress(RunStatus.RUNNING, self.entries, last, pending)
        return Progress(RunStatus.CANCELLED, self.entries, last, pending, closes_question=True)

    def _job(self, instruction: Instruction, pending: Pending, now: datetime) -> Job:
        turn, scope = self.turns_of(instruction), self.scope(now, instruction, pending)
        if "trigger" in pending:
            scope = replace(scope, trigger=pending["trigger"])
        return Job(instruction, None, scope, *_tries(pending), turn, marks_in(pending))

    @property
    def _has_errors(self) -> bool:
        return has_errors(self.seen, self.program)

    def _position_of(self, job: Job) -> Position:
        """Return where the run stands at a job."""
        return _if_alone(self._position(job.instruction, job.attempt), job.marks)

    def _position(self, instruction: Instruction, attempt: int = 1) -> Position:
        return Position(
            status=RunStatus.RUNNING,
            step=instruction.index,
            after_step=instruction.next,
            attempt=attempt,
            had_errors=self._has_errors,
            has_failed=self.has_failed_at(instruction.index),
            on_error=instruction.on_error,
            error_block=instruction.error_block,
            error_codes=instruction.error_codes,
            on_failure=self.on_failure,
            retry=instruction.retry,
        )


_Steer = Callable[[Walker, Job, Mapping[str, Json], datetime], Outcome | Progress]
# What needs no executor, by kind of step.
_STEERING: Final[Mapping[type, _Steer]] = {
    Branch: loops.choose,
    Stop: loops.stop,
    Repeat: loops.turn,
    Wait: waiting.wait,
    WaitForEvent: waiting.ask,
    Approval: waiting.ask,
    ForEach: families.each,
    Parallel: families.spawn,
}


def _if_alone(position: Position, marks: Mapping[str, Json]) -> Position:
    """Return the position of a step that is done alone: nothing follows, whatever becomes of it."""
    if not marks.get("alone"):
        return position
    return replace(
        position,
        after_step=None,
        on_error="continue",
        error_block=None,
        error_codes=None,
        on_failure=None,
    )


def _at_least_in_part(marks: Mapping[str, Json], outcome: Outcome) -> Outcome:
    """Return the outcome of the rest of a step: what was done of it before stays done."""
    before = marks.get("alone")
    if not before or not isinstance(outcome, StepFailed) or outcome.output is not None:
        return outcome
    return replace(outcome, output=before["output"])


def _tries(pending: Pending) -> tuple[tuple[Entry, ...], int]:
    return tuple(pending.get("attempts", ())), pending.get("forgiven", 0)
