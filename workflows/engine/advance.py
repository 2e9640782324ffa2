"""Walk a program from step to step until somebody has to do something, or the run ends.

Skips, conditions, branches, loops and rendering happen here, so that one checkpoint carries a
finished step, all that follows from it, and the rendered parameters of the next step to do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from workflows.definition.errors import ExpressionError
from workflows.definition.instructions import (
    Approval,
    Branch,
    Call,
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
from workflows.definition.program import Program
from workflows.definition.scope import Scope
from workflows.engine import families, limits, loops, waiting
from workflows.engine.children import Family
from workflows.engine.decide import POISONED, Decision, Position, decide
from workflows.engine.entries import (
    Entry,
    Timing,
    error_of,
    error_to_tell,
    finished,
)
from workflows.engine.outcomes import DeadlinePassed, Outcome, StepFailed, StepSkipped
from workflows.engine.progress import (
    Ended,
    Job,
    Progress,
    WaitType,
    base_of,
    named,
    since,
    stored,
)
from workflows.engine.reach import reachable_from
from workflows.engine.results import Results
from workflows.engine.statuses import RunStatus

Json = Any
Pending = Mapping[str, Json]
# Builds what templates see from the results so far: the walker knows no rows.
ScopeFor = Callable[[Results, datetime], Scope]
# What a run that waits for others finds when it is woken: its children, an event, a decision.
Arrival = Family | Mapping[str, Json] | None


@dataclass(frozen=True, slots=True)
class Walker:
    """One run's way through its program."""

    program: Program
    results: Sequence[Entry]  # what is stored
    scope_for: ScopeFor
    is_child: bool = False  # another run waits for this one
    # Where a child began: it carries out one block of its parent's program. 0: a whole program.
    entry: int = 0
    seen: Results = field(init=False)  # what is stored, and what this walk adds

    def __post_init__(self) -> None:
        object.__setattr__(self, "seen", Results.of(self.results))

    def begin(
        self, step: int, pending: Pending | None, now: datetime, arrival: Arrival = None
    ) -> Progress:
        """Go to the first step to carry out at or after `step`.

        `pending` is what an earlier worker stored of that step: a retry, a wait, or a step it died
        in. `arrival` is what a run that waited for others finds.
        """
        pending, instruction = pending or {}, self.program.instructions[step]
        if "awaits" in pending:
            if isinstance(arrival, Family):
                return families.meet(self, instruction, pending, arrival, now)
            return waiting.awake(self, instruction, pending, arrival, now)
        if "wake_at" in pending:
            return waiting.wake(self, instruction, pending, now)
        if "input" in pending and isinstance(instruction, Call | EmitEvent | RunWorkflow):
            turn = self._turn(instruction)
            job = Job(instruction, pending["input"], self.scope(now), *_tries(pending), turn)
            return Progress(RunStatus.RUNNING, (), step, None, job)
        return self.walk(step, now, pending)

    def settle(
        self, job: Job, outcome: Outcome, timing: Timing, *, now: datetime, jitter: float
    ) -> Progress:
        """Say what `outcome` of `job` means, and go on to the next step to carry out."""
        decision = decide(self._position(job.instruction, job.attempt), outcome, jitter)
        if decision.step_status is None and decision.retry_in is not None:
            return self._park(job, decision, timing)
        if decision.step_status is not None:
            self.record(finished(base_of(job), outcome, decision, timing))
        return self._after(decision, outcome, now)

    def call(self, job: Job, now: datetime) -> Progress:
        """Start the child run of a `run_workflow` whose workflow the hands have found."""
        return families.spawn(self, job, {}, now)

    def expire(
        self, step: int, pending: Pending | None, deadline: datetime, now: datetime
    ) -> Progress:
        """End a run that took too long; the steps for a run that has failed come yet."""
        pending, outcome = pending or {}, DeadlinePassed(deadline.isoformat())
        instruction = self.program.instructions[step]
        job = Job(instruction, pending.get("input"), self.scope(now), *_tries(pending))
        decision = decide(self._position(instruction), outcome)
        self.record(finished(base_of(job), outcome, decision, since(pending, now)))
        return replace(self._after(decision, outcome, now), cancels_children=True)

    def cancelled(self, step: int) -> Progress:
        """End a run that somebody asked to cancel while it waited. It is no failure."""
        return Progress(RunStatus.CANCELLED, (), step, None)

    def poisoned(self, step: int, pending: Pending | None, crashes: int) -> Progress:
        """End a run that ended its worker too often."""
        name = (pending or {}).get("step_name") or self.program.instructions[step].name
        error = {"step_name": name, "error": {"code": POISONED, "params": {"crashes": crashes}}}
        ended = Ended(tells_at_once=families.stops_the_others(self))
        return Progress(RunStatus.FAILED, (), step, None, ended=ended, error=error)

    def moment(self, step: int, pending: Pending, now: datetime) -> datetime:
        """Return the time by which a run that waited for others and is due looks around."""
        return waiting.moment(self.program.instructions[step], pending, now)

    def has_failed_at(self, step: int) -> bool:
        """Whether the run has failed already, and these are the steps for that."""
        return step in reachable_from(self.program, self._on_failure)

    # What the modules of each kind of step use.

    def walk(self, step: int, now: datetime, pending: Pending | None = None) -> Progress:
        """Go on from `step` until somebody has to do something, or the run ends."""
        pending = pending or {}
        while True:
            instruction = self.program.instructions[step]
            if isinstance(instruction, Fail):
                return self._fail(instruction, now)
            turn = self._turn(instruction)
            job = Job(instruction, None, self.scope(now), *_tries(pending), turn)
            try:
                found = self._try(job, pending.get("done", {}), now)
            except ExpressionError as problem:
                found = StepFailed(problem.code, dict(problem.params))
            if isinstance(found, Progress):
                return found
            decision = decide(self._position(instruction), found)
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
        decision = decide(self._position(instruction), outcome)
        tried = {"attempts": pending["attempts"]} if pending.get("attempts") else {}
        base: Entry = {**named(pending), **tried, **(facts or {})}
        self.record(finished(base, outcome, decision, since(pending, now)))
        return self._after(decision, outcome, now)

    def parked(
        self, step: int, pending: Pending | None, wait_type: WaitType, due_in: timedelta | None
    ) -> Progress:
        """Leave the run until it is due again, or until somebody wakes it."""
        return Progress(
            RunStatus.WAITING, self.entries, step, pending, due_in=due_in, wait_type=wait_type
        )

    def scope(self, now: datetime) -> Scope:
        """Return what templates see at this moment."""
        return self.scope_for(self.seen, now)

    def record(self, entry: Entry) -> None:
        """Add the entry of a step that is over, with the number of times it has been by then."""
        turn = self.seen.turns_of(entry["step_name"]) + 1
        if turn > 1:
            entry["turn"] = turn  # the earlier entries may be in the history by then
        self.seen.add(entry)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What this walk adds."""
        return tuple(self.seen[len(self.results) :])

    def program_index(self, name: str, default: int) -> int:
        """Return where a step stands in the program."""
        found = (one.index for one in self.program.instructions if one.name == name)
        return next(found, default)

    def _try(self, job: Job, done: Mapping[str, Json], now: datetime) -> Outcome | Progress:
        """Settle a step that needs no hands, or say what the hands must do."""
        instruction, scope = job.instruction, job.scope
        # The condition of a wait was asked when it began; its reminders lead back to it.
        is_under_way = not job.attempts and waiting.goes_on(self, instruction)
        if not is_under_way and not instruction.should_run(scope):
            return StepSkipped()
        has_failed = self.has_failed_at(instruction.index)
        problem = limits.too_much_kept(self.seen, instruction, has_failed=has_failed)
        if problem is not None and not is_under_way:
            return problem
        if (steer := _STEERING.get(type(instruction))) is not None:
            return steer(self, job, done, now)
        ready = replace(job, input=instruction.render(scope))
        return Progress(RunStatus.RUNNING, self.entries, instruction.index, stored(ready), ready)

    def _fail(self, mark: Fail, now: datetime) -> Progress:
        """End a block whose run stops: with the error that led into it."""
        position = self._position(mark)
        if position.on_failure is not None and not position.has_failed:
            return self.walk(position.on_failure, now)
        return self._end(Decision(RunStatus.FAILED, mark.index, None), None, now)

    def _after(self, decision: Decision, outcome: Outcome, now: datetime) -> Progress:
        if decision.status is not RunStatus.RUNNING:
            return self._end(decision, outcome, now)
        return self.walk(decision.next_step, now)

    def _park(self, job: Job, decision: Decision, timing: Timing) -> Progress:
        tried = {**timing.as_json(), "error": error_of(decision)}
        pending = {**stored(job), "attempts": [*job.attempts, tried]}
        return self.parked(decision.next_step, pending, WaitType.RETRY, decision.retry_in)

    def _end(self, decision: Decision, outcome: Outcome | None, now: datetime) -> Progress:
        ended = Ended()
        if self.is_child:
            decision, ended = families.hand_over(self, decision, outcome, now)
        error = error_to_tell(self.seen, decision.status)
        step = decision.next_step
        if decision.status is RunStatus.FAILED and error is not None:
            step = self.program_index(error["step_name"], step)
        return Progress(decision.status, self.entries, step, None, ended=ended, error=error)

    def _turn(self, instruction: Instruction) -> int:
        return self.seen.turns_of(instruction.name)

    @property
    def _on_failure(self) -> int | None:
        # That an item has failed is its parent's affair: the workflow has not failed yet.
        return None if self.entry else self.program.on_failure

    def _position(self, instruction: Instruction, attempt: int = 1) -> Position:
        return Position(
            status=RunStatus.RUNNING,
            step=instruction.index,
            after_step=instruction.next,
            attempt=attempt,
            had_errors=self.seen.had_errors,
            has_failed=self.has_failed_at(instruction.index),
            on_error=instruction.on_error,
            error_block=instruction.error_block,
            error_codes=instruction.error_codes,
            on_failure=self._on_failure,
            retry=instruction.retry,
        )


_Steer = Callable[[Walker, Job, Mapping[str, Json], datetime], Outcome | Progress]
# What needs no hands, by kind of step.
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


def pending_retry(step: int, failed: Entry) -> Entry:
    """Return what lets a failed step be tried again: its input, and its tries, forgiven."""
    last = {key: failed[key] for key in ("started_at", "duration_ms", "error") if key in failed}
    tries = failed.get("attempts") or [last]
    pending = {"step": step, "step_name": failed["step_name"], "action": failed["action"]}
    rendered = {"input": failed["input"]} if "input" in failed else {}
    # Of a step with child runs: the results of those that did their work.
    done = {"done": failed["done"]} if failed.get("done") else {}
    return {**pending, **rendered, **done, "attempts": tries, "forgiven": len(tries)}


def _tries(pending: Pending) -> tuple[tuple[Entry, ...], int]:
    return tuple(pending.get("attempts", ())), pending.get("forgiven", 0)
