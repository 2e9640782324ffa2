"""A claimed run: what a worker knows of it in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tenants.core.json import Json
from tenants.core.json.jsontext import loads, storable
from workflows.engine.outcomes import Doubt
from workflows.runtime.database import Row

# One crash is most likely not the run's doing; from the second on it is executed alone, if it can.
SUSPECT_CRASHES: Final = 2

# What `held` says of a run whose worker was ended because something held it up. Of itself the run
# is a suspect from the first time on.
HELD_BY_ITSELF: Final = "by_itself"
HELD_BY_ANOTHER: Final = "by_another"

# What `pending` has besides the step itself: it was begun, why its worker left it, whether that was
# ended because something held it up, how often the engine failed at it.
BOOKKEEPING: Final = frozenset({"begun", "left", "held", "faults"})

# What it has of a step of which nothing was ever tried.
NOTHING: Final = BOOKKEEPING | {"step", "step_name"}


class RowUnreadable(ValueError):
    """What a run's row holds cannot be read, or is not what a run's row holds."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column, self.reason = column, reason


@dataclass(frozen=True, slots=True)
class JsonText:
    """JSON as the database sent it, not read yet."""

    text: str


class _ReadWhenAsked:
    """A field whose JSON text is read at the first look, by the thread that looks.

    A run's history may have megabytes: reading it takes longer than everything else that a claim
    does, and the dispatcher's main thread has leases to renew meanwhile.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, claim: object, owner: type) -> Json:
        value = vars(claim)[self._name]
        if isinstance(value, JsonText):
            value = vars(claim)[self._name] = loads(value.text)
        return value

    def __set__(self, claim: object, value: Json) -> None:
        vars(claim)[self._name] = value


@dataclass(frozen=True)  # without slots, because _ReadWhenAsked keeps its values in __dict__
class Claim:
    """A run that this worker holds, as it stood when it was claimed."""

    run_id: UUID
    tenant_id: UUID
    definition_id: UUID
    version: int
    payload: Json
    results: Sequence[dict[str, Json]]
    step: int
    started_at: datetime
    claimed_at: datetime  # by the database's clock
    created_at: datetime
    # What an earlier worker left of the step under way.
    pending: dict[str, Json] | None = None
    token: int = 0
    event_id: UUID | None = None
    depth: int = 0  # of the event that started it
    previous: Json = None  # before-values, if a record change started it
    actor: str = ""
    subject_type: str = ""
    subject_id: str = ""
    cancel_asked: bool = False
    crashes: int = 0  # of its workers, since it last finished a step
    parent_run: UUID | None = None  # of a child run
    entry: int = 0  # where a child began; 0: with a whole program
    item_index: int | None = None
    item: Json = None  # of a child, or what a called workflow was handed
    has_item: bool = False  # it may be null
    lane: str | None = None
    holds_lane: bool = False
    deadline_at: datetime | None = None
    children_open: int = 0
    wake_reason: str | None = None  # why it was due; NULL: an older release said nothing
    written: int = 0  # how many checkpoints this worker has written since it claimed the run
    entries_numbered: int = 0  # 0: every entry stands in `results`

    @property
    def was_begun(self) -> bool:
        """Whether a worker began the step under way and did not write what became of it."""
        kept = self.pending or {}
        # Who has not been let into its lane has begun nothing.
        is_in = self.lane is None or self.holds_lane
        return bool(kept.get("in_doubt") or (is_in and kept.get("begun")))

    @property
    def walks_on(self) -> bool:
        """Whether the step at which it stands is to be worked out yet: nobody has begun it."""
        return bool(self.pending and self.pending.get("walks_on"))

    @property
    def may_have_asked(self) -> bool:
        """Whether a question of this run may be open: one it waits for, or that was reminded of."""
        asks = bool(self.pending and self.pending.get("awaits") == "approval")
        return asks or any("waiting" in entry for entry in self.results)

    @property
    def doubt(self) -> Doubt:
        """Why nobody knows what became of the step that an earlier worker began."""
        kept = self.pending or {}
        left = Doubt(kept.get("left") or Doubt.WORKER_DIED)
        return Doubt.WORKER_HELD if left is Doubt.WORKER_DIED and kept.get("held") else left

    @property
    def faults(self) -> int:
        """How often the engine itself has failed at the step under way."""
        counted = (self.pending or {}).get("faults", 0)
        return counted if isinstance(counted, int) else 0

    def check(self) -> None:
        """Read all JSON of the row. Raises RowUnreadable: what is in a row came from anywhere."""
        for name, (column, _nothing) in _COLUMNS.items():
            try:
                getattr(self, name)
            except (ValueError, RecursionError) as problem:
                raise RowUnreadable(column, str(problem)) from None
        if not (self.pending is None or isinstance(self.pending, dict)):
            raise RowUnreadable("pending", "it is no object")
        is_list = isinstance(self.results, list)
        if not is_list or not all(isinstance(one, dict) for one in self.results):
            raise RowUnreadable("step_results", "they are no list of objects")

    def readable(self) -> "Claim":
        """Return the claim with nothing in place of what `check` refuses."""
        kept = dict(vars(self))
        for name, (_column, nothing) in _COLUMNS.items():
            try:
                kept[name] = getattr(self, name)
            except (ValueError, RecursionError):
                kept[name] = nothing
        kept["pending"] = kept["pending"] if isinstance(kept["pending"], dict) else None
        results = kept["results"] if isinstance(kept["results"], list) else []
        kept["results"] = [one for one in results if isinstance(one, dict)]
        return _claim_of(kept)

    def having_written(self, checkpoints: int) -> "Claim":
        """Return the claim after so many checkpoints; quicker than `replace`."""
        return _claim_of({**vars(self), "written": checkpoints})

    @property
    def begun_mark(self) -> str:
        """What `begun` is in the row, as JSON: true from the claim, then a checkpoint's number.

        A write names it beside the token. So the same write twice, because the answer to the first
        was lost, changes the row once.
        """
        return str(self.written) if self.written else "true"

    @property
    def is_suspect(self) -> bool:
        """Whether it ended its worker so often that it may not take other runs with it."""
        if not self.crashes or self.crashes >= SUSPECT_CRASHES:
            return bool(self.crashes)  # nearly always, without reading what is pending
        return (self.pending or {}).get("held") == HELD_BY_ITSELF

    @property
    def pending_text(self) -> str | None:
        """`pending` as JSON text, unread where nobody has read it yet."""
        kept = vars(self)["pending"]
        if isinstance(kept, JsonText):
            return kept.text
        return None if kept is None else storable(kept)

    @property
    def has_ties(self) -> bool:
        """Whether its end concerns other rows: a parent, children, a lane."""
        return bool(self.parent_run or self.children_open or self.lane is not None)

    @property
    def has_done_nothing(self) -> bool:
        return not self.results and not (self.pending or {}).keys() - NOTHING

    @classmethod
    def from_row(cls, columns: Sequence[str], row: Row) -> "Claim":
        """Take over what the statement CLAIM returned; its JSON is text."""
        kept = dict(zip(columns, row, strict=True), written=0)
        for name in _COLUMNS:
            kept[name] = None if kept[name] is None else JsonText(kept[name])
        return _claim_of(kept)


def _claim_of(fields: dict[str, Any]) -> Claim:
    """Return the claim with these fields; quicker than its constructor."""
    made = object.__new__(Claim)
    vars(made).update(fields)
    return made


# The fields that are JSON: their columns, and what stands for one that cannot be read.
_COLUMNS: Final[dict[str, tuple[str, Json]]] = {
    "payload": ("trigger_payload", {}),
    "results": ("step_results", []),
    "pending": ("pending", None),
    "previous": ("previous", None),
    "item": ("item", None),
}
for _name in _COLUMNS:
    setattr(Claim, _name, _ReadWhenAsked(_name))
