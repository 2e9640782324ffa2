"""Which instructions can follow one another."""

from collections.abc import Callable, Iterable, Iterator

from workflows.definition.programs.instructions import (
    Approval,
    Branch,
    Instruction,
    Repeat,
    WaitForEvent,
)
from workflows.definition.programs.program import Program


def reachable_from(program: Program, start: int | None) -> frozenset[int]:
    """Return the indexes that a run can come to from `start`, itself included; none from None."""
    if start is None:
        return frozenset()

    def ways(one: Instruction) -> Iterable[int | None]:
        return [one.next, one.error_block, *_ways_through(one), *_ways_of_a_wait(one)]

    return _closure(program, start, ways)


def where_runs_may_start(program: Program) -> frozenset[int]:
    """Return the indexes at which a run may be started: those on the way of a whole run.

    Not those in a list, a branch or a reminder, nor those that follow a failure: what they need is
    only there when the run comes to them by itself.
    """
    if not program.instructions:
        return frozenset()

    def ways(one: Instruction) -> Iterable[int | None]:
        late = one.on_timeout if isinstance(one, WaitForEvent) else None
        return [one.next, late, *_ways_through(one)]

    return _closure(program, 0, ways)


def failure_steps(program: Program) -> frozenset[int]:
    """Return the indexes of the steps under the document's `on_failure`."""
    return reachable_from(program, program.on_failure)


def _closure(
    program: Program, start: int, ways: Callable[[Instruction], Iterable[int | None]]
) -> frozenset[int]:
    found: set[int] = set()
    waiting = [start]
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            following = ways(program.instructions[index])
            waiting.extend(way for way in following if way is not None)
    return frozenset(found)


def _ways_of_a_wait(instruction: Instruction) -> Iterator[int | None]:
    if isinstance(instruction, WaitForEvent):
        yield instruction.on_timeout
    if isinstance(instruction, WaitForEvent | Approval):
        yield from (reminder.body for reminder in instruction.reminders)


def _ways_through(instruction: Instruction) -> Iterator[int | None]:
    if isinstance(instruction, Branch):
        yield from (instruction.otherwise, *(case.go_to for case in instruction.cases))
    if isinstance(instruction, Repeat):
        yield instruction.body
