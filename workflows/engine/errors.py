"""What the engine refuses."""

from workflows.engine.outcomes import CancelAsked, DeadlinePassed, StepFailed
from workflows.engine.statuses import RunStatus


class EngineError(Exception):
    """Something that must not happen to a run."""


class IllegalTransition(EngineError):
    """The outcome cannot happen in the run's current status."""

    def __init__(self, status: RunStatus, outcome: str) -> None:
        super().__init__(f"{outcome} cannot happen to a run that is {status}")
        self.status, self.outcome = status, outcome


class Interrupted(Exception):
    """What is being worked out is to end, and what that means for its step."""

    def __init__(self, outcome: CancelAsked | DeadlinePassed | StepFailed) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


class Postponed(Exception):
    """What is being worked out is to be begun anew, once what was done before it is written."""


class WalkAbandoned(Exception):
    """Nothing that the walk would come to counts any more."""
