"""Whether the entries that a new run takes over would stand in it as well.

The new run has another payload, or is of another version. Each step whose entry it takes over is
worked out twice at the same moment, as the old run had it and as the new one would, so that a clock
in a template makes no difference: what comes out alike does not rest on what was changed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tenants.core.json import Json
from workflows.definition.errors import ExpressionError
from workflows.definition.programs.instructions import (
    Approval,
    Branch,
    ForEach,
    Instruction,
    Parallel,
    Repeat,
    RunWorkflow,
)
from workflows.definition.programs.program import Program
from workflows.definition.scope import NameScope
from workflows.engine.history.entries import Entry
from workflows.engine.history.reach import reachable_from
from workflows.engine.history.results import Results
from workflows.engine.statuses import StepStatus

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
    inside = {index for body in bodies for index in reachable_from(program, body)}
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
