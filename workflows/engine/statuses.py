"""The life of a run, and of a step in it."""

from enum import StrEnum


class RunStatus(StrEnum):
    """queued → running ⇄ waiting → one of the five ends."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    def __init__(self, value: str) -> None:
        # Nothing can happen to the run any more, but a person's retry.
        self.has_ended = value not in {"queued", "running", "waiting"}


class StepStatus(StrEnum):
    """What became of a step."""

    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"  # begun before a crash, and not safe to repeat: a person has to look
    REUSED = "reused"
