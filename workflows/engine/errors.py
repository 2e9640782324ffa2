"""What the engine refuses."""

from workflows.engine.statuses import RunStatus


class EngineError(Exception):
    """Something that must not happen to a run."""


class IllegalTransition(EngineError):
    """The outcome cannot happen in the run's current status."""

    def __init__(self, status: RunStatus, outcome: str) -> None:
        super().__init__(f"{outcome} cannot happen to a run that is {status}")
        self.status, self.outcome = status, outcome
