"""What pages show of a run's steps: lines, with the steps inside them as parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tenants.core.json import Json
from workflows.engine.statuses import StepStatus
from workflows.presentation.runs.plans import PlannedWay, WayKind


class StepState(StrEnum):
    """What a line of the timeline says of its step."""

    COMPLETED = StepStatus.COMPLETED.value
    PARTLY = "completed_with_errors"  # done, but for some of its items
    FAILED = StepStatus.FAILED.value
    SKIPPED = StepStatus.SKIPPED.value
    UNKNOWN = StepStatus.UNKNOWN.value
    REUSED = StepStatus.REUSED.value
    RUNNING = "running"
    WAITING = "waiting"
    NEXT = "next"
    NOT_REACHED = "not_reached"
    NOT_TAKEN = "not_taken"  # on a way that the run did not go
    BROKEN_OFF = "broken_off"  # begun, and the run ended inside it


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a step."""

    number: int
    started_at: datetime | None
    duration_ms: int | None
    error: str  # "" if it went well


@dataclass(frozen=True, slots=True)
class RelatedRuns:
    """The child runs that a step has started."""

    first: str  # the ids between which theirs lie
    last: str
    bodies: tuple[int, ...]  # where they begin in their programs
    since: datetime | None  # of a step tried before: when it was first, for the earlier ones


@dataclass(frozen=True, slots=True)
class Recipients:
    """What became of the recipients of a mail that not everybody got."""

    accepted: tuple[str, ...]
    refused: Mapping[str, str]  # with the server's words


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step as people read it."""

    number: int  # in its list, 1-based
    name: str
    label: str
    action: str
    state: StepState
    started_at: datetime | None = None
    duration_ms: int | None = None
    error: str = ""
    reason: str = ""  # why it was skipped, or who said that it was done
    input: Json = None
    output: Json = None
    attempts: tuple[Attempt, ...] = ()
    told: str = ""  # what a step that steers the run came to, or waits for
    parts: tuple["StepBranch", ...] = ()
    kin: RelatedRuns | None = None
    place: str = ""  # “3”; of a step inside it “3.1”
    within: str = ""  # the label of the step it stands in
    is_aside: bool = False  # a reminder's, or one that followed a failure
    event_id: str = ""  # of the event that ended a wait
    recipients: Recipients | None = None  # of a mail that not everybody got
    notes: Json = None  # what only a dry run knows of the step


@dataclass(frozen=True, slots=True)
class StepBranch:
    """Steps inside a step, or after the failure of the run."""

    kind: WayKind
    way: PlannedWay
    lines: tuple[StepLine, ...]
    is_taken: bool
    may_come: bool = False  # not taken, but that is not settled yet
    number: int = 0  # of the round or the reminder, 1-based; 0: of a way that was not taken
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A run's steps as their author laid them out."""

    lines: tuple[StepLine, ...]
    after_failure: tuple[StepBranch, ...] = ()
