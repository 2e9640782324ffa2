"""Which instructions can follow one another."""

from collections.abc import Iterator

from workflows.definition.instructions import Branch, Instruction, Repeat
from workflows.definition.program import Program


def reachable_from(program: Program, start: int | None) -> frozenset[int]:
    """Return the indexes that a run can come to from `start`, itself included; none from None."""
    if start is None:
        return frozenset()
    found: set[int] = set()
    waiting = [start]
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            waiting.extend(_successors(program.instructions[index]))
    return frozenset(found)


def failure_steps(program: Program) -> frozenset[int]:
    """Return the indexes of the steps under the document's `on_failure`."""
    return reachable_from(program, program.on_failure)


def _successors(instruction: Instruction) -> Iterator[int]:
    ways: list[int | None] = [instruction.next, instruction.error_block]
    if isinstance(instruction, Branch):
        ways += [instruction.otherwise, *(case.go_to for case in instruction.cases)]
    if isinstance(instruction, Repeat):
        ways.append(instruction.body)
    return (way for way in ways if way is not None)
