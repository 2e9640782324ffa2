"""Play one run from its first step to its end: what parks is met at once, children come inline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.utils import translation

from tenants.core.database.ids import uuid7
from tenants.core.json import Json
from workflows.definition.programs.instructions import Instruction
from workflows.engine import children
from workflows.engine.children import ChildEnd, Family
from workflows.engine.history.entries import Entry
from workflows.engine.progress import Child, Ended, Progress, Spawn, WaitType
from workflows.engine.statuses import RunStatus
from workflows.presentation.runs import errors as wording
from workflows.runtime.dry_run import answering
from workflows.runtime.dry_run.context import Halt, Stage
from workflows.runtime.dry_run.executor import NOTES, RehearsalHands
from workflows.runtime.dry_run.simulated_run import Role
from workflows.runtime.runs.programs import program_of
from workflows.runtime.steps.interpreter import interpret


@dataclass(frozen=True, slots=True)
class Played:
    """What a run would have done."""

    role: Role
    status: RunStatus
    entries: Sequence[Entry]  # as in step_results; what only a rehearsal knows stands under NOTES
    error: Entry | None = None  # the entry that says why it ended so
    ended: Ended = field(default_factory=Ended)
    halt: Halt | None = None  # why it does not go on
    waiting: Json = None  # the step at which it stands then

    def as_json(self) -> dict[str, Json]:
        """Return what pages show of a child run."""
        halt = {"halt": self.halt.as_json(), "waiting": self.waiting} if self.halt else {}
        return {"status": self.status, "entries": list(self.entries), **halt}


def play(stage: Stage, role: Role) -> Played:
    """Carry a run to its end. Never raises for what it does."""
    hands = RehearsalHands(stage, role)
    step, pending = role.entry, None
    try:
        stage.begin_run()
        while interpret(hands, step, pending) is RunStatus.WAITING:
            step, pending = _go_on(hands)
    except Halt as halt:
        return Played(role, RunStatus.WAITING, hands.results, halt=halt, waiting=_standing(hands))
    last = _last(hands)
    return Played(role, last.status, hands.results, last.error, last.ended)


def _go_on(hands: RehearsalHands) -> tuple[int, Json]:
    """Find what a parked run waits for; return where it goes on. Raises Halt."""
    progress = _last(hands)
    match progress.wait_type:
        case WaitType.CHILDREN:
            _meet_children(hands, progress)
        case WaitType.EVENT | WaitType.APPROVAL:
            _meet_somebody(hands, progress)
        case _:
            hands.waited(progress, progress.due_in or timedelta(0))
    return progress.next_step, _last(hands).pending


def _meet_somebody(hands: RehearsalHands, progress: Progress) -> None:
    """Let an event come, a person decide, or the time pass. Raises Halt."""
    hands.met = answering.arrival(hands.stage, hands.role.loaded.program, progress)
    if hands.met is None:
        if progress.due_in is None:
            raise Halt("waits_for_ever", step=(progress.pending or {})["step_name"])
        hands.waited(progress, progress.due_in)


def _meet_children(hands: RehearsalHands, progress: Progress) -> None:
    """Play the child runs, one after the other. Raises Halt."""
    spawn, pending = progress.spawn, progress.pending or {}
    if spawn is None:
        raise Halt("waits_for_ever", step=pending["step_name"])
    parent = hands.role.loaded.program.instructions[progress.next_step]
    if "oldest" not in pending["children"]:
        hands.ends = []
    batch = {"first": str(uuid7()), "last": str(uuid7())}
    kept = {"oldest": batch["first"], **pending["children"], **batch}
    hands.last = replace(progress, pending={**pending, "children": kept})
    ends, halt = _play_children(hands, parent, spawn, pending["step_name"])
    if halt is not None:
        raise halt
    hands.ends.extend(ends)
    hands.met = Family(open=0, ended=list(hands.ends))


def _play_children(
    hands: RehearsalHands, parent: Instruction, spawn: Spawn, step_name: str
) -> tuple[list[ChildEnd], Halt | None]:
    ends: list[ChildEnd] = []
    shown: list[Json] = hands.noted(step_name).get("runs", [])
    began = longest = hands.stage.skipped
    for child in spawn.children:
        if children.must_stop(parent, Family(open=1, ended=ends)):
            ends.append(_cancelled(child))
            continue
        if spawn.at_once > 1:
            hands.stage.skipped = began  # they wait at the same time
        played = play(hands.stage, _role_of(hands, child))
        longest = max(longest, hands.stage.skipped)
        shown.append({**_named(child, played), **played.as_json()})
        hands.note(step_name, runs=shown)
        if played.halt is not None:
            return ends, played.halt
        ends.append(_end(child, played))
    hands.stage.skipped = longest
    return ends, None


def _role_of(hands: RehearsalHands, child: Child) -> Role:
    callee, hands.callee = hands.callee, None
    if callee is None:
        return hands.role.child(child, hands.results)
    loaded = program_of(callee.definition_id, callee.version)
    return hands.role.called(loaded, (callee.definition_id, callee.version), child.item)


def _named(child: Child, played: Played) -> dict[str, Json]:
    """Return how pages tell child runs apart."""
    named: dict[str, Json] = {"item_index": child.item_index, "entry": child.entry}
    if played.role.entry == 0:
        called = {"definition_id": str(played.role.definition_id), "version": played.role.version}
        return {**named, **called, "workflow": played.role.loaded.workflow_name}
    return {**named, "item": child.item} if child.has_item else named


def _end(child: Child, played: Played) -> ChildEnd:
    return ChildEnd(
        child.item_index, played.status, played.ended.as_json(), _error(played.error, played.status)
    )


def _cancelled(child: Child) -> ChildEnd:
    return ChildEnd(child.item_index, RunStatus.CANCELLED, None, _error(None, RunStatus.CANCELLED))


def _error(entry: Entry | None, status: RunStatus) -> Mapping[str, Json]:
    """Return what a parent is told, in the words of the stored message."""
    if entry is None:
        return {"code": status, "step": "", "message": ""}
    error = entry["error"]
    with translation.override("en"):
        message = wording.sentence(error["code"], error["params"])
    return {"code": error["code"], "step": entry["step_name"], "message": message}


def _standing(hands: RehearsalHands) -> Json:
    """Return the step at which a rehearsal stands that does not go on."""
    pending = (hands.last.pending if hands.last else None) or {}
    if "step_name" not in pending:
        return None
    notes = hands.noted(pending["step_name"])
    return {**pending, NOTES: notes} if notes else pending


def _last(hands: RehearsalHands) -> Progress:
    if hands.last is None:
        raise AssertionError("a run that was interpreted has written something")
    return hands.last
