"""Steps that only say where a run goes on: branches, ends, rounds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from tenants.core.json import Json
from workflows.definition.programs.instructions import Branch, Instruction, Repeat, Stop
from workflows.engine import limits
from workflows.engine.outcomes import FailureCode, Outcome, RunStopped, StepCompleted, StepFailed
from workflows.engine.progress import Job, Progress, WaitType, expected
from workflows.engine.walker import Steer, Walk


def choose(_walker: Walk, job: Job, _done: Json, _now: datetime) -> Outcome:
    label, go_to = expected(job.instruction, Branch).choose(job.scope)
    return StepCompleted({"case": label}, go_to)


def stop(_walker: Walk, job: Job, _done: Json, _now: datetime) -> Outcome:
    instruction = expected(job.instruction, Stop)
    said: Json = instruction.render(job.scope)
    failed, levels = instruction.outcome == "failed", instruction.levels
    return RunStopped(said["message"], has_failed=failed, levels=levels)


def turn(walker: Walk, job: Job, _done: Json, _now: datetime) -> Outcome:
    """Begin the next round, or leave the loop."""
    loop = expected(job.instruction, Repeat)
    rounds = walker.seen.rounds_of(loop.name)
    if rounds and loop.is_done(job.scope):
        return StepCompleted({"round": rounds, "done": True})
    if job.attempts:
        rounds = 0  # a person retries the loop: all its rounds are to be had again
    if rounds >= loop.at_most:
        return StepFailed(FailureCode.NOT_IN_TIME, {"rounds": rounds})
    problem = limits.too_many_entries(walker.seen, has_failed=walker.has_failed_at(loop.index))
    if problem is not None:
        return problem
    return StepCompleted({"round": rounds + 1, "done": False}, loop.body)


def goes_on(walker: Walk, instruction: Instruction) -> bool:
    """Whether a loop has been entered, and its steps lead back to it."""
    return isinstance(instruction, Repeat) and walker.seen.rounds_of(instruction.name) > 0


def rest(walker: Walk, loop: Repeat) -> Progress | None:
    """Park between two rounds; the first begins at once."""
    is_first = walker.seen.rounds_of(loop.name) == 1
    if is_first or not loop.every:
        return None
    return walker.parked(loop.body, None, WaitType.TIME, loop.every)


STEPS: Final[Mapping[type, Steer]] = {Branch: choose, Stop: stop, Repeat: turn}
