"""Walk a program from step to step until somebody has to do something, or the run ends.

Skips, conditions and rendering happen here, so that one checkpoint carries a finished step, all
skips behind it, and the rendered parameters of the next step.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from workflows.definition.errors import ExpressionError
from workflows.definition.program import Instruction, Program
from workflows.definition.scope import Scope
from workflows.engine.decide import Decision, Position, decide
from workflows.engine.outcomes import Outcome, StepCompleted, StepFailed, StepSkipped
from workflows.engine.statuses import RunStatus, StepStatus

Json = Any
Entry = dict[str, Json]
# Builds what templates see from the results so far: the walker knows no rows.
ScopeFor = Callable[[Sequence[Entry], datetime], Scope]


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
    retry_in: timedelta | None = None
    error: Entry | None = None  # of a run that ends: its first step that is not as it should be


@dataclass(frozen=True, slots=True)
class Timing:
    """When a try began, and how long it took."""

    started_at: datetime
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Walker:
    """One run's way through its program."""

    program: Program
    results: Sequence[Entry]  # what is stored
    scope_for: ScopeFor
    entries: list[Entry] = field(default_factory=list)  # what this walk adds

    def begin(self, step: int, pending: Mapping[str, Json] | None, now: datetime) -> Progress:
        """Go to the first step to carry out at or after `step`.

        `pending` is what an earlier worker stored of that step: a retry, or a step it died in.
        """
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
            self.entries.append(_entry(job, outcome, decision, timing))
        if decision.status is not RunStatus.RUNNING:
            return self._end(decision)
        return self._walk(decision.next_step, now)

    def _walk(
        self, step: int, now: datetime, tries: tuple[tuple[Entry, ...], int] = ((), 0)
    ) -> Progress:
        while True:
            instruction = self.program.instructions[step]
            scope = self._scope(now)
            try:
                if instruction.should_run(scope):
                    job = Job(instruction, instruction.render(scope), scope, *tries)
                    return Progress(
                        RunStatus.RUNNING, tuple(self.entries), step, _pending(job), job
                    )
                outcome: Outcome = StepSkipped()
            except ExpressionError as problem:
                outcome = StepFailed(problem.code, dict(problem.params))
            decision = decide(self._position(instruction), outcome)
            self.entries.append(
                _entry(Job(instruction, None, scope), outcome, decision, Timing(now, 0))
            )
            if decision.status is not RunStatus.RUNNING:
                return self._end(decision)
            step, tries = decision.next_step, ((), 0)

    def _park(self, job: Job, decision: Decision, timing: Timing) -> Progress:
        tried = {**_timing(timing), "error": _error(decision)}
        pending = {**_pending(job), "attempts": [*job.attempts, tried]}
        return Progress(
            decision.status,
            tuple(self.entries),
            decision.next_step,
            pending,
            retry_in=decision.retry_in,
        )

    def _end(self, decision: Decision) -> Progress:
        error = first_error([*self.results, *self.entries])
        entries = tuple(self.entries)
        return Progress(decision.status, entries, decision.next_step, None, error=error)

    def _scope(self, now: datetime) -> Scope:
        return self.scope_for([*self.results, *self.entries], now)

    def _position(self, instruction: Instruction, attempt: int = 1) -> Position:
        following = instruction.index + 1
        return Position(
            status=RunStatus.RUNNING,
            step=instruction.index,
            after_step=following if following < len(self.program.instructions) else None,
            attempt=attempt,
            had_errors=has_errors([*self.results, *self.entries]),
            on_error=instruction.on_error,
            retry=instruction.retry,
        )


def has_errors(results: Sequence[Entry]) -> bool:
    """Whether a step failed, or nobody knows whether it did its work."""
    return first_error(results) is not None


def first_error(results: Sequence[Entry]) -> Entry | None:
    """Return the first entry that is not as it should be."""
    bad = {StepStatus.FAILED, StepStatus.UNKNOWN}
    return next((entry for entry in results if entry["status"] in bad), None)


def pending_retry(step: int, failed: Entry) -> Entry:
    """Return what lets a failed step be tried again: its input, and its tries, forgiven."""
    last = {key: failed[key] for key in ("started_at", "duration_ms", "error") if key in failed}
    tries = failed.get("attempts") or [last]
    pending = {"step": step, "step_name": failed["step_name"], "action": failed["action"]}
    rendered = {"input": failed["input"]} if "input" in failed else {}
    return {**pending, **rendered, "attempts": tries, "forgiven": len(tries)}


def _tries(pending: Mapping[str, Json]) -> tuple[tuple[Entry, ...], int]:
    return tuple(pending.get("attempts", ())), pending.get("forgiven", 0)


def _pending(job: Job) -> Entry:
    return {
        "step": job.instruction.index,
        "step_name": job.instruction.name,
        "action": job.instruction.action,
        "input": job.input,
        "attempts": list(job.attempts),
        "forgiven": job.forgiven,
    }


def _entry(job: Job, outcome: Outcome, decision: Decision, timing: Timing) -> Entry:
    entry: Entry = {
        "step_name": job.instruction.name,
        "action": job.instruction.action,
        "status": decision.step_status,
        **_timing(timing),
    }
    if job.input is not None:
        entry["input"] = job.input
    if isinstance(outcome, StepCompleted):
        entry["output"] = outcome.output
    if isinstance(outcome, StepSkipped):
        entry["reason"] = outcome.reason
    if decision.error_code:
        entry["error"] = _error(decision)
    if job.attempts:
        entry["attempts"] = [*job.attempts, {**_timing(timing), "error": _error(decision)}]
    return entry


def _error(decision: Decision) -> Entry | None:
    if decision.error_code is None:
        return None
    return {"code": decision.error_code, "params": decision.error_params}


def _timing(timing: Timing) -> Entry:
    return {"started_at": timing.started_at.isoformat(), "duration_ms": timing.duration_ms}
