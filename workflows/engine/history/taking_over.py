"""Whether the entries that a new run takes over stand in it as well, and what was done on them.

The new run has another payload, or is of another version. Each step whose entry it takes over is
worked out twice at the same moment, as the old run had it and as the new one would, so that a clock
in a template makes no difference: what comes out alike does not rest on what was changed.

One decision is good for one time: a new run that takes it over does again what comes behind. If
that was done before, by the run itself or by another that had taken over the same, the decision
would allow it a second time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tenants.core.json import Json
from workflows.definition.errors import ExpressionError
from workflows.definition.programs.instructions import (
    Approval,
    Branch,
    CallInstruction,
    EmitEvent,
    ForEach,
    Instruction,
    Parallel,
    Repeat,
    RunWorkflow,
)
from workflows.definition.programs.program import Program, reachable_from, where_runs_may_start
from workflows.definition.scope import NameScope
from workflows.engine.decide import POISONED
from workflows.engine.history.entries import Entry
from workflows.engine.history.replay import visits
from workflows.engine.history.results import Results
from workflows.engine.statuses import RunStatus, StepStatus

# Whether the workflow with this key asks people.
Asks = Callable[[str], bool]

ON_OTHER_VALUES: Final = "decided_on_other_values"
OTHERWISE: Final = "decided_otherwise"
ASKS_OTHERWISE: Final = "asks_otherwise"


@dataclass(frozen=True, slots=True)
class Side:
    """A run before, or after, what was changed about it."""

    program: Program
    scope_for: Callable[[Results], NameScope]
    by_name: dict[str, Instruction] = field(init=False)

    def __post_init__(self) -> None:
        named = {one.name: one for one in self.program.instructions}
        object.__setattr__(self, "by_name", named)


def asks_people(program: Program, calls: Asks) -> bool:
    """Whether a run of the program may come to a question, in whatever it does."""
    return any(_asks(one, calls) for one in program.instructions)


def block_asks(program: Program, instruction: Instruction, calls: Asks) -> bool:
    """Whether a question may be put below a step with child runs."""
    match instruction:
        case RunWorkflow():
            return calls(instruction.workflow)
        case ForEach():
            bodies = [instruction.body]
        case Parallel():
            bodies = [arm.body for arm in instruction.arms]
        case _:
            return False
    inside = {index for body in bodies for index in reachable_from(program.instructions, body)}
    steps = [program.instructions[index] for index in inside]
    return any(_asks(one, calls) or block_asks(program, one, calls) for one in steps)


def objection(
    entries: Sequence[Entry], old: Side, new: Side, calls: Asks, *, same_payload: bool
) -> str:
    """Return the code of why the entries would not stand in the new run; "" if they do.

    With another payload no decision is kept, nor what was worked out from what was changed: a
    question behind it, or a way past one, would rest on values that are not the run's. On another
    version a decision is kept if it asks the same people the same.
    """
    results = Results()
    for entry in entries:
        was, is_now = old.by_name.get(entry["step_name"]), new.by_name.get(entry["step_name"])
        if was is not None:
            scopes = (old.scope_for(results), new.scope_for(results))
            objections = _objections(entry, was, is_now, (old, *scopes), calls, same=same_payload)
            if code := next(objections, ""):
                return code
        results.add(entry)
    return ""


def _asks(instruction: Instruction, calls: Asks) -> bool:
    called = isinstance(instruction, RunWorkflow) and calls(instruction.workflow)
    return called or isinstance(instruction, Approval)


def _objections(  # noqa: PLR0913  # each part is named where it is used
    entry: Entry,
    was: Instruction,
    is_now: Instruction | None,
    sides: tuple[Side, NameScope, NameScope],
    calls: Asks,
    *,
    same: bool,
) -> Iterator[str]:
    """Yield why the entry of one step would not stand."""
    old, before, after = sides
    now = is_now or was
    if _decision(was, before) != _decision(now, after):
        yield OTHERWISE
    if entry["status"] == StepStatus.SKIPPED:
        return
    asks = isinstance(was, Approval) or block_asks(old.program, was, calls)
    if not same:
        if asks:
            yield ON_OTHER_VALUES
        if _worked_out(was, before) != _worked_out(was, after):
            yield OTHERWISE
    if is_now is None or is_now is was:
        return
    if isinstance(is_now, Approval) or asks:
        yield from _asked_otherwise(was, now, before, after)


def _asked_otherwise(
    was: Instruction, now: Instruction, before: NameScope, after: NameScope
) -> Iterator[str]:
    """Yield a code if another version asks something else, or somebody else."""
    if isinstance(was, Approval) and isinstance(now, Approval):
        if _terms(was) != _terms(now) or _worked_out(was, before) != _worked_out(now, after):
            yield ASKS_OTHERWISE
    elif isinstance(was, RunWorkflow) and isinstance(now, RunWorkflow):
        handed = _worked_out(was, before) == _worked_out(now, after)
        if was.workflow != now.workflow or not handed:
            yield ASKS_OTHERWISE
    else:
        yield ASKS_OTHERWISE


def _terms(asked: Approval) -> tuple[Json, ...]:
    return asked.allow_self, asked.timeout_choice, asked.give_up_after


def _decision(instruction: Instruction, scope: NameScope) -> Json:
    """Return what a step decides about the way of a run."""
    try:
        if not instruction.should_run(scope):
            return "skipped"
        match instruction:
            case Branch():
                return instruction.choose(scope)[0]
            case Repeat():
                return instruction.is_done(scope)
    except ExpressionError as problem:
        return _told(problem)
    return None


def _worked_out(instruction: Instruction, scope: NameScope) -> Json:
    try:
        return instruction.render(scope)
    except ExpressionError as problem:
        return _told(problem)


def _told(problem: ExpressionError) -> Json:
    return problem.code, dict(problem.params)


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
    own = where_runs_may_start(program.instructions)
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
