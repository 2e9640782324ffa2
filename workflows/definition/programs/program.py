"""A stored program, loaded: everything compiled once, nothing looked up while it runs.

And which of its instructions can follow one another.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from tenants.core.json import Json
from workflows.definition.conditions import (
    TriggerFilter,
    load_filter,
    may_read_clock,
)
from workflows.definition.errors import InvalidProgram
from workflows.definition.language import LANGUAGE_VERSION, LANGUAGE_VERSIONS
from workflows.definition.programs.children import StepBlock, blocks_of
from workflows.definition.programs.common import ProgramReader, Stored
from workflows.definition.programs.instructions import (
    BY_OP,
    Approval,
    Branch,
    Instruction,
    Repeat,
    WaitForEvent,
)
from workflows.definition.programs.plans import Fill
from workflows.definition.schemas import validator
from workflows.definition.values.windows import parse_duration


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How many runs at once, and for how long."""

    concurrency_key: Fill | None = None  # renders to text; runs with the same one take turns
    when_busy: Literal["wait", "replace"] = "wait"  # replace: the newest ends the older ones
    max_running: int | None = None  # runs of the workflow at once
    deadline: timedelta | None = None  # since the run was started


@dataclass(frozen=True, slots=True)
class Program:
    """What a version of a workflow does."""

    name: str
    instructions: tuple[Instruction, ...]
    values: Mapping[str, Json]  # the document's named constants: Scope(values=program.values)
    trigger_filter: TriggerFilter
    trigger_types: tuple[str, ...]
    # True if it reads the before-values of a record change. What stored message templates read
    # is not known here.
    uses_previous: bool
    starts_on_own_changes: bool  # True if what its own runs write may start it again
    on_failure: int | None  # index of the first instruction for a run that has failed
    failure_steps: frozenset[int]  # indexes of all that follow it
    blocks: Mapping[int, StepBlock] = field(default_factory=dict)  # of child runs, by first index
    output: Fill | None = None  # what a run hands back to the workflow that called it
    settings: RunSettings = RunSettings()
    # True if its filter or its concurrency key may look at the clock.
    reads_clock: bool = True
    language: int = LANGUAGE_VERSION  # by whose rules it is read


def load_program(program: Stored) -> Program:
    """Return the program, compiled. Raises InvalidProgram if this is none we can run."""
    language = program.get("language_version")
    if language not in LANGUAGE_VERSIONS:
        raise InvalidProgram(f"language version {language!r}")
    try:
        checks = {name: validator(schema) for name, schema in program["schemas"].items()}
        reader = ProgramReader(program["schemas"], checks, language, program["values"])
        instructions = tuple(_instruction(one, reader) for one in program["instructions"])
        return Program(
            name=program["name"],
            instructions=instructions,
            values=program["values"],
            trigger_filter=load_filter(program["trigger_filter"], language),
            trigger_types=tuple(program["trigger_types"]),
            uses_previous=program["uses_previous"],
            starts_on_own_changes=program["settings"].get("start_on_own_changes", False),
            on_failure=program["on_failure"],
            failure_steps=reachable_from(instructions, program["on_failure"]),
            blocks=blocks_of(program["instructions"], reader),
            output=reader.plan_if_any(program.get("output")),
            settings=_settings(program["settings"], reader),
            reads_clock=may_read_clock(
                [program["trigger_filter"], program["settings"].get("concurrency_key")]
            ),
            language=language,
        )
    except KeyError as error:
        raise InvalidProgram(f"no {error.args[0]!r}") from error


def _instruction(stored: Stored, reader: ProgramReader) -> Instruction:
    kind = BY_OP.get(stored["op"])
    if kind is None:
        raise InvalidProgram(f"op {stored['op']!r}")
    return kind.load(stored, reader)


def _settings(settings: Stored, reader: ProgramReader) -> RunSettings:
    return RunSettings(
        concurrency_key=reader.plan_if_any(settings.get("concurrency_key")),
        when_busy=settings.get("when_busy", "wait"),
        max_running=settings.get("max_running"),
        deadline=parse_duration(settings.get("deadline")),
    )


def reachable_from(instructions: Sequence[Instruction], start: int | None) -> frozenset[int]:
    """Return the indexes that a run can come to from `start`, itself included; none from None."""
    if start is None:
        return frozenset()

    def ways(one: Instruction) -> Iterable[int | None]:
        return [one.next, one.error_block, *_ways_through(one), *_ways_of_a_wait(one)]

    return _closure(instructions, start, ways)


def where_runs_may_start(instructions: Sequence[Instruction]) -> frozenset[int]:
    """Return the indexes at which a run may be started: those on the way of a whole run.

    Not those in a list, a branch or a reminder, nor those that follow a failure: what they need is
    only there when the run comes to them by itself.
    """
    if not instructions:
        return frozenset()

    def ways(one: Instruction) -> Iterable[int | None]:
        late = one.on_timeout if isinstance(one, WaitForEvent) else None
        return [one.next, late, *_ways_through(one)]

    return _closure(instructions, 0, ways)


def _closure(
    instructions: Sequence[Instruction],
    start: int,
    ways: Callable[[Instruction], Iterable[int | None]],
) -> frozenset[int]:
    found: set[int] = set()
    waiting = [start]
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            following = ways(instructions[index])
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
