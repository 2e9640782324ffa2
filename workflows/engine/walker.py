"""Where a run is on its way through its program: what every kind of step reads and writes down."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from tenants.core.json import Json
from workflows.definition.programs.instructions import Instruction
from workflows.definition.programs.program import Program
from workflows.definition.scope import NameScope
from workflows.engine.children import ChildRuns
from workflows.engine.decide import Position
from workflows.engine.history.entries import Entry, has_errors
from workflows.engine.history.results import Results
from workflows.engine.outcomes import CheckFor, Evaluated, Outcome
from workflows.engine.progress import Job, Progress, WaitType
from workflows.engine.statuses import RunStatus

Pending = Mapping[str, Json]
# Builds what templates see from the results so far: the walker knows no rows.
ScopeFor = Callable[[Results, datetime], NameScope]
# What a run that waits for others finds when it is woken: its children, an event, a decision.
Arrival = ChildRuns | Mapping[str, Json] | None

# What an earlier worker, or an earlier visit, says of a step that it may have carried out.
DOUBTS: Final = frozenset({"begun", "in_doubt", "rendered_at"})


@dataclass(frozen=True, slots=True)
class Walk(ABC):
    """One run on its way. Where a step leads to is decided by `advance.Walker`, which knows all."""

    program: Program
    results: Sequence[Entry]  # what is stored
    scope_for: ScopeFor
    is_child: bool = False  # another run waits for this one
    # Where a child began: it carries out one block of its parent's program. 0: a whole program.
    entry: int = 0
    check_for: CheckFor | None = None  # None: what is worked out ends by itself
    # What is stored, and what this walk adds: a copy from its first entry on.
    seen: Results = field(init=False)
    stored_entries: int = field(init=False)

    def __post_init__(self) -> None:
        is_read = isinstance(self.results, Results)
        object.__setattr__(self, "seen", self.results if is_read else Results(self.results))
        object.__setattr__(self, "stored_entries", len(self.results))

    @abstractmethod
    def walk(self, step: int, now: datetime, pending: Pending | None = None) -> Progress:
        """Go on from `step` until somebody has to do something, or the run ends."""

    @abstractmethod
    def over(
        self,
        instruction: Instruction,
        pending: Pending,
        outcome: Outcome,
        now: datetime,
        facts: Mapping[str, Json] | None = None,
    ) -> Progress:
        """Record the end of a step that parked the run, with more `facts`, and go on."""

    def has_failed_at(self, step: int) -> bool:
        # That an item has failed is its parent's affair: the workflow has not failed yet.
        return not self.entry and step in self.program.failure_steps

    def parked(
        self, step: int, pending: Pending | None, wait_type: WaitType, due_in: timedelta | None
    ) -> Progress:
        """Leave the run until it is due again, or until somebody wakes it."""
        return Progress(
            RunStatus.WAITING,
            self.entries,
            step,
            pending,
            due_in=due_in,
            wait_type=wait_type,
            has_failed=self.has_failed_at(step),
        )

    def scope(
        self, now: datetime, instruction: Instruction | None = None, pending: Pending | None = None
    ) -> NameScope:
        """Return what templates see at this moment, for a step or for what the run hands over."""
        scope = self.scope_for(self.seen, now)
        if self.check_for is not None:
            evaluated = Evaluated(
                instruction,
                instruction is not None and self.has_failed_at(instruction.index),
                not (pending and pending.keys() & DOUBTS),
            )
            scope.budget.check = self.check_for(evaluated)
        return scope

    def record(self, entry: Entry) -> None:
        """Add the entry of a step that is over, with the number of times it has been by then."""
        if self.seen is self.results:
            object.__setattr__(self, "seen", Results.of(self.seen))
        turn = self.seen.turns_of(entry["step_name"]) + 1
        if turn > 1:
            entry["turn"] = turn  # the earlier entries may be in the history by then
        self.seen.add(entry)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self.seen[self.stored_entries :])

    def program_index(self, name: str, default: int) -> int:
        found = (one.index for one in self.program.instructions if one.name == name)
        return next(found, default)

    def turns_of(self, instruction: Instruction) -> int:
        return self.seen.turns_of(instruction.name)

    @property
    def has_errors(self) -> bool:
        """Whether a step of the work itself failed, if only in part."""
        if self.program.on_failure is None:
            return self.seen.had_errors
        return has_errors(self.seen, self.program)

    def position_of(self, job: Job) -> Position:
        """Return where the run stands at a job."""
        return if_alone(self.position(job.instruction, job.attempt), job.marks)

    def position(self, instruction: Instruction, attempt: int = 1) -> Position:
        return Position(
            status=RunStatus.RUNNING,
            step=instruction.index,
            after_step=instruction.next,
            attempt=attempt,
            had_errors=self.has_errors,
            has_failed=self.has_failed_at(instruction.index),
            on_error=instruction.on_error,
            error_block=instruction.error_block,
            error_codes=instruction.error_codes,
            on_failure=None if self.entry else self.program.on_failure,
            retry=instruction.retry,
        )


# Works out a step of some kind without an executor: what became of it, or what is to be written.
Steer = Callable[[Any, Job, Mapping[str, Json], datetime], Outcome | Progress]


def if_alone(position: Position, marks: Mapping[str, Json]) -> Position:
    """Return the position of a step that is done alone: nothing follows, whatever becomes of it."""
    if not marks.get("alone"):
        return position
    return replace(
        position,
        after_step=None,
        on_error="continue",
        error_block=None,
        error_codes=None,
        on_failure=None,
    )
