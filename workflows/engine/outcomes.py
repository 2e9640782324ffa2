"""What can become of a step that is under way, also from outside while it is worked out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from tenants.core.json import Json
from workflows.definition.programs.instructions import Instruction


class FailureCode(StrEnum):
    """What the engine and the workers themselves give as the reason of a failure."""

    ACTION_CRASHED = "action_crashed"
    APPROVER_NOT_ALLOWED = "approver_not_allowed"
    BRANCH_FAILED = "branch_failed"
    CANCELLED = "cancelled"
    CHAIN_TOO_LONG = "chain_too_long"
    DATABASE_TROUBLE = "database_trouble"
    DEADLINE_PASSED = "deadline_passed"
    ENGINE_ERROR = "engine_error"
    INPUT_NOT_STORABLE = "input_not_storable"
    ITEM_FAILED = "item_failed"
    ITEMS_FAILED = "items_failed"
    LIMIT_REACHED = "limit_reached"
    NOT_IN_TIME = "not_in_time"
    OUTCOME_UNKNOWN = "outcome_unknown"
    OUTPUT_NOT_JSON = "output_not_json"
    OUTPUT_TOO_LARGE = "output_too_large"
    POISONED = "poisoned"
    PROGRAM_UNREADABLE = "program_unreadable"
    REFUSED_BY_DATABASE = "refused_by_database"
    REPLACED_BY_NEWER = "replaced_by_newer"
    RESULT_NOT_STORABLE = "result_not_storable"
    STEP_TIMED_OUT = "step_timed_out"
    STOPPED = "stopped"
    UNKNOWN_ACTION = "unknown_action"
    UNREADABLE_ROW = "unreadable_row"
    WORKFLOW_FAILED = "workflow_failed"
    WORKFLOW_NOT_ACTIVE = "workflow_not_active"


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
    so_far: Json = None  # what was done all the same: for the next attempt
    # The step's output if it is not tried again: it is done in part then. None: it has failed.
    output: Json = None


@dataclass(frozen=True, slots=True)
class StepCompleted:
    """The step did its work."""

    output: Json
    go_to: int | None = None  # of a branch or a loop: where it leads; None: to what follows
    trouble: StepFailed | None = None  # part of it failed, and the run goes on all the same


class Doubt(StrEnum):
    """Why nobody knows whether a step was done."""

    WORKER_DIED = "worker_died"
    WORKER_HELD = "worker_held"  # it was ended, because something beside the step held it up
    NOT_RECORDED = "not_recorded"  # the worker lived, and could not write what came of it
    NO_ANSWER = "no_answer"  # in time
    CONNECTION_LOST = "connection_lost"
    GATEWAY_ERROR = "gateway_error"  # an error that may come from a server in between
    UNCLEAR_ANSWER = "unclear_answer"


@dataclass(frozen=True, slots=True)
class StepUnknown:
    """The step may have been done, and its action cannot safely be repeated."""

    reason: Doubt | None = None
    params: dict[str, Json] = field(default_factory=dict)  # what is known: status, host, answer
    so_far: Json = None  # what was done for certain: for a further attempt, if a person asks for it


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


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The step that something is worked out for."""

    instruction: Instruction | None  # None: what a child run hands over
    has_failed: bool  # it is one of the steps for a run that has failed
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
