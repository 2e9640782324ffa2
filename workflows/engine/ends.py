"""How a run ends from outside, in whatever it is in the middle of."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from datetime import datetime

from workflows.definition.programs.instructions import CallInstruction, EmitEvent
from workflows.engine import families
from workflows.engine.decide import POISONED, Decision, Position, decide
from workflows.engine.history.entries import Entry, finished
from workflows.engine.outcomes import (
    DeadlinePassed,
    Outcome,
    StepFailed,
    StepUnknown,
)
from workflows.engine.progress import Ended, Job, Progress, base_of, marks_in, since
from workflows.engine.statuses import RunStatus
from workflows.engine.walker import Pending, Walk


@dataclass(frozen=True, slots=True)
class EndingWalk(Walk):
    """A walk that may end. `advance.Walker` says how it goes on."""

    @abstractmethod
    def end(self, decision: Decision, outcome: Outcome | None, now: datetime) -> Progress:
        """End the run as was decided."""

    @abstractmethod
    def after(self, decision: Decision, outcome: Outcome, now: datetime) -> Progress:
        """Go on behind a step that is over, or end the run."""

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
        job = self._job_at(step, pending, now)
        decision = decide(self.position_of(job), outcome)
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
        after = self.after(decision, outcome, now)
        return replace(after, cancels_children=True, closes_question=True)

    def cancelled(self, step: int, pending: Pending | None, now: datetime) -> Progress:
        """End a run that somebody asked to cancel. It is no failure, unless it had failed before.

        What is stored of the step stays with the run: a retry goes on there.
        """
        if self.has_failed_at(step):
            return self.end(Decision(RunStatus.FAILED, step, None), None, now)
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
        kept = pending or {}
        job, bare = self._job_at(step, kept, now), Position(RunStatus.RUNNING, step, None)
        decision = decide(bare, unknown)
        self.record(finished(base_of(job), unknown, decision, since(kept, now)))
        return replace(self.end(decision, unknown, now), closes_question=True)

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
        job = self._job_at(step, kept, now)
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

    def _job_at(self, step: int, pending: Pending, now: datetime) -> Job:
        """Return the step that the run stands at, from what its row keeps of it."""
        instruction = self.program.instructions[step]
        kept, scope = pending.get("input"), self.scope(now)
        return Job(instruction, kept, scope, *tries_in(pending), marks=marks_in(pending))


def tries_in(pending: Pending) -> tuple[tuple[Entry, ...], int]:
    """Return the attempts that a row keeps of a step, and how many of them are forgiven."""
    return tuple(pending.get("attempts", ())), pending.get("forgiven", 0)
