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
    Branch,
    Fail,
    Instruction,
    Repeat,
    Stop,
    Wait,
)
from workflows.definition.program import Program
from workflows.definition.scope import Scope
from workflows.engine.decide import Decision, Position, decide
from workflows.engine.entries import (
    Entry,
    Timing,
    error_of,
    error_to_tell,
    finished,
    has_errors,
    rounds_of,
)
from workflows.engine.outcomes import (
    Outcome,
    RunStopped,
    StepCompleted,
    StepFailed,
    StepSkipped,
)
from workflows.engine.reach import reachable_from
from workflows.engine.statuses import RunStatus

Json = Any
# Builds what templates see from the results so far: the walker knows no rows.
ScopeFor = Callable[[Sequence[Entry], datetime], Scope]

RETRY: Final = "retry"
TIME: Final = "time"


@dataclass(frozen=True, slots=True)
class Job:
    """A step for the hands to carry out."""

    instruction: Instruction
    input: Json  # the params as rendered; the same on every retry
    scope: Scope
    attempts: tuple[Entry, ...] = ()  # the failed ones before this
    forgiven: int = 0  # how many of them a person's retry no longer counts

    @property
    def attempt(self) -> int:
        """Which try this is since a person last asked for one, 1-based."""
        return len(self.attempts) - self.forgiven + 1


@dataclass(frozen=True, slots=True)
class Progress:
    """What to write, and what to do next. `job` is None when the run parks or ends."""

    status: RunStatus
    entries: tuple[Entry, ...]  # to append to step_results
    next_step: int
    pending: Json | None  # the step under way, as it is stored
    job: Job | None = None
    due_in: timedelta | None = None  # of a run that parks
    wait_type: str | None = None  # what it waits for: a retry, or a time
    error: Entry | None = None  # of a run that ends: why it ended so


