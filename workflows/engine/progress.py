"""How far a run has come: what to write, and what to do next.

`pending` is what a run's row keeps of the step under way, across commits. It has the step's index
and name, its rendered `input`, and
    of an action tried before   `attempts`, `forgiven` (how many a person's retry no longer counts),
                                `so_far`: what those tries got done, as the action tells it
    of the rest of a step       `alone`: the run had ended, and nothing else of it is done; with
                                the `output` it had
    of a wait for a moment      `wake_at`
    of a call with no place     `no_place_at`, the host
    of a wait for others        `awaits` (children, event, approval), `since`, `until`, `reminders`;
                                `looks_back` until it has looked for an event that came before
    of child runs               `children`: `oldest` and `last` id of the step's child runs, how
                                many were `started`, and after a retry which to `revive`

    of one to be walked on from `walks_on`: it is not worked out yet, so it cannot have been done
    after a retry               `in_doubt`: it may have been done; `rendered_at`: as of when it is
                                rendered, if it may have been called before it was stored
    of a run that has failed    `after_failure`: these are the steps for that

Of a run that ended in the middle of a step it keeps all that under `resume`: where a retry goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from tenants.core.json import Json
from workflows.definition.programs.instructions import Instruction
from workflows.definition.scope import NameScope
from workflows.engine.history.entries import Entry, Timing
from workflows.engine.history.folding import Fold
from workflows.engine.statuses import RunStatus

# What goes with a step from one try to the next, and into its entry.
_MARKS: Final = ("revision", "record_values", "so_far", "alone")


class WaitType(StrEnum):
    """What a parked run waits for."""

    RETRY = "retry"
    TIME = "time"
    CHILDREN = "children"
    EVENT = "event"
    APPROVAL = "approval"
    LANE = "lane"
    PLACE = "place"  # at a server that has as many calls under way as it may


class WakeReason(StrEnum):
    """Why a run is due, or will be. Told for people and for tests: nothing is concluded from it.

    Whether a moment has come is asked of the database's clock, and whether somebody came of what
    they left behind.
    """

    START = "start"
    TIME = "time"  # the end of a wait, a reminder, the next round of a loop
    RETRY = "retry"
    DEADLINE = "deadline"
    EVENT = "event"
    DECISION = "decision"
    CHILD = "child"
    LANE = "lane"
    CANCEL = "cancel"
    LOOK_BACK = "look_back"  # it was about to wait, and had not looked for events from before
    PERSON = "person"
    PLACE = "place"  # the server it is about to call may have a place now
    CRASH = "crash"  # its worker died, or could not carry it on


@dataclass(frozen=True, slots=True)
class Job:
    """A step for the executor to carry out."""

    instruction: Instruction
    input: Json  # the params as rendered; the same on every retry
    scope: NameScope
    attempts: tuple[Entry, ...] = ()  # the failed ones before this
    forgiven: int = 0  # how many of them a person's retry no longer counts
    turn: int = 0  # how often the run has ended this step before: in a loop, or as a reminder
    # How often a person had it tried with the record's values of that day, and what they were:
    # `revision` and `record_values`, both missing if nobody has. And `so_far` and `alone`.
    marks: Mapping[str, Json] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells this step of the run from all others, the same on every try and resume.

        The second round of a loop is another call: with the first one's key it would be dropped.
        So would be one with other content.
        """
        index = self.instruction.index
        key = f"{index}-{self.turn + 1}" if self.turn else str(index)
        revision = self.marks.get("revision")
        return f"{key}-r{revision}" if revision else key

    @property
    def attempt(self) -> int:
        """Which try this is since a person last asked for one, 1-based."""
        return len(self.attempts) - self.forgiven + 1


@dataclass(frozen=True, slots=True)
class ChildRun:
    """A child run to start."""

    entry: int  # the index of its first instruction
    item_index: int
    item: Json = None
    has_item: bool = True  # False: a branch of a `parallel`


@dataclass(frozen=True, slots=True)
class Spawn:
    """The child runs of a step, and how many of them may be under way at once."""

    children: tuple[ChildRun, ...]
    at_once: int


