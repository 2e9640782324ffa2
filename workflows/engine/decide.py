"""What an outcome does to a run. Same arguments, same answer."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, Literal

from workflows.definition.retry import RetryPolicy
from workflows.engine.outcomes import (
    CancelAsked,
    DeadlinePassed,
    FailureCode,
    Outcome,
    RunStopped,
    StepCompleted,
    StepFailed,
    StepSkipped,
    StepUnknown,
)
from workflows.engine.statuses import RunStatus, StepStatus


class EngineError(Exception):
    """Something that must not happen to a run."""


class IllegalTransition(EngineError):
    """The outcome cannot happen in the run's current status."""

    def __init__(self, status: RunStatus, outcome: str) -> None:
        super().__init__(f"{outcome} cannot happen to a run that is {status}")
        self.status, self.outcome = status, outcome


OUTCOME_UNKNOWN: Final = FailureCode.OUTCOME_UNKNOWN
CANCELLED: Final = FailureCode.CANCELLED
STOPPED: Final = FailureCode.STOPPED
POISONED: Final = FailureCode.POISONED
ENGINE_ERROR: Final = FailureCode.ENGINE_ERROR
DEADLINE_PASSED: Final = FailureCode.DEADLINE_PASSED

# A run that ended its worker this often ends it again: it fails instead of taking turns for ever.
MAX_CRASHES: Final = 5
# A fault of the engine itself, in the same step: the next try is as good as certain to meet it.
MAX_FAULTS: Final = 3


class Then(StrEnum):
    """What a run did about a step that went wrong."""

    STOP = "stop"
    CONTINUE = "continue"
    ERROR_BLOCK = "error_block"  # the steps under the failed step's on_error
    ON_FAILURE = "on_failure"  # the document's steps for a run that has failed


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run stands: all that a decision depends on."""

    status: RunStatus
    step: int  # index of the step under way
    after_step: int | None  # index of the instruction that follows it; None: the run ends with it
    attempt: int = 1  # of the step under way, 1-based
    had_errors: bool = False  # an earlier step failed and the run went on
    has_failed: bool = False  # these are the steps for a run that has failed
    on_error: Literal["stop", "continue"] = "stop"
    error_block: int | None = None  # index of what runs first after an error
    error_codes: frozenset[str] | None = None  # which errors lead there; None: every one
    on_failure: int | None = None  # index of what runs once the run has failed
    retry: RetryPolicy = field(default_factory=RetryPolicy)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write."""

    status: RunStatus
    next_step: int
    step_status: StepStatus | None  # None: the step is not over (it will be tried again)
    retry_in: timedelta | None = None
    error_code: str | None = None
    error_params: dict[str, Any] = field(default_factory=dict)
    then: Then | None = None  # of a step that went wrong


def decide(  # noqa: C901, PLR0911  # one line for each outcome
    position: Position, outcome: Outcome, jitter: float = 0.0
) -> Decision:
    """Say what `outcome` does to a run at `position`.

    `jitter` is in [0, 1) and shortens the wait before a retry, so that a provider that comes back
    is not met by every run at once. Raises IllegalTransition if the run is not running.
    """
    if position.status is not RunStatus.RUNNING:
        raise IllegalTransition(position.status, type(outcome).__name__)
    match outcome:
        case StepCompleted():
            return _done(position, outcome)
        case StepSkipped():
            return _go_on(position, StepStatus.SKIPPED)
        case StepFailed():
            return _after_failure(position, outcome, jitter)
        case StepUnknown():
            why = {"reason": outcome.reason} if outcome.reason else {}
            unknown = StepFailed(OUTCOME_UNKNOWN, {**outcome.params, **why})
            return _give_up(position, StepStatus.UNKNOWN, unknown)
        case RunStopped():
            return _stop_as_wanted(position, outcome)
        case DeadlinePassed():
            return _stop(position, StepStatus.FAILED, failure_of(outcome))
        case CancelAsked():
            return Decision(RunStatus.CANCELLED, position.step, None, error_code=CANCELLED)


def failure_of(outcome: DeadlinePassed | StepFailed) -> StepFailed:
    if isinstance(outcome, StepFailed):
        return outcome
    return StepFailed(DEADLINE_PASSED, {"deadline": outcome.deadline})


