"""Lanes: runs of a workflow that take turns.

A lane has a key (the run's `concurrency_key`) and room for one; the lane without a key holds the
workflow's `max_running`. A run enters before its first step and leaves when it ends, waits
included. One that finds no room sleeps: no clock wakes it, but its deadline.

The law: while a lane has room for a run that sleeps, some run of the lane is due. So room that
became free is offered to the next in order of arrival, which is then due; and every run of a lane
that ends, or goes back to sleep, passes on what it may have been offered. `leave` belongs to each
end of a run that has a lane, whether or not it ever entered.

A run's row says what room it has taken (`holds_lane`, `lane_keys`): that is given back, whatever
other versions of the workflow say by now. The limit of a lane is the newest version's.

To be called with the run's lanes locked (`locks`), before any run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from tenants.core.database.ids import uuid7
from tenants.core.json import Json
from workflows.definition.errors import ExpressionError
from workflows.definition.programs.program import Program, RunSettings
from workflows.definition.scope import NameScope
from workflows.runtime.database import rows
from workflows.runtime.runs.claims import Claim
from workflows.runtime.runs.statements import NEVER

# Runs a statement on some connection: a slot's, or the dispatcher's own.
Run = Callable[[str, Mapping[str, Any]], Sequence[tuple[Any, ...]]]

MAX_KEY_LENGTH: Final = 300

# The lanes that `run` takes room in. Rows of workers that did not write it down yet: as their
# version says.
_KEYS: Final = """coalesce(run.lane_keys, (
    SELECT array_remove(ARRAY[nullif(run.lane, ''),
        CASE WHEN version.program #>> '{settings,max_running}' IS NOT NULL THEN '' END], NULL)
    FROM workflow_versions version
    WHERE version.definition_id = run.definition_id AND version.version = run.version))"""

# What `run` needs in order to enter: room in each of its lanes, and nobody of its key who came
# before it and has not entered yet.
_MAY_ENTER: Final = """NOT EXISTS (SELECT 1 FROM workflow_lanes lane
        WHERE lane.definition_id = run.definition_id AND lane.key = ANY({keys})
            AND lane.holders >= lane."limit")
    AND (run.lane = '' OR NOT EXISTS (SELECT 1 FROM workflow_runs earlier
        WHERE earlier.definition_id = run.definition_id AND earlier.lane = run.lane
            AND earlier.due_at IS NOT NULL AND NOT earlier.holds_lane
            AND earlier.lane_keys IS DISTINCT FROM '{{}}'
            AND (earlier.arrival, earlier.id) < (run.arrival, run.id)))"""

_SLEEPS: Final = "run.status = 'queued' AND run.wait_type = 'lane'"

# The lanes a run needs, locked. Both that concern it, even if its own version asks for one only:
# who else waits there is woken by it. `more` is by how much its version raised the limit.
LOCK_LANES: Final = """
WITH known AS MATERIALIZED (
    SELECT key, "limit" FROM workflow_lanes
    WHERE definition_id = %(definition)s AND key = ANY(%(both)s) ORDER BY key COLLATE "C" FOR UPDATE
)
INSERT INTO workflow_lanes AS kept (id, tenant_id, definition_id, key, "limit", holders, version)
SELECT lane.id, %(tenant)s, %(definition)s, lane.key, lane."limit", 0, %(version)s
FROM unnest(%(ids)s::uuid[], %(keys)s::text[], %(limits)s::int[]) AS lane (id, key, "limit")
WHERE (SELECT count(*) FROM known) >= 0 ORDER BY lane.key COLLATE "C"
ON CONFLICT (definition_id, key) DO UPDATE SET
    "limit" = CASE WHEN excluded.version < kept.version THEN kept."limit"
        ELSE excluded."limit" END,
    version = greatest(excluded.version, kept.version)
RETURNING kept."limit" - coalesce((SELECT "limit" FROM known WHERE known.key = kept.key),
    kept."limit") AS more
"""

# Its clock starts here, and not when it was first claimed and found no room.
ENTER: Final = f"""
UPDATE workflow_runs run
SET holds_lane = true, lane_keys = %(keys)s::text[], wait_type = NULL,
    started_at = CASE WHEN %(begins)s THEN %(now)s ELSE started_at END
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
    AND {_MAY_ENTER.format(keys="%(keys)s::text[]")}
RETURNING false
"""  # noqa: S608  # constants of this package

TAKE_ROOM: Final = """
UPDATE workflow_lanes SET holders = holders + 1
WHERE definition_id = %(definition)s AND key = ANY(%(keys)s) RETURNING 1
"""

# Back into the queue, as it was before the claim, until somebody wakes it or its deadline comes.
# Nothing of it was begun, whatever became of workers that claimed it and died.
WAIT_FOR_ROOM: Final = f"""
UPDATE workflow_runs
SET status = 'queued', wait_type = 'lane', lane_keys = %(keys)s::text[],
    pending = %(pending)s::jsonb, worker = NULL, lease_until = NULL,
    started_at = CASE WHEN %(begins)s THEN NULL ELSE started_at END,
    due_at = CASE WHEN cancel_requested_at IS NOT NULL THEN now()
        ELSE coalesce(deadline_at, {NEVER}) END,
    wake_reason = CASE WHEN cancel_requested_at IS NOT NULL THEN 'cancel'
        WHEN deadline_at IS NOT NULL THEN 'deadline' END
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running' RETURNING false
"""  # noqa: S608  # a constant of this package

# It has something to do before it ends, but not what lanes are for: nobody waits behind it.
GO_WITHOUT: Final = """
UPDATE workflow_runs SET lane_keys = '{}'
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running' AND NOT holds_lane
RETURNING 1
"""

# Give back what a run has taken. Its row still tells, and afterwards tells it no more.
GIVE_ROOM: Final = f"""
WITH run AS (SELECT run.definition_id, {_KEYS} AS keys FROM workflow_runs run
    WHERE run.id = %(id)s AND run.holds_lane),
forgotten AS (UPDATE workflow_runs SET holds_lane = false, lane_keys = NULL WHERE id = %(id)s)
UPDATE workflow_lanes lane SET holders = greatest(lane.holders - 1, 0)
FROM run WHERE lane.definition_id = run.definition_id AND lane.key = ANY(run.keys)
RETURNING 1
"""  # noqa: S608  # constants of this package

# Offer the room of the workflow to the first that can use it: its own lane has room too.
WAKE_NEXT_OF_WORKFLOW: Final = f"""
UPDATE workflow_runs SET due_at = now(), wake_reason = 'lane', wait_type = NULL
WHERE id = (SELECT run.id FROM workflow_runs run
    WHERE run.definition_id = %(definition)s AND run.lane IS NOT NULL AND run.due_at IS NOT NULL
        AND {_SLEEPS} AND run.id <> %(id)s AND {_MAY_ENTER.format(keys=_KEYS)}
        AND (SELECT holders < "limit" FROM workflow_lanes
            WHERE definition_id = %(definition)s AND key = '')
    ORDER BY run.arrival, run.id LIMIT 1)
RETURNING 1
"""  # noqa: S608  # constants of this package

# Offer the room of a key to the first that has not entered, if it sleeps. Not if it needs room of
# the workflow that was just `offered` to another.
WAKE_NEXT_OF_KEY: Final = f"""
UPDATE workflow_runs SET due_at = now(), wake_reason = 'lane', wait_type = NULL
WHERE id = (SELECT run.id FROM (
        SELECT * FROM workflow_runs
        WHERE definition_id = %(definition)s AND lane = %(lane)s AND due_at IS NOT NULL
            AND NOT holds_lane AND lane_keys IS DISTINCT FROM '{{}}'
        ORDER BY arrival, id LIMIT 1) run
    WHERE {_SLEEPS} AND run.id <> %(id)s AND {_MAY_ENTER.format(keys=_KEYS)}
        AND NOT (%(offered)s AND '' = ANY({_KEYS})))
RETURNING 1
"""  # noqa: S608  # constants of this package

# The others of a lane in which the newest run replaces the older ones.
OTHERS: Final = """
SELECT other.id, (other.arrival, other.id) > (run.arrival, run.id)
FROM workflow_runs run JOIN workflow_runs other
    ON other.definition_id = run.definition_id AND other.lane = run.lane
WHERE run.id = %(id)s AND other.due_at IS NOT NULL AND other.id <> run.id
ORDER BY other.arrival, other.id
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A claimed run that asks for its turn, and what it needs for it."""

    claim: Claim
    keys: Sequence[str]  # of its lanes
    limits: Sequence[int]

    @classmethod
    def of(cls, claim: Claim, settings: RunSettings) -> "Turn":
        """Return what a run of these settings needs."""
        keys, limits = [], []
        if settings.max_running is not None:
            keys, limits = [""], [settings.max_running]
        if claim.lane:
            keys, limits = [*keys, claim.lane], [*limits, 1]
        return cls(claim, keys, limits)

    @property
    def facts(self) -> dict[str, Any]:
        claim = self.claim
        return {
            "id": claim.run_id,
            "token": claim.token,
            "tenant": claim.tenant_id,
            "definition": claim.definition_id,
            "version": claim.version,
            "both": both_keys(claim.lane),
            "keys": list(self.keys),
            "limits": list(self.limits),
            "begins": claim.has_done_nothing,
            "now": claim.claimed_at,
        }


def both_keys(lane: str | None) -> list[str]:
    """Return the keys of all lanes that a run of this one may have to do with."""
    return sorted({"", lane or ""})


def lane_of(program: Program, scope: NameScope) -> tuple[str | None, dict[str, Json] | None]:
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
    if len(key) > MAX_KEY_LENGTH:
        key = sha256(key.encode()).hexdigest()
    return key, None


def enter(turn: Turn, pending: str | None) -> bool:
    """Let a claimed run into its lanes, which this locks; False: it sleeps until there is room.

    `pending` is what is stored of a run that sleeps. A run that is its worker's no more is left
    as it is.
    """
    facts = turn.facts
    more = sum(row[0] for row in rows(LOCK_LANES, {**facts, "ids": [uuid7() for _ in turn.keys]}))
    has_entered = bool(rows(ENTER, facts))
    if has_entered:
        rows(TAKE_ROOM, facts)
    elif rows(WAIT_FOR_ROOM, {**facts, "pending": pending}):
        _pass_on(turn.claim.definition_id, turn.claim.lane, turn.claim.run_id)
    while more > 0 and rows(WAKE_NEXT_OF_WORKFLOW, facts):
        more -= 1
    return has_entered


def go_without(claim: Claim) -> None:
    """Let a claimed run go on to its end without a turn; those behind it do not wait for it."""
    if rows(GO_WITHOUT, {"id": claim.run_id, "token": claim.token}):
        _pass_on(claim.definition_id, claim.lane, claim.run_id)


def leave(definition_id: UUID, lane: str | None, run_id: UUID, run: Run = rows) -> None:
    if lane is not None:
        run(GIVE_ROOM, {"id": run_id})
        _pass_on(definition_id, lane, run_id, run)


def others(run_id: UUID) -> tuple[list[UUID], list[UUID]]:
    """Return the older and the newer live runs of a run's lane."""
    found: Sequence[tuple[UUID, bool]] = rows(OTHERS, {"id": run_id})
    older = [other for other, is_newer in found if not is_newer]
    return older, [other for other, is_newer in found if is_newer]


def _pass_on(definition_id: UUID, lane: str | None, run_id: UUID, run: Run = rows) -> None:
    facts = {"definition": definition_id, "id": run_id}
    offered = bool(run(WAKE_NEXT_OF_WORKFLOW, facts))
    if lane:
        run(WAKE_NEXT_OF_KEY, {**facts, "lane": lane, "offered": offered})
