"""The order in which rows are locked, and the locking of all that ends with a run.

1. Lanes, by workflow and key: those of every run that may end.
2. Runs, in the order in which they were written: a parent before its child runs.
3. The question of a run.

A run that sleeps in a lane is woken by whoever has the lane's lock: whoever ends it takes that
lock first. Claims, and what takes over the runs of dead workers, wait for nobody.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from django.db import transaction

from workflows.runtime.database import rows
from workflows.runtime.runs.concurrency import Run, both_keys

Found = TypeVar("Found")

# A live run, and what it has started: down to where a worker will see to the rest.
FAMILY: Final = """
WITH RECURSIVE family AS (
    SELECT id, parent_run, item_index, definition_id, lane, status FROM workflow_runs
    WHERE id = %(id)s AND due_at IS NOT NULL
    UNION ALL
    SELECT child.id, child.parent_run, child.item_index, child.definition_id, child.lane,
        child.status
    FROM workflow_runs child JOIN family ON child.parent_run = family.id
    WHERE child.due_at IS NOT NULL AND (family.status <> 'running' OR family.id = %(id)s)
)
SELECT id, parent_run, item_index, definition_id, lane FROM family
"""

LOCK_LANES: Final = """
SELECT 1 FROM workflow_lanes lane
JOIN (SELECT DISTINCT * FROM unnest(%(definitions)s::uuid[], %(keys)s::text[])
    AS one (definition_id, key)) wanted
    ON wanted.definition_id = lane.definition_id AND wanted.key = lane.key
ORDER BY lane.definition_id, lane.key COLLATE "C" FOR UPDATE OF lane
"""

LOCK_RUNS: Final = """
SELECT 1 FROM workflow_runs WHERE id = ANY(%(ids)s) ORDER BY arrival, id FOR NO KEY UPDATE
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A run that may end, and whom that concerns."""

    run_id: UUID
    parent: UUID | None
    item_index: int | None
    definition_id: UUID
    lane: str | None


def lock(members: Collection[Member], run: Run = rows) -> None:
    """Lock runs with their lanes and parents, in the transaction under way."""
    places = [
        (one.definition_id, key)
        for one in members
        if one.lane is not None
        for key in both_keys(one.lane)
    ]
    if places:
        definitions, keys = zip(*places, strict=True)
        run(LOCK_LANES, {"definitions": list(definitions), "keys": list(keys)})
    run(LOCK_RUNS, {"ids": list(_with_parents(members))})


def family_of(run_id: UUID, run: Run = rows) -> list[Member]:
    """Return a live run, first, and the runs that end with it; nothing if it has ended."""
    return [Member(*row) for row in run(FAMILY, {"id": run_id})]


def with_family(run_id: UUID, act: Callable[[Member | None], Found]) -> Found:
    """Do `act` in a transaction in which the run and all that ends with it are locked.

    None: it has ended already.
    """
    while True:
        with transaction.atomic():
            family = family_of(run_id)
            lock(family)
            found = family_of(run_id)
            if set(found) <= set(family):
                return act(found[0] if found else None)
            # It has started others meanwhile. What is locked by now is locked too early.
            transaction.set_rollback(True)


def _with_parents(members: Iterable[Member]) -> Iterable[UUID]:
    return {one for each in members for one in (each.run_id, each.parent) if one is not None}
