"""Play one run from its first step to its end: what parks is met at once, children come inline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.utils import translation

from tenants.core.database.ids import uuid7
from tenants.core.json import Json
from workflows.definition.programs.instructions import Instruction
from workflows.engine import children
from workflows.engine.children import ChildEnd, ChildRuns
from workflows.engine.history.entries import Entry
from workflows.engine.progress import ChildRun, Ended, Progress, Spawn, WaitType
from workflows.engine.statuses import RunStatus
from workflows.presentation.runs import errors as wording
from workflows.runtime.dry_run import answering
from workflows.runtime.dry_run.context import DryRunContext, Halt, SimulatedRun
from workflows.runtime.dry_run.executor import NOTES, DryRunExecutor
from workflows.runtime.runs.programs import program_of
from workflows.runtime.steps.interpreter import interpret


@dataclass(frozen=True, slots=True)
class Played:
    """What a run would have done."""

    simulated: SimulatedRun
    status: RunStatus
    entries: Sequence[Entry]  # as in step_results; what only a dry run knows stands under NOTES
    error: Entry | None = None  # the entry that says why it ended so
    ended: Ended = field(default_factory=Ended)
    halt: Halt | None = None  # why it does not go on
    waiting: Json = None  # the step at which it stands then

    def as_json(self) -> dict[str, Json]:
        halt = {"halt": self.halt.as_json(), "waiting": self.waiting} if self.halt else {}
        return {"status": self.status, "entries": list(self.entries), **halt}


def play(context: DryRunContext, simulated: SimulatedRun) -> Played:
    """Carry a run to its end. Never raises for what it does."""
    executor = DryRunExecutor(context, simulated)
    step, pending = simulated.entry, None
    try:
        context.begin_run()
        while interpret(executor, step, pending) is RunStatus.WAITING:
            step, pending = _go_on(executor)
    except Halt as halt:
        return Played(
            simulated, RunStatus.WAITING, executor.results, halt=halt, waiting=_standing(executor)
        )
    last = _last(executor)
    return Played(simulated, last.status, executor.results, last.error, last.ended)


def _go_on(executor: DryRunExecutor) -> tuple[int, Json]:
    """Find what a parked run waits for; return where it goes on. Raises Halt."""
    progress = _last(executor)
    match progress.wait_type:
        case WaitType.CHILDREN:
            _meet_children(executor, progress)
        case WaitType.EVENT | WaitType.APPROVAL:
            _meet_somebody(executor, progress)
        case _:
            executor.waited(progress, progress.due_in or timedelta(0))
    return progress.next_step, _last(executor).pending


def _meet_somebody(executor: DryRunExecutor, progress: Progress) -> None:
    """Let an event come, a person decide, or the time pass. Raises Halt."""
    executor.met = answering.arrival(executor.context, executor.simulated.loaded.program, progress)
    if executor.met is None:
        if progress.due_in is None:
            raise Halt("waits_for_ever", step=(progress.pending or {})["step_name"])
        executor.waited(progress, progress.due_in)


def _meet_children(executor: DryRunExecutor, progress: Progress) -> None:
    """Play the child runs, one after the other. Raises Halt."""
    spawn, pending = progress.spawn, progress.pending or {}
    if spawn is None:
        raise Halt("waits_for_ever", step=pending["step_name"])
    parent = executor.simulated.loaded.program.instructions[progress.next_step]
    if "oldest" not in pending["children"]:
        executor.ends = []
    batch = {"first": str(uuid7()), "last": str(uuid7())}
    kept = {"oldest": batch["first"], **pending["children"], **batch}
    executor.last = replace(progress, pending={**pending, "children": kept})
    ends, halt = _play_children(executor, parent, spawn, pending["step_name"])
    if halt is not None:
        raise halt
    executor.ends.extend(ends)
    executor.met = ChildRuns(open=0, ended=list(executor.ends))


def _play_children(
    executor: DryRunExecutor, parent: Instruction, spawn: Spawn, step_name: str
) -> tuple[list[ChildEnd], Halt | None]:
    ends: list[ChildEnd] = []
    shown: list[Json] = executor.noted(step_name).get("runs", [])
    began = longest = executor.context.skipped
    for child in spawn.children:
        if children.must_stop(parent, ChildRuns(open=1, ended=ends)):
            ends.append(_cancelled(child))
            continue
        if spawn.at_once > 1:
            executor.context.skipped = began  # they wait at the same time
        played = play(executor.context, _simulated(executor, child))
        longest = max(longest, executor.context.skipped)
        shown.append({**_named(child, played), **played.as_json()})
        executor.note(step_name, runs=shown)
        if played.halt is not None:
            return ends, played.halt
        ends.append(_end(child, played))
    executor.context.skipped = longest
    return ends, None


def _simulated(executor: DryRunExecutor, child: ChildRun) -> SimulatedRun:
    callee, executor.callee = executor.callee, None
    if callee is None:
        return executor.simulated.child(child, executor.results)
    loaded = program_of(callee.definition_id, callee.version)
    return executor.simulated.called(loaded, (callee.definition_id, callee.version), child.item)


def _named(child: ChildRun, played: Played) -> dict[str, Json]:
    named: dict[str, Json] = {"item_index": child.item_index, "entry": child.entry}
    if played.simulated.entry == 0:
        called = {
            "definition_id": str(played.simulated.definition_id),
            "version": played.simulated.version,
        }
        return {**named, **called, "workflow": played.simulated.loaded.workflow_name}
    return {**named, "item": child.item} if child.has_item else named


def _end(child: ChildRun, played: Played) -> ChildEnd:
    return ChildEnd(
        child.item_index, played.status, played.ended.as_json(), _error(played.error, played.status)
    )


def _cancelled(child: ChildRun) -> ChildEnd:
    return ChildEnd(child.item_index, RunStatus.CANCELLED, None, _error(None, RunStatus.CANCELLED))


def _error(entry: Entry | None, status: RunStatus) -> Mapping[str, Json]:
    """Return what a parent is told, in the words of the stored message."""
    if entry is None:
        return {"code": status, "step": "", "message": ""}
    error = entry["error"]
    with translation.override("en"):
        message = wording.sentence(error["code"], error["params"])
    return {"code": error["code"], "step": entry["step_name"], "message": message}


def _standing(executor: DryRunExecutor) -> Json:
    """Return the step at which a dry run stands that does not go on."""
    pending = (executor.last.pending if executor.last else None) or {}
    if "step_name" not in pending:
        return None
    notes = executor.noted(pending["step_name"])
    return {**pending, NOTES: notes} if notes else pending


def _last(executor: DryRunExecutor) -> Progress:
    if executor.last is None:
        raise AssertionError("a run that was interpreted has written something")
    return executor.last
