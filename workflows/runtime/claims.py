"""A claimed run: what a worker knows of it in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from workflows.runtime.database import Row, as_json

Json = Any

# One crash is most likely not the run's doing; from the second on it is executed alone.
SUSPECT_CRASHES: Final = 2


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that this worker holds, as it stood when it was claimed."""

    run_id: UUID
    tenant_id: UUID
    definition_id: UUID
    version: int
    event_id: UUID | None
    payload: Json
    results: Sequence[dict[str, Json]]
    step: int
    pending: dict[str, Json] | None  # what an earlier worker left of the step under way
    token: int
    actor: str
    subject_type: str
    subject_id: str
    started_at: datetime
    claimed_at: datetime  # by the database's clock
    cancel_asked: bool
    depth: int  # of the event that started it
    previous: Json  # before-values, if a record change started it
    crashes: int  # of its workers, since it last finished a step
    parent_run: UUID | None  # of a child run
    entry: int  # where a child began; 0: with a whole program
    item_index: int | None
    item: Json  # what a child works on, or what a called workflow was handed
    has_item: bool  # it may be null
    lane: str | None
    holds_lane: bool
    deadline_at: datetime | None
    children_open: int
    created_at: datetime

    @property
    def was_begun(self) -> bool:
        """Whether a worker began the step under way and then died."""
        return bool(self.pending and self.pending.get("begun"))

    @property
    def is_suspect(self) -> bool:
        """Whether it ended its worker so often that it may not take other runs with it."""
        return self.crashes >= SUSPECT_CRASHES

    @property
    def has_ties(self) -> bool:
        """Whether its end concerns other rows: a parent, children, a lane."""
        return bool(self.parent_run or self.children_open or self.lane is not None)

    @property
    def has_done_nothing(self) -> bool:
        """Whether nothing of it was ever tried."""
        return not self.results and not (self.pending or {}).keys() - {"begun", "step", "step_name"}

    @classmethod
    def from_row(cls, row: Row) -> "Claim":
        """Read what the statement CLAIM returned."""
        run_id, tenant_id, definition_id, version, event_id, payload, results, *others = row
        step, pending, token, actor, subject_type, subject_id, started_at, *rest = others
        claimed_at, cancel_asked, depth, previous, crashes, *kin = rest
        parent_run, entry, item_index, item, lane, holds_lane, *last = kin
        deadline_at, children_open, created_at, has_item = last
        return cls(
            run_id=run_id,
            tenant_id=tenant_id,
            definition_id=definition_id,
            version=version,
            event_id=event_id,
            payload=as_json(payload),
            results=as_json(results),
            step=step,
            pending=as_json(pending) if pending is not None else None,
            token=token,
            actor=actor,
            subject_type=subject_type,
            subject_id=subject_id,
            started_at=started_at,
            claimed_at=claimed_at,
            cancel_asked=cancel_asked,
            depth=depth or 0,
            previous=as_json(previous) if previous is not None else None,
            crashes=crashes,
            parent_run=parent_run,
            entry=entry,
            item_index=item_index,
            item=as_json(item),
            has_item=has_item,
            lane=lane,
            holds_lane=holds_lane,
            deadline_at=deadline_at,
            children_open=children_open,
            created_at=created_at,
        )
