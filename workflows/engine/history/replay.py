"""The way a run came, read from its entries: which steps it came to, and what led past each.

Nothing is worked out anew: a branch is followed by the case that its entry names, an error by what
was done about it. So a step that the entries do not lead to was not come to, whatever a template
would say today.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tenants.core.json import Json
from workflows.definition.kinds import KINDS
from workflows.definition.programs.instructions import (
    Approval,
    Branch,
    CallInstruction,
    Fail,
    Instruction,
    Repeat,
    Stop,
    WaitForEvent,
)
from workflows.definition.programs.program import Program, where_runs_may_start
from workflows.engine import waiting
from workflows.engine.decide import Then
from workflows.engine.history.entries import Entry, is_wrong
from workflows.engine.statuses import StepStatus


@dataclass(frozen=True, slots=True)
class StepVisit:
    """A step that a run came to."""

    instruction: Instruction
    before: int  # how many entries stand before it
    entry: Entry | None  # what led past it; None: the run did not get past


def visits(program: Program, entries: Sequence[Entry]) -> Iterator[StepVisit]:
    own = {program.instructions[index].name for index in where_runs_may_start(program.instructions)}
    index, position = 0 if program.instructions else None, 0
    while index is not None:
        instruction = program.instructions[index]
        if isinstance(instruction, Fail):
            return
        at = _entry_of(instruction, entries, position, own)
        if at is None:
            yield StepVisit(instruction, position, None)
            return
        yield StepVisit(instruction, at, entries[at])
        position = at + 1
        following = entries[position]["step_name"] if position < len(entries) else ""
        index = _after(program, instruction, entries[at], following)


def passed(program: Program, entries: Sequence[Entry], *, ended_well: bool) -> Sequence[Entry]:
    """Return the entries of a run's steps that it got past.

    `ended_well`: the run completed. If its way does not end with its last entry, that step ended
    it: a stop in one of its child runs, of which the entry says nothing.
    """
    last = None
    for last in visits(program, entries):  # noqa: B007  # the last one is asked for
        pass
    is_stopped = ended_well and last is not None and last.entry is None
    return entries[:-1] if is_stopped and last and last.before == len(entries) else entries


def _entry_of(
    instruction: Instruction, entries: Sequence[Entry], position: int, own: set[str]
) -> int | None:
    """Return where the entry of a step stands; None: there is none.

    What was done about a failure stays, although a retry has taken the failure away: it stands
    between the steps of the run's own way, and is passed over before one of those. Nothing stands
    between the steps for an error, where no run starts again.
    """
    while position < len(entries):
        entry = entries[position]
        if entry["step_name"] == instruction.name:
            return position if _is_of_kind(instruction, entry) else None
        if entry["step_name"] in own or instruction.name not in own:
            return None
        position += 1
    return None


def _is_of_kind(instruction: Instruction, entry: Entry) -> bool:
    """Whether the entry may stand for the step: what an action did is no answer to a question."""
    if isinstance(instruction, CallInstruction):
        return entry["action"] not in KINDS
    return bool(entry["action"] == instruction.action)


def _after(program: Program, instruction: Instruction, entry: Entry, following: str) -> int | None:
    """Return where the run went on behind an entry; None: it ended, or nothing says it."""
    if is_wrong(entry) or entry.get("then") == Then.ERROR_BLOCK:  # also of one done in part
        return _after_failure(instruction, entry)
    output = entry.get("output")
    said = output if isinstance(output, dict) else {}
    is_skipped = entry["status"] == StepStatus.SKIPPED
    match instruction:
        case Branch() if not is_skipped:
            return _case(program, instruction, said.get("case"), following)
        case Repeat() if not is_skipped and not said.get("done"):
            return instruction.body
        case Stop() if not is_skipped:
            return None
        case WaitForEvent() | Approval():
            return _after_wait(instruction, entry, said)
    return instruction.next


def _after_failure(instruction: Instruction, entry: Entry) -> int | None:
    if "then" not in entry:  # written by version 0.1
        goes_on = instruction.on_error == "continue" and instruction.error_block is None
        return instruction.next if goes_on else None
    onward = {Then.ERROR_BLOCK: instruction.error_block, Then.CONTINUE: instruction.next}
    return onward.get(entry["then"])


def _after_wait(wait: WaitForEvent | Approval, entry: Entry, said: Entry) -> int | None:
    if "reminder" in said and "timed_out" not in said:
        began = datetime.fromisoformat(entry["started_at"])
        calls = waiting.calls(wait.reminders, began)
        called = (call.reminder.body for call in calls if call.number == said["reminder"])
        return next(called, None)
    late = wait.on_timeout if isinstance(wait, WaitForEvent) and said.get("timed_out") else None
    return wait.next if late is None else late


def _case(program: Program, branch: Branch, label: Json, following: str) -> int | None:
    """Return where the case with this label leads; of several, where the next entry belongs."""
    ways: set[int | None] = {case.go_to for case in branch.cases if case.label == label}
    if label == "otherwise":
        ways.add(branch.next if branch.otherwise is None else branch.otherwise)
    if len(ways) == 1:
        return ways.pop()
    named = (way for way in ways if way is not None)
    return next((way for way in named if program.instructions[way].name == following), None)
