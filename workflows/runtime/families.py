"""Child runs in the database: start them, hear of their ends, end them.

Who ends a run has locked its family before (`locks`), so that a child that ends and a parent that
is cancelled never wait for each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tenants.ids import uuid7
from tenants.jsontext import storable
from workflows.engine.children import ChildEnd, Family
from workflows.engine.progress import Spawn
from workflows.engine.statuses import RunStatus
from workflows.runtime import lanes
from workflows.runtime.claims import Claim
from workflows.runtime.database import as_json, rows
from workflows.runtime.lanes import Run
from workflows.runtime.locks import Member
from workflows.runtime.statements import NEVER

Json = Any

# The first `at_once` children are due; each that ends wakes the next. Their payload is empty, so
# that an order shows its run once; `item` is what each works on.
START_CHILDREN: Final = f"""
INSERT INTO workflow_runs (id, tenant_id, definition_id, version, event_id, trigger_payload,
    subject_type, subject_id, actor, status, due_at, parent_run, entry, current_step, item_index,
    item, lane, deadline_at)
SELECT child.id, parent.tenant_id, coalesce(%(definition)s::uuid, parent.definition_id),
    coalesce(%(version)s::int, parent.version), parent.event_id, '{{}}', '', '', parent.actor,
    'queued', CASE WHEN child.number <= %(at_once)s THEN now() ELSE {NEVER} END,
    parent.id, child.entry, child.entry, child.item_index,
    CASE WHEN child.has_item THEN coalesce(child.item, 'null') END, %(lane)s::text,
    now() + %(deadline)s::interval
FROM workflow_runs parent, jsonb_to_recordset(%(children)s::jsonb)
    AS child (id uuid, number int, entry int, item_index int, item jsonb, has_item boolean)
WHERE parent.id = %(parent)s
RETURNING 1
"""  # noqa: S608  # a constant of this package

# One child less to wait for. The last one wakes its parent, and so does one that matters at once.
CHILD_ENDED: Final = """
UPDATE workflow_runs
SET children_open = children_open - %(number)s, due_at = CASE
    WHEN status = 'waiting' AND wait_type = 'children'
        AND (children_open <= %(number)s OR %(tells)s) THEN now()
    ELSE due_at END
WHERE id = %(parent)s AND children_open >= %(number)s
RETURNING 1
"""

# The next of the children that wait for their turn. They begin in order, so it lies behind.
WAKE_NEXT_CHILD: Final = f"""
UPDATE workflow_runs SET due_at = now()
WHERE id = (SELECT id FROM workflow_runs
    WHERE parent_run = %(parent)s AND item_index > %(item_index)s
        AND status = 'queued' AND due_at = {NEVER}
    ORDER BY item_index LIMIT 1)
RETURNING 1
"""  # noqa: S608  # a constant of this package

# Those of a batch: the ids of one batch were made one after the other.
CHILDREN: Final = """
SELECT item_index, status, output, error_code, error_step, error_message
FROM workflow_runs
WHERE parent_run = %(parent)s AND id BETWEEN %(first)s AND %(last)s
ORDER BY item_index
"""

# End the children that no worker holds; ask the workers of the others.
CANCEL_CHILDREN: Final = """
UPDATE workflow_runs
SET cancel_requested_at = coalesce(cancel_requested_at, now()),
    status = CASE WHEN status = 'running' THEN status ELSE 'cancelled' END,
    due_at = CASE WHEN status = 'running' THEN due_at END,
    completed_at = CASE WHEN status <> 'running' THEN now() END,
    wait_type = CASE WHEN status = 'running' THEN wait_type END,
    wait_match = CASE WHEN status = 'running' THEN wait_match END,
    pending = CASE WHEN status = 'running' THEN pending END
WHERE parent_run = ANY(%(parents)s) AND due_at IS NOT NULL
RETURNING id, parent_run, status, definition_id, lane
"""

# From a child up to the run whose program it shares, and above: what its templates see.
ANCESTORS: Final = """
WITH RECURSIVE above AS (
    SELECT run.*, 1 AS level FROM workflow_runs run WHERE run.id = %(parent)s
    UNION ALL
    SELECT run.*, above.level + 1 FROM workflow_runs run JOIN above ON run.id = above.parent_run
    WHERE above.level < 100
)
SELECT id, entry, item_index, item, step_results, trigger_payload, parent_run,
    (SELECT previous FROM workflow_events event WHERE event.id = above.event_id),
    item IS NOT NULL
FROM above ORDER BY level
"""


@dataclass(frozen=True, slots=True)
class Callee:
    """A workflow that a child run carries out, in the version that is published now."""

    definition_id: UUID
    version: int
    lane: str | None = None
    deadline: timedelta | None = None


def start(claim: Claim, spawn: Spawn, callee: Callee | None = None) -> dict[str, str]:
    """Insert the children of a run that parks; return the first and the last of their ids."""
    ids = sorted(uuid7() for _ in spawn.children)
    children = [
        {
            "id": str(child_id),
            "number": number,
            "entry": child.entry,
            "item_index": child.item_index,
            "item": child.item,
            "has_item": child.has_item,
        }
        for number, (child_id, child) in enumerate(zip(ids, spawn.children, strict=True), 1)
    ]
    rows_of = {
        "parent": claim.run_id,
        "at_once": spawn.at_once,
        "children": storable(children),
        "definition": callee.definition_id if callee else None,
        "version": callee.version if callee else None,
        "lane": callee.lane if callee else None,
        "deadline": callee.deadline if callee else None,
    }
    rows(START_CHILDREN, rows_of)
    return {"first": str(ids[0]), "last": str(ids[-1])}


def ended(member: Member, *, tells: bool, goes_on: bool | None = None, run: Run = rows) -> None:
    """Do what belongs to every end of a run, whatever ended it; its family is locked.

    Its parent counts it; `tells`: the parent must look at it before the others end. `goes_on`: the
    next child may begin; None: unless it tells. The room that it had in its lanes goes to the next.
    """
    if member.parent is not None:
        run(CHILD_ENDED, {"parent": member.parent, "number": 1, "tells": tells})
        if goes_on or (goes_on is None and not tells):
            run(WAKE_NEXT_CHILD, {"parent": member.parent, "item_index": member.item_index or 0})
    lanes.leave(member.definition_id, member.lane, member.run_id, run)


def cancel_children(run_id: UUID, run: Run = rows) -> None:
    """Cancel what a run has started, and what that has started in turn."""
    parents = [run_id]
    while parents:
        found = run(CANCEL_CHILDREN, {"parents": parents})
        gone = [row for row in found if row[2] == RunStatus.CANCELLED]
        for child, _parent, _status, definition_id, lane in gone:
            lanes.leave(definition_id, lane, child, run)
        pairs = [(row[0], row[1]) for row in gone]
        for parent in parents:
            number = sum(parent == above for _, above in pairs)
            if number:
                run(CHILD_ENDED, {"parent": parent, "number": number, "tells": False})
        parents = [child for child, _ in pairs]


def family_of(run_id: UUID, batch: Mapping[str, str]) -> Family:
    """Return what became of the children that a parked run waits for."""
    found = rows(CHILDREN, {"parent": run_id, "first": batch["first"], "last": batch["last"]})
    ends = list(_ends(found))
    return Family(open=len(found) - len(ends), ended=ends)


def _ends(found: Iterable[tuple[Any, ...]]) -> Iterable[ChildEnd]:
    for item_index, status, output, code, step, message in found:
        if RunStatus(status).has_ended:
            error = {"code": code or status, "step": step or "", "message": message or ""}
            yield ChildEnd(item_index, RunStatus(status), as_json(output), error)
