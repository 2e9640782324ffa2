"""What an outcome does to a run. Same arguments, same answer."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from workflows.definition.retry import RetryPolicy
from workflows.engine.errors import IllegalTransition
from workflows.engine.outcomes import (
    CancelAsked,
    Outcome,
    StepCompleted,
    StepFailed,
    StepSkipped,
    StepUnknown,
)
from workflows.engine.statuses import RunStatus, StepStatus

OUTCOME_UNKNOWN = "outcome_unknown"
CANCELLED = "cancelled"
POISONED = "poisoned"

# A run that ended its worker this often ends it again: it fails instead of taking turns for ever.
MAX_CRASHES = 5


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run stands: all that a decision depends on."""

    status: RunStatus
    step: int  # index of the step under way
    after_step: int | None  # index of the instruction that follows it; None: the run ends with it
    attempt: int = 1  # of the step under way, 1-based
    had_errors: bool = False  # an earlier step failed and the run went on
    on_error: Literal["stop", "continue"] = "stop"
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


def decide(position: Position, outcome: Outcome, jitter: float = 0.0) -> Decision:
    """Say what `outcome` does to a run at `position`.

    `jitter` is in [0, 1) and shortens the wait before a retry, so that a provider that comes back
    is not met by every run at once. Raises IllegalTransition if the run is not running.
    """
    if position.status is not RunStatus.RUNNING:
        raise IllegalTransition(position.status, type(outcome).__name__)
    match outcome:
        case StepCompleted():
            return _go_on(position, StepStatus.COMPLETED, had_errors=position.had_errors)
        case StepSkipped():
            return _go_on(position, StepStatus.SKIPPED, had_errors=position.had_errors)
        case StepFailed():
            return _after_failure(position, outcome, jitter)
        case StepUnknown():
            return _give_up(position, StepStatus.UNKNOWN, OUTCOME_UNKNOWN, {})
        case CancelAsked():
            return Decision(RunStatus.CANCELLED, position.step, None, error_code=CANCELLED)


def _after_failure(position: Position, failure: StepFailed, jitter: float) -> Decision:
    wait = position.retry.delay_after(position.attempt, jitter) if failure.is_temporary else None
    if wait is None:
        return _give_up(position, StepStatus.FAILED, failure.code, failure.params)
    return Decision(
        RunStatus.WAITING,
        position.step,
        None,
        retry_in=max(wait, failure.retry_after or timedelta(0)),
        error_code=failure.code,
        error_params=failure.params,
    )


def _give_up(
    position: Position, step_status: StepStatus, code: str, params: dict[str, Any]
) -> Decision:
    if position.on_error == "continue":
        onward = _go_on(position, step_status, had_errors=True)
        return Decision(
            onward.status, onward.next_step, step_status, error_code=code, error_params=params
        )
    return Decision(
        RunStatus.FAILED, position.step, step_status, error_code=code, error_params=params
    )


def _go_on(position: Position, step_status: StepStatus, *, had_errors: bool) -> Decision:
    if position.after_step is not None:
        return Decision(RunStatus.RUNNING, position.after_step, step_status)
    ended = RunStatus.COMPLETED_WITH_ERRORS if had_errors else RunStatus.COMPLETED
    return Decision(ended, position.step + 1, step_status)


def wait_after_crash(crashes: int) -> timedelta | None:
    """Return how long a run rests after its worker died, or None: it fails as poisoned.

    `crashes` counts the deaths since the last finished step, this one included.
    """
    if crashes >= MAX_CRASHES:
        return None
    # The first death is most likely not the run's doing: it goes on at once.
    return timedelta(0) if crashes <= 1 else timedelta(seconds=2**crashes)
