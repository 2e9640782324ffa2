"""Lanes: runs of a workflow that take turns.

A lane has a key (the run's `concurrency_key`) and room for one; the lane without a key holds the
workflow's `max_running`. A run enters before its first step and leaves when it ends, waits
included. One that finds no room waits for no clock: whoever leaves wakes the next.

Rows are locked in one order: parent, lanes (the one without a key first), runs.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from tenants.ids import uuid7
from workflows.definition.errors import ExpressionError
from workflows.definition.program import Program, RunSettings
from workflows.definition.scope import Scope
from workflows.runtime.claims import Claim
from workflows.runtime.database import rows
from workflows.runtime.statements import NEVER

Json = Any

LONGEST_KEY: Final = 300

# The lanes a run needs, locked, with the room they have by the run's own version.
LOCK_LANES: Final = """
INSERT INTO workflow_lanes (id, tenant_id, definition_id, key, "limit", holders)
SELECT lane.id, %(tenant)s, %(definition)s, lane.key, lane."limit", 0
FROM unnest(%(ids)s::uuid[], %(keys)s::text[], %(limits)s::int[]) AS lane (id, key, "limit")
ON CONFLICT (definition_id, key) DO UPDATE SET "limit" = excluded."limit"
RETURNING key, holders < "limit"
"""

LOCK: Final = """
SELECT 1 FROM workflow_lanes WHERE definition_id = %(definition)s AND key = ANY(%(keys)s)
ORDER BY key COLLATE "C" FOR UPDATE
"""

# In order of arrival: an older run of the lane that has not entered yet comes first.
IS_NEXT: Final = """
SELECT NOT EXISTS (SELECT 1 FROM workflow_runs
    WHERE definition_id = %(definition)s AND lane = %(lane)s AND due_at IS NOT NULL
        AND id < %(id)s AND NOT holds_lane)
"""

ENTER: Final = """
UPDATE workflow_runs SET holds_lane = true, wait_type = NULL
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running' RETURNING false
"""

TAKE_ROOM: Final = """
UPDATE workflow_lanes SET holders = holders + 1
WHERE definition_id = %(definition)s AND key = ANY(%(keys)s) RETURNING 1
"""

GIVE_ROOM: Final = """
UPDATE workflow_lanes SET holders = greatest(holders - 1, 0)
WHERE definition_id = %(definition)s AND key = ANY(%(keys)s) RETURNING 1
"""

# Back into the queue, as it was before the claim, until somebody wakes it or its deadline comes.
WAIT_FOR_ROOM: Final = f"""
UPDATE workflow_runs
SET status = 'queued', wait_type = 'lane', pending = %(pending)s::jsonb, worker = NULL,
    lease_until = NULL,
    due_at = CASE WHEN cancel_requested_at IS NOT NULL THEN now()
        ELSE coalesce(deadline_at, {NEVER}) END,
    wake_reason = CASE WHEN cancel_requested_at IS NOT NULL THEN 'cancel'
        WHEN deadline_at IS NOT NULL THEN 'deadline' END
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running' RETURNING false
"""  # noqa: S608  # a constant of this package

# Whoever is woken waits for its lane no more: a second free place goes to the one behind it.
WAKE_NEXT_OF_KEY: Final = """
UPDATE workflow_runs SET due_at = now(), wake_reason = 'lane', wait_type = NULL
WHERE id = (SELECT id FROM workflow_runs
    WHERE definition_id = %(definition)s AND lane = %(lane)s AND due_at IS NOT NULL
        AND status = 'queued' AND wait_type = 'lane'
    ORDER BY id LIMIT 1)
RETURNING 1
"""

# Room for the workflow as a whole is of use to runs whose own lane has room too.
WAKE_NEXT_OF_WORKFLOW: Final = """
UPDATE workflow_runs SET due_at = now(), wake_reason = 'lane', wait_type = NULL
WHERE id = (SELECT run.id FROM workflow_runs run
    WHERE run.definition_id = %(definition)s AND run.lane IS NOT NULL AND run.due_at IS NOT NULL
        AND run.status = 'queued' AND run.wait_type = 'lane' AND run.id <> %(id)s
        AND NOT EXISTS (SELECT 1 FROM workflow_lanes lane
            WHERE lane.definition_id = run.definition_id AND lane.key = run.lane
                AND run.lane <> '' AND lane.holders >= lane."limit")
    ORDER BY run.id LIMIT 1)
