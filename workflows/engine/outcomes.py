"""What can become of a step that is under way."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """The step's condition did not hold."""

    reason: str = "condition_not_met"


@dataclass(frozen=True, slots=True)
class StepFailed:
    """The action, or the preparation of the step, failed."""

    code: str
    params: dict[str, Json] = field(default_factory=dict)
    is_temporary: bool = False
    retry_after: timedelta | None = None  # the least wait the other side asked for


@dataclass(frozen=True, slots=True)
class StepCompleted:
    """The step did its work."""

    output: Json
    go_to: int | None = None  # of a branch or a loop: where it leads; None: to what follows
    trouble: StepFailed | None = None  # part of it failed, and the run goes on all the same


@dataclass(frozen=True, slots=True)
class StepUnknown:
    """The worker died after the step began, and the action cannot safely be repeated."""


@dataclass(frozen=True, slots=True)
class RunStopped:
    """A step ended the run, as its author wanted."""

    message: str = ""
    has_failed: bool = False
    levels: int = 0  # how many runs above this one, its parents, end with it


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """The run took longer than its workflow allows."""

    deadline: str  # ISO 8601


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """Somebody asked to cancel the run; the step has not begun."""


Outcome = (
    StepCompleted
    | StepSkipped
    | StepFailed
    | StepUnknown
    | RunStopped
    | DeadlinePassed
    | CancelAsked
)