@dataclass(frozen=True, slots=True)
class Revival:
    """The child runs of a step that go on after a retry: those that did not end well."""

    fresh: Mapping[str, Json] | None = field(kw_only=True, default=None)  # resuming.Fresh, as JSON

    batch: Mapping[str, str]  # `oldest` and `last` id of the step's children
    number: int
    at_once: int
    scope: str  # resuming.RetryScope


@dataclass(frozen=True, slots=True)
class AwaitedEvent:
    """The event a run waits for."""

    type: str
    match: dict[str, Json]  # path in its payload -> value
    look_back: timedelta  # before the run's start
    behind: str | None  # the id of the one that ended this step's last wait
    seen: tuple[str, ...] = ()  # the ids of those that ended its waits, the last one included
    knows_all: bool = True  # False: there may have been others before them


@dataclass(frozen=True, slots=True)
class Question:
    """What people are asked to decide."""

    step_name: str
    asked: dict[str, Json]  # title, message, approvers, choices, form
    allow_self: bool
    expires_at: datetime | None
    # Who is asked because of what the run brought: they have to belong to the company.
    to_prove: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """What a child run hands to the run that started it."""

    result: Json = None
    # It ends its parents too: {"levels", "has_failed", "message"}.
    stop: Json = None
    tells_at_once: bool = False  # its parent must hear of it before the other children end

    def as_json(self) -> Json:
        return {"stop": self.stop} if self.stop else {"result": self.result}


@dataclass(frozen=True, slots=True)
class Progress:
    """What to write, and what to do next.

    `job` is None when the run parks or ends, and where it is to be walked on from `next_step` once
    this is written.
    """

    status: RunStatus
    entries: tuple[Entry, ...]  # to append to step_results
    next_step: int
    pending: Json | None  # the step under way, as it is stored
    job: Job | None = None
    due_in: timedelta | None = None  # of a run that parks; None: until somebody wakes it
    due_at: datetime | None = None  # the moment itself, where the step waits for one
    # These are the steps for a run that has failed: its deadline does not count any more, and a
    # cancel leaves it a failure.
    has_failed: bool = False
    wait_type: WaitType | None = None
    spawn: Spawn | None = None
    revival: Revival | None = None
    awaited: AwaitedEvent | None = None
    # It only says what it is about to wait for, and has not looked yet whether that is there.
    announces: bool = False
    question: Question | None = None  # a new one
    cancels_children: bool = False
    closes_question: bool = False  # the visit of the step that asked it is over
    ended: Ended = field(default_factory=Ended)
    error: Entry | None = None  # of a run that ends: why it ended so
    fold: Fold | None = None  # earlier entries that move to the history with this write

    @property
    def walks_on(self) -> bool:
        """Whether the steps behind this are to be worked out once it is written."""
        return self.status is RunStatus.RUNNING and self.job is None


def base_of(job: Job) -> Entry:
    name, action = job.instruction.name, job.instruction.action
    base: Entry = {"step_name": name, "action": action, **job.marks}
    if job.input is not None:
        base["input"] = job.input
    if job.attempts:
        base["attempts"] = list(job.attempts)
    return base


def stored(job: Job) -> Entry:
    """Return what the row keeps of a step under way."""
    return {**base_of(job), "step": job.instruction.index, "forgiven": job.forgiven}


def named(pending: Mapping[str, Json]) -> Entry:
    """Return how the entry of a step begins that parked the run."""
    kept = {key: pending[key] for key in ("step_name", "action", "input") if key in pending}
    return {**kept, **marks_in(pending)}


def marks_in(kept: Mapping[str, Json]) -> Entry:
    return {key: kept[key] for key in _MARKS if key in kept}


def since(pending: Mapping[str, Json], now: datetime) -> Timing:
    """Return when a step that parked the run began, and how long it took."""
    started_at = datetime.fromisoformat(pending["since"]) if "since" in pending else now
    return Timing(started_at, round((now - started_at).total_seconds() * 1000))


Kind = TypeVar("Kind")


def expected(instruction: Instruction, kind: type[Kind]) -> Kind:
    if not isinstance(instruction, kind):
        raise TypeError(f"{instruction.op} is no {kind.__name__}")
    return instruction