RETURNING 1
"""

# The others of a lane in which the newest run replaces the older ones.
OTHERS: Final = """
SELECT id, id > %(id)s FROM workflow_runs
WHERE definition_id = %(definition)s AND lane = %(lane)s AND due_at IS NOT NULL AND id <> %(id)s
ORDER BY id
"""


def lane_of(program: Program, scope: Scope) -> tuple[str | None, dict[str, Json] | None]:
    """Return the lane of a run that starts: None needs none, "" only the workflow's own.

    With it comes the problem of a key that cannot be rendered: that run starts without one.
    """
    settings = program.settings
    if settings.concurrency_key is None:
        return (None if settings.max_running is None else ""), None
    try:
        key = str(settings.concurrency_key(scope))
    except ExpressionError as problem:
        without = None if settings.max_running is None else ""
        return without, {"code": problem.code, "params": dict(problem.params)}
    if len(key) > LONGEST_KEY:
        key = sha256(key.encode()).hexdigest()
    return key, None


def room_for(claim: Claim, settings: RunSettings) -> dict[str, bool]:
    """Lock the lanes of a claimed run, in the transaction under way; say which have room."""
    keys, limits = _lanes(claim.lane or "", settings)
    facts = {"tenant": claim.tenant_id, "definition": claim.definition_id}
    wanted = {"ids": [uuid7() for _ in keys], "keys": keys, "limits": limits}
    return dict(rows(LOCK_LANES, {**facts, **wanted}))


def enter(claim: Claim, room: Mapping[str, bool]) -> bool:
    """Let a claimed run into its locked lanes; False: it cannot begin yet."""
    facts = {"id": claim.run_id, "token": claim.token, "definition": claim.definition_id}
    is_next = not claim.lane or rows(IS_NEXT, {**facts, "lane": claim.lane})[0][0]
    if all(room.values()) and is_next and rows(ENTER, facts):
        rows(TAKE_ROOM, {**facts, "keys": list(room)})
        return True
    return False


def wait_for_room(claim: Claim, settings: RunSettings, pending: str | None) -> None:
    """Put a run that found no room back; what room there is goes to another."""
    facts = {"id": claim.run_id, "token": claim.token, "definition": claim.definition_id}
    rows(WAIT_FOR_ROOM, {**facts, "pending": pending})
    if settings.max_running is not None and claim.lane:
        rows(WAKE_NEXT_OF_WORKFLOW, facts)


def lock(definition_id: UUID, lane: str) -> None:
    """Lock the lanes of a run that is about to end."""
    rows(LOCK, {"definition": definition_id, "keys": sorted({"", lane})})


def leave(definition_id: UUID, lane: str, run_id: UUID) -> None:
    """Give the room of a run that has ended to the next."""
    facts = {"definition": definition_id, "lane": lane, "id": run_id}
    rows(GIVE_ROOM, {**facts, "keys": sorted({"", lane})})
    if lane:
        rows(WAKE_NEXT_OF_KEY, facts)
    rows(WAKE_NEXT_OF_WORKFLOW, facts)


def others(claim: Claim) -> tuple[list[UUID], list[UUID]]:
    """Return the older and the newer live runs of a run's lane."""
    facts = {"id": claim.run_id, "definition": claim.definition_id, "lane": claim.lane}
    found: Sequence[tuple[UUID, bool]] = rows(OTHERS, facts)
    older = [run_id for run_id, is_newer in found if not is_newer]
    return older, [run_id for run_id, is_newer in found if is_newer]


def _lanes(lane: str, settings: RunSettings) -> tuple[list[str], list[int]]:
    keys, limits = [], []
    if settings.max_running is not None:
        keys, limits = [""], [settings.max_running]
    if lane:
        keys, limits = [*keys, lane], [*limits, 1]
    return keys, limits
