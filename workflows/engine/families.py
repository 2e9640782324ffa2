"""Steps that start child runs: begin, look after them, end."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from tenants.core.json import Json
from workflows.definition.errors import ExpressionError
from workflows.definition.programs.instructions import ForEach, Instruction, Parallel
from workflows.engine import children
from workflows.engine.children import ChildRuns
from workflows.engine.decide import Decision, Then, failure_of
from workflows.engine.history.entries import Entry, Timing, finished
from workflows.engine.outcomes import (
    CancelAsked,
    Interrupted,
    Outcome,
    RunStopped,
    StepCompleted,
    StepFailed,
)
from workflows.engine.progress import Ended, Job, Progress, Revival, WaitType, stored
from workflows.engine.statuses import RunStatus, StepStatus
from workflows.engine.walker import Steer, Walk


def each(walker: Walk, job: Job, done: Mapping[str, Json], now: datetime) -> Outcome | Progress:
    params: Json = job.instruction.render(job.scope)
    problem = children.too_many(params["items"])
    if problem is not None:
        return problem
    if not params["items"]:
        return StepCompleted({"results": [], "items": 0, "succeeded": 0, "failed": 0})
    return spawn(walker, replace(job, input=params), done, now)


def spawn(walker: Walk, job: Job, done: Mapping[str, Json], now: datetime) -> Progress:
    """Start child runs and park until they have ended."""
    index = job.instruction.index
    first = children.next_children(job.instruction, job.input, done)
    kept: Entry = {"started": len(first.children), **({"done": done} if done else {})}
    family = {"awaits": "children", "since": now.isoformat(), "children": kept}
    parked = walker.parked(index, {**stored(job), **family}, WaitType.CHILDREN, None)
    return replace(parked, spawn=first)


def meet(
    walker: Walk, parent: Instruction, pending: Mapping[str, Json], family: ChildRuns, now: datetime
) -> Progress:
    """Look after the child runs: wait on, start more, or say what their ends mean."""
    if pending["children"].get("revive"):
        return _revive(walker, parent, pending, family, now)
    must_stop = children.must_stop(parent, family)
    if family.open:
        parked = walker.parked(parent.index, pending, WaitType.CHILDREN, None)
        return replace(parked, cancels_children=must_stop)
    kept = pending["children"]
    # What the rows do not tell: children that version 0.1 took over from an earlier visit.
    done = children.taken(kept.get("done", {}), family)
    if isinstance(parent, ForEach) and not must_stop and not family.is_too_large:
        more = children.next_children(parent, pending["input"], done)
        if more.children:
            started = len(done) + len(more.children)
            pending = {**pending, "children": {**kept, "started": started}}
            parked = walker.parked(parent.index, pending, WaitType.CHILDREN, None)
            return replace(parked, spawn=more)
    outcome = children.outcome_of(parent, family, done)
    facts: Entry = {"children": [kept["oldest"], kept["last"]]}
    return walker.over(parent, pending, outcome, now, facts)


def _revive(
    walker: Walk, parent: Instruction, pending: Mapping[str, Json], family: ChildRuns, now: datetime
) -> Progress:
    """Let the children that did not end well go on, and wait for them again."""
    if family.open:
        # Some were being carried out when the step ended: first they come to their end.
        return walker.parked(parent.index, pending, WaitType.CHILDREN, None)
    kept = {**pending["children"]}
    scope, fresh = kept.pop("revive"), kept.pop("fresh", None)
    pending = {**pending, "children": kept}
    again = [end for end in family.ended if children.goes_on(end, scope)]
    if not again:
        return meet(walker, parent, pending, family, now)
    parked = walker.parked(parent.index, pending, WaitType.CHILDREN, None)
    revival = Revival(kept, len(again), children.at_once(parent), scope, fresh=fresh)
    return replace(parked, revival=revival)


def hand_over(
    walker: Walk, decision: Decision, outcome: Outcome | None, now: datetime
) -> tuple[Decision, Ended]:
    """Return what a child run that ends leaves to its parent; it may fail over that."""
    if isinstance(outcome, RunStopped) and outcome.levels:
        said = {"has_failed": outcome.has_failed, "message": outcome.message}
        stop = {**said, "levels": outcome.levels - 1}
        return decision, Ended(stop=stop, tells_at_once=True)
    if decision.status is RunStatus.FAILED:
        return decision, Ended(tells_at_once=stops_the_others(walker))
    if isinstance(outcome, RunStopped) or decision.status is RunStatus.CANCELLED:
        return decision, Ended()  # it ended early, as somebody wanted: there is no result
    try:
        return decision, Ended(_result(walker, now))
    except ExpressionError as problem:
        failure = StepFailed(problem.code, dict(problem.params))
    except Interrupted as over:
        if isinstance(over.outcome, CancelAsked):
            raise
        failure = failure_of(over.outcome)
    failed = replace(
        decision,
        status=RunStatus.FAILED,
        step_status=StepStatus.FAILED,
        error_code=failure.code,
        error_params=failure.params,
        then=Then.STOP,
    )
    block = walker.program.blocks.get(walker.entry)
    base: Entry = {"step_name": block.step_name if block else "", "action": "output"}
    walker.record(finished(base, failure, failed, Timing(now, 0)))
    return failed, Ended(tells_at_once=stops_the_others(walker))


def stops_the_others(walker: Walk) -> bool:
    """Whether the failure of a child ends the work of its siblings."""
    block = walker.program.blocks.get(walker.entry)
    if block is None:
        return True
    owner = walker.program.instructions[walker.program_index(block.step_name, 0)]
    return getattr(owner, "if_one_fails", "stop") == "stop"


def _result(walker: Walk, now: datetime) -> Json:
    block = walker.program.blocks.get(walker.entry)
    if block is not None:
        return block.result_in(walker.scope(now))
    output = walker.program.output
    return output(walker.scope(now)) if output is not None else None


STEPS: Final[Mapping[type, Steer]] = {ForEach: each, Parallel: spawn}