@dataclass(frozen=True, slots=True)
class Walker:
    """One run's way through its program."""

    program: Program
    results: Sequence[Entry]  # what is stored
    scope_for: ScopeFor
    entries: list[Entry] = field(default_factory=list)  # what this walk adds

    def begin(self, step: int, pending: Mapping[str, Json] | None, now: datetime) -> Progress:
        """Go to the first step to carry out at or after `step`.

        `pending` is what an earlier worker stored of that step: a retry, a wait that is over, or a
        step it died in.
        """
        if pending and "wake_at" in pending:
            return self._wake(self.program.instructions[step], pending, now)
        if pending and "input" in pending:
            instruction = self.program.instructions[step]
            job = Job(instruction, pending["input"], self._scope(now), *_tries(pending))
            return Progress(RunStatus.RUNNING, (), step, None, job)
        return self._walk(step, now, _tries(pending or {}))

    def settle(
        self, job: Job, outcome: Outcome, timing: Timing, *, now: datetime, jitter: float
    ) -> Progress:
        """Say what `outcome` of `job` means, and go on to the next step to carry out."""
        decision = decide(self._position(job.instruction, job.attempt), outcome, jitter)
        if decision.step_status is None and decision.retry_in is not None:
            return self._park(job, decision, timing)
        if decision.step_status is not None:
            self.entries.append(finished(_base(job), outcome, decision, timing))
        return self._after(decision, now)

    def _walk(
        self, step: int, now: datetime, tries: tuple[tuple[Entry, ...], int] = ((), 0)
    ) -> Progress:
        while True:
            instruction = self.program.instructions[step]
            if isinstance(instruction, Fail):
                return self._fail(instruction, now)
            scope = self._scope(now)
            job = Job(instruction, None, scope, *tries)
            try:
                found = self._try(job, now)
            except ExpressionError as problem:
                found = StepFailed(problem.code, dict(problem.params))
            if isinstance(found, Progress):
                return found
            decision = decide(self._position(instruction), found)
            self.entries.append(finished(_base(job), found, decision, Timing(now, 0)))
            if decision.status is not RunStatus.RUNNING:
                return self._end(decision)
            if isinstance(instruction, Repeat) and decision.next_step == instruction.body:
                rest = self._rest(instruction)
                if rest is not None:
                    return rest
            step, tries = decision.next_step, ((), 0)

    def _try(self, job: Job, now: datetime) -> Outcome | Progress:
        """Settle a step that needs no hands, or say what the hands must do."""
        instruction, scope = job.instruction, job.scope
        if not instruction.should_run(scope):
            return StepSkipped()
        match instruction:
            case Branch():
                label, go_to = instruction.choose(scope)
                return StepCompleted({"case": label}, go_to)
            case Stop():
                said: Json = instruction.render(scope)
                return RunStopped(said["message"], has_failed=instruction.outcome == "failed")
            case Repeat():
                return self._round(instruction, scope)
            case Wait():
                return self._wait(instruction, scope, now)
            case _:
                ready = replace(job, input=instruction.render(scope))
                entries = tuple(self.entries)
                pending = _pending(ready)
                return Progress(RunStatus.RUNNING, entries, instruction.index, pending, ready)

    def _round(self, loop: Repeat, scope: Scope) -> Outcome:
        rounds = rounds_of([*self.results, *self.entries], loop.name)
        if rounds and loop.is_done(scope):
            return StepCompleted({"round": rounds, "done": True})
        if rounds >= loop.at_most:
            return StepFailed("not_in_time", {"rounds": rounds})
        return StepCompleted({"round": rounds + 1, "done": False}, loop.body)

    def _rest(self, loop: Repeat) -> Progress | None:
        """Park between two rounds; the first begins at once."""
        is_first = rounds_of([*self.results, *self.entries], loop.name) == 1
        if is_first or not loop.every:
            return None
        entries = tuple(self.entries)
        return Progress(
            RunStatus.WAITING, entries, loop.body, None, due_in=loop.every, wait_type=TIME
        )

    def _wait(self, wait: Wait, scope: Scope, now: datetime) -> Outcome | Progress:
        wake_at = wait.wake_at(scope)
        until = {"until": wake_at.isoformat()}
        if wake_at <= now:
            return StepCompleted(until)
        pending = {
            **_base(Job(wait, wait.render(scope), scope)),
            "step": wait.index,
            "wake_at": wake_at.isoformat(),
            "started_at": now.isoformat(),
        }
        entries = tuple(self.entries)
        return Progress(
            RunStatus.WAITING, entries, wait.index, pending, due_in=wake_at - now, wait_type=TIME
        )

    def _wake(self, wait: Instruction, pending: Mapping[str, Json], now: datetime) -> Progress:
        """End a wait. It is over because the run was due: the row's clock, not the document's."""
        started_at = datetime.fromisoformat(pending["started_at"])
        timing = Timing(started_at, round((now - started_at).total_seconds() * 1000))
        outcome = StepCompleted({"until": pending["wake_at"]})
        decision = decide(self._position(wait), outcome)
        base = _base(Job(wait, pending.get("input"), self._scope(now)))
        self.entries.append(finished(base, outcome, decision, timing))
        return self._after(decision, now)

    def _fail(self, mark: Fail, now: datetime) -> Progress:
        """End a block whose run stops: with the error that led into it."""
        position = self._position(mark)
        if position.on_failure is not None and not position.has_failed:
            return self._walk(position.on_failure, now)
        return self._end(Decision(RunStatus.FAILED, mark.index, None))

    def _after(self, decision: Decision, now: datetime) -> Progress:
        if decision.status is not RunStatus.RUNNING:
            return self._end(decision)
        return self._walk(decision.next_step, now)

    def _park(self, job: Job, decision: Decision, timing: Timing) -> Progress:
        tried = {**timing.as_json(), "error": error_of(decision)}
        pending = {**_pending(job), "attempts": [*job.attempts, tried]}
        entries = tuple(self.entries)
        return Progress(
            decision.status,
            entries,
            decision.next_step,
            pending,
            due_in=decision.retry_in,
            wait_type=RETRY,
        )

    def _end(self, decision: Decision) -> Progress:
        error = error_to_tell([*self.results, *self.entries], decision.status)
        step = decision.next_step
        if decision.status is RunStatus.FAILED and error is not None:
            step = self.program_index(error["step_name"], step)
        return Progress(decision.status, tuple(self.entries), step, None, error=error)

    def program_index(self, name: str, default: int) -> int:
        """Return where a step stands in the program."""
        found = (one.index for one in self.program.instructions if one.name == name)
        return next(found, default)

    def _scope(self, now: datetime) -> Scope:
        return self.scope_for([*self.results, *self.entries], now)

    def _position(self, instruction: Instruction, attempt: int = 1) -> Position:
        on_failure = self.program.on_failure
        return Position(
            status=RunStatus.RUNNING,
            step=instruction.index,
            after_step=instruction.next,
            attempt=attempt,
            had_errors=has_errors([*self.results, *self.entries]),
            has_failed=instruction.index in reachable_from(self.program, on_failure),
            on_error=instruction.on_error,
            error_block=instruction.error_block,
            error_codes=instruction.error_codes,
            on_failure=on_failure,
            retry=instruction.retry,
        )


def pending_retry(step: int, failed: Entry) -> Entry:
    """Return what lets a failed step be tried again: its input, and its tries, forgiven."""
    last = {key: failed[key] for key in ("started_at", "duration_ms", "error") if key in failed}
    tries = failed.get("attempts") or [last]
    pending = {"step": step, "step_name": failed["step_name"], "action": failed["action"]}
    rendered = {"input": failed["input"]} if "input" in failed else {}
    return {**pending, **rendered, "attempts": tries, "forgiven": len(tries)}


def _tries(pending: Mapping[str, Json]) -> tuple[tuple[Entry, ...], int]:
    return tuple(pending.get("attempts", ())), pending.get("forgiven", 0)


def _base(job: Job) -> Entry:
    base: Entry = {"step_name": job.instruction.name, "action": job.instruction.action}
    if job.input is not None:
        base["input"] = job.input
    if job.attempts:
        base["attempts"] = list(job.attempts)
    return base


def _pending(job: Job) -> Entry:
    return {**_base(job), "step": job.instruction.index, "forgiven": job.forgiven}
