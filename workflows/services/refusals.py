"""Why a service would not do what it was asked, as values that pages can word."""

from uuid import UUID


class Refused(Exception):
    """The run is not in a state in which this can be done. `code` says why."""

    code: str


class RunHasEnded(Refused):
    """The run has ended already, or is none of this tenant."""

    code = "run_has_ended"

    def __init__(self, run_id: UUID) -> None:
        super().__init__(f"run {run_id} has ended, or does not exist")
        self.run_id = run_id


class NotRetryable(Refused):
    """The run cannot be retried that way."""

    def __init__(self, run_id: UUID, code: str) -> None:
        super().__init__(f"run {run_id}: {code}")
        self.run_id, self.code = run_id, code
