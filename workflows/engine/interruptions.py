"""How what is worked out for a step is ended from outside, while it is under way."""

from collections.abc import Callable
from dataclasses import dataclass

from workflows.definition.programs.instructions import Instruction
from workflows.engine.outcomes import CancelAsked, DeadlinePassed, StepFailed


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The step that something is worked out for."""

    instruction: Instruction | None  # None: what a child run hands over
    has_failed: Callable[[], bool]  # whether it is one of the steps for a run that has failed
    # Whether it may be left for later: nobody could take it for one that may have been done.
    may_be_postponed: bool = True


# Gives what is called now and then while something is worked out for a step, with the operations
# spent so far. It raises Interrupted or Postponed, or WalkAbandoned.
CheckFor = Callable[[Evaluated], Callable[[int], None]]


class Interrupted(Exception):
    """What is being worked out is to end, and what that means for its step."""

    def __init__(self, outcome: CancelAsked | DeadlinePassed | StepFailed) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


class Postponed(Exception):
    """What is being worked out is to be begun anew, once what was done before it is written."""


class WalkAbandoned(Exception):
    """Nothing that the walk would come to counts any more."""
