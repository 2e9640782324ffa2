"""Whether what people decided has been acted on: one decision is good for one time.

A new run takes over the first entries of a run, decisions among them, and does again what comes
behind. If that was done before, by the run itself or by another that had taken over the same, a
decision would allow it a second time.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tenants.core.json import Json
from workflows.definition.programs.instructions import (
    Approval,
    CallInstruction,
    EmitEvent,
    ForEach,
    Instruction,
    Parallel,
    RunWorkflow,
)
from workflows.definition.programs.program import Program
from workflows.engine.decide import POISONED
from workflows.engine.history.entries import Entry
from workflows.engine.history.reach import where_runs_may_start
from workflows.engine.history.replay import visits
from workflows.engine.history.taking_over import Asks, block_asks
from workflows.engine.statuses import RunStatus, StepStatus

Mark = tuple[str, Json]  # of an entry, the same in every run that has taken it over
Children = tuple[str, str]  # the ids of the first and of the last one

# Steps that do nothing for themselves: what they lead to has entries of its own.
WITHOUT_EFFECT: Final = ("approval", "wait", "wait_for_event", "branch", "repeat", "stop")
_DOING: Final = (CallInstruction, EmitEvent, ForEach, Parallel, RunWorkflow)
_WELL: Final = frozenset({RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS})
_MAY_BE_DONE: Final = frozenset({StepStatus.COMPLETED, StepStatus.UNKNOWN})


def marks_of(entries: Sequence[Entry]) -> frozenset[Mark]:
    """Return what tells these entries from all others, in whichever run they stand."""
    return frozenset(_mark(entry) for entry in entries)


def decisions_in(program: Program, entries: Sequence[Entry], calls: Asks) -> frozenset[Mark]:
    named = {one.name: one for one in program.instructions}
    steps = ((entry, named.get(entry["step_name"])) for entry in entries)
    return frozenset(
        _mark(entry)
        for entry, step in steps
        if step is not None
        and entry["status"] != StepStatus.SKIPPED
        and (isinstance(step, Approval) or block_asks(program, step, calls))
    )


def acts_beyond(
    program: Program, entries: Sequence[Entry], taken: frozenset[Mark], status: RunStatus
) -> Iterator[Children | None]:
    """Yield what a run did besides the entries that were `taken`, or may have done.

    None is a step; else the child runs of one that went wrong: somebody has to look at them. What
    was done about a failure that stopped the run is left out: a retry does not undo it, either.
    """
    own = where_runs_may_start(program)
    about_failure: list[Children | None] = []
    seen = 0
    for visit in visits(program, entries):
        seen = visit.before + 1
        if visit.entry is None or _mark(visit.entry) in taken:
            continue
        if visit.instruction.index in own:
            yield from about_failure  # and the run went on
            about_failure = []
            yield from _acts(visit.instruction, visit.entry)
        else:
            about_failure += _acts(visit.instruction, visit.entry)
    if status in _WELL:
        yield from about_failure
    # Where nothing says how the run went on, it counts whatever stands behind.
    named = {program.instructions[index].name: program.instructions[index] for index in own}
    for entry in entries[seen:]:
        if entry["step_name"] in named and _mark(entry) not in taken:
            yield from _acts(named[entry["step_name"]], entry)


def does_something(instruction: Instruction, entry: Entry) -> bool:
    """Whether a step that a run came to does anything outside of the run when it is done again."""
    return isinstance(instruction, _DOING) and entry["status"] != StepStatus.SKIPPED


def acts_inside(
    instruction: Instruction, kept: Mapping[str, Json], error_code: str | None
) -> Iterator[Children | None]:
    """Yield the same of the step in which a run ended without an entry for it.

    `kept` is what its row has under `resume`.
    """
    children = kept.get("children") or {}
    if "oldest" in children:
        yield children["oldest"], children["last"]
        return
    is_begun = error_code == POISONED or kept.get("begun")
    if isinstance(instruction, CallInstruction | EmitEvent) and (is_begun or _may_be_done(kept)):
        yield None


def _acts(instruction: Instruction, entry: Entry) -> Iterator[Children | None]:
    if not isinstance(instruction, _DOING):
        return
    if entry["status"] in _MAY_BE_DONE:
        yield None
    elif entry["status"] == StepStatus.FAILED and entry.get("children"):
        oldest, last = entry["children"]
        yield oldest, last
    elif entry["status"] == StepStatus.FAILED and _may_be_done(entry):
        yield None


def _may_be_done(step: Mapping[str, Json]) -> bool:
    """Whether a step that failed, or that a run ended in, may have done something all the same.

    It was done in part, a worker died in it, or one of its calls may have arrived: the run itself
    can repeat that with the same key, another run has keys of its own.
    """
    tries = [step, *step.get("attempts", ())]
    told = [(one.get("error") or {}).get("params") or {} for one in tries]
    is_sent = any(params.get("may_have_arrived") is True for params in told)
    return is_sent or "so_far" in step or "in_doubt" in step


def _mark(entry: Entry) -> Mark:
    return entry["step_name"], entry.get("started_at")