def _done(position: Position, outcome: StepCompleted) -> Decision:
    trouble = outcome.trouble
    if trouble is None:
        return _go_on(position, StepStatus.COMPLETED, outcome.go_to)
    onward = _go_on(position, StepStatus.COMPLETED, outcome.go_to, had_errors=True)
    return replace(onward, error_code=trouble.code, error_params=trouble.params)


def _done_in_part(position: Position, trouble: StepFailed) -> Decision:
    """Go on, and say what is wrong; or do what the step says of just this error.

    A step that speaks of every error means one that was not done.
    """
    named = position.error_codes or frozenset()
    if position.error_block is not None and trouble.code in named:
        to = (RunStatus.RUNNING, position.error_block)
        return _wrong(to, StepStatus.COMPLETED, trouble, Then.ERROR_BLOCK)
    onward = _go_on(position, StepStatus.COMPLETED, had_errors=True)
    return replace(onward, error_code=trouble.code, error_params=trouble.params)


def _after_failure(position: Position, failure: StepFailed, jitter: float) -> Decision:
    wait = position.retry.delay_after(position.attempt, jitter) if failure.is_temporary else None
    if wait is None:
        if failure.output is not None:
            return _done_in_part(position, failure)
        return _give_up(position, StepStatus.FAILED, failure)
    return Decision(
        RunStatus.WAITING,
        position.step,
        None,
        retry_in=max(wait, failure.retry_after or timedelta(0)),
        error_code=failure.code,
        error_params=failure.params,
    )


def _give_up(position: Position, step_status: StepStatus, failure: StepFailed) -> Decision:
    if position.error_block is not None:
        if position.error_codes is None or failure.code in position.error_codes:
            to = (RunStatus.RUNNING, position.error_block)
            return _wrong(to, step_status, failure, Then.ERROR_BLOCK)
        return _stop(position, step_status, failure)
    if position.on_error == "continue":
        onward = _go_on(position, step_status, had_errors=True)
        to = (onward.status, onward.next_step)
        return _wrong(to, step_status, failure, Then.CONTINUE)
    return _stop(position, step_status, failure)


def _stop(position: Position, step_status: StepStatus, failure: StepFailed) -> Decision:
    if position.on_failure is not None and not position.has_failed:
        to = (RunStatus.RUNNING, position.on_failure)
        return _wrong(to, step_status, failure, Then.ON_FAILURE)
    # It stays at the failed step, so that a retry goes on from there.
    return _wrong((RunStatus.FAILED, position.step), step_status, failure, Then.STOP)


def _stop_as_wanted(position: Position, outcome: RunStopped) -> Decision:
    if outcome.has_failed:
        stopped = StepFailed(STOPPED, {"message": outcome.message})
        return _stop(position, StepStatus.FAILED, stopped)
    return Decision(_end_status(position), position.step + 1, StepStatus.COMPLETED)


def _wrong(
    to: tuple[RunStatus, int], step_status: StepStatus, failure: StepFailed, then: Then
) -> Decision:
    status, step = to
    return Decision(
        status,
        step,
        step_status,
        error_code=failure.code,
        error_params=failure.params,
        then=then,
    )


def _go_on(
    position: Position,
    step_status: StepStatus,
    go_to: int | None = None,
    *,
    had_errors: bool = False,
) -> Decision:
    following = position.after_step if go_to is None else go_to
    if following is not None:
        return Decision(RunStatus.RUNNING, following, step_status)
    return Decision(_end_status(position, had_errors), position.step + 1, step_status)


def _end_status(position: Position, had_errors: bool = False) -> RunStatus:
    if position.has_failed:
        return RunStatus.FAILED
    if position.had_errors or had_errors:
        return RunStatus.COMPLETED_WITH_ERRORS
    return RunStatus.COMPLETED


def wait_after_crash(crashes: int, *, is_known: bool = False) -> timedelta | None:
    """Return how long a run rests after its worker died, or None: it fails as poisoned.

    `crashes` counts the deaths since the last finished step, this one included. `is_known`: it was
    the run that ended the worker, and no other.
    """
    if crashes >= MAX_CRASHES:
        return None
    # Else the first death is most likely not the run's doing: it goes on at once.
    return timedelta(0) if crashes <= 1 and not is_known else timedelta(seconds=2**crashes)
