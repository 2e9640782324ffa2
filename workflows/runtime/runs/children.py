"""Child runs in the database: start them, hear of their ends, end them.

Who ends a run has locked its family before (`locks`), so that a child that ends and a parent that
is cancelled never wait for each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tenants.core.database.ids import uuid7
from tenants.core.json.jsontext import storable
from workflows.engine.children import MAX_BYTES, ChildEnd, ChildRuns
from workflows.engine.progress import Revival, Spawn
from workflows.engine.statuses import RunStatus
from workflows.runtime.database import as_json, rows
from workflows.runtime.runs import concurrency
from workflows.runtime.runs.claims import Claim
from workflows.runtime.runs.concurrency import Run
from workflows.runtime.runs.locks import Member
from workflows.runtime.runs.statements import CANCEL_COLUMNS, NEVER
from workflows.runtime.waits.approval_store import close_questions

# The first `at_once` children are due; each that ends wakes the next. Their payload is empty, so
# that an order shows its run once; `item` is what each works on.
START_CHILDREN: Final = f"""
INSERT INTO workflow_runs (id, tenant_id, definition_id, version, event_id, trigger_payload,
    subject_type, subject_id, actor, status, due_at, wake_reason, parent_run, entry, current_step,
    item_index, item, lane, deadline_at)
SELECT child.id, parent.tenant_id, coalesce(%(definition)s::uuid, parent.definition_id),
    coalesce(%(version)s::int, parent.version), parent.event_id, '{{}}', '', '', parent.actor,
    'queued', CASE WHEN child.number <= %(at_once)s THEN now() ELSE {NEVER} END,
    CASE WHEN child.number <= %(at_once)s THEN 'start' END,
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
SET children_open = children_open - %(number)s, (due_at, wake_reason) = (
    SELECT CASE WHEN wakes THEN now() ELSE due_at END,
        CASE WHEN wakes THEN 'child' ELSE wake_reason END
    FROM (SELECT status = 'waiting' AND wait_type = 'children'
        AND (children_open <= %(number)s OR %(tells)s) AS wakes) AS news)
WHERE id = %(parent)s AND children_open >= %(number)s
RETURNING 1
"""

# The next of the children that wait for their turn. They begin in order, so it lies behind.
WAKE_NEXT_CHILD: Final = f"""
UPDATE workflow_runs SET due_at = now(), wake_reason = 'start'
WHERE id = (SELECT id FROM workflow_runs
    WHERE parent_run = %(parent)s AND item_index > %(item_index)s
        AND status = 'queued' AND due_at = {NEVER}
    ORDER BY item_index LIMIT 1)
RETURNING 1
"""  # noqa: S608  # a constant of this package

# Those of a step: their ids were made one after the other. Results that are too large together are
# left where they are.
CHILDREN: Final = """
SELECT item_index, status,
    CASE WHEN sum(octet_length((output -> 'result')::text)) OVER () <= %(most)s
        THEN output ELSE output - 'result' END,
    error_code, error_step, error_message, coalesce(pending -> 'resume' ? 'settled', false),
    sum(octet_length((output -> 'result')::text)) OVER ()
FROM workflow_runs
WHERE parent_run = %(parent)s AND id BETWEEN %(oldest)s AND %(last)s
ORDER BY item_index
"""

# End the children that no worker holds; ask the workers of the others.
CANCEL_CHILDREN: Final = f"""
UPDATE workflow_runs SET {CANCEL_COLUMNS}
WHERE parent_run = ANY(%(parents)s) AND due_at IS NOT NULL
RETURNING id, parent_run, status, definition_id, lane
"""  # noqa: S608  # a constant of this package

# Let the children of a step go on that did not end well, the first `at_once` now. How they ended
# stands under `retry` until a worker has worked out where each goes on; one that was cancelled
# before that goes on from the end that it had come to by itself.
REVIVE_CHILDREN: Final = f"""
UPDATE workflow_runs run
SET status = 'queued', wake_reason = 'person',
    due_at = CASE WHEN ended.number <= %(at_once)s THEN now() ELSE {NEVER} END,
    pending = jsonb_build_object('retry', coalesce(run.pending #> '{{resume,retry}}',
        jsonb_build_object('status', run.status, 'code', run.error_code, 'at', run.completed_at,
            'kept', run.pending -> 'resume'))
        || jsonb_build_object('scope', %(scope)s::text, 'fresh', %(fresh)s::jsonb)),
    completed_at = NULL, crashes = 0, lease_token = run.lease_token + 1, deadline_at = NULL,
    cancel_requested_at = NULL, output = NULL, error_step = NULL, error_code = NULL,
    error_message = NULL, error_fingerprint = NULL
FROM (SELECT id, row_number() OVER (ORDER BY item_index) AS number FROM workflow_runs
    WHERE parent_run = %(parent)s AND id BETWEEN %(oldest)s AND %(last)s
        AND (status IN ('cancelled', 'skipped')
            OR status = 'failed' AND %(scope)s::text = 'all'
            OR status IN ('failed', 'completed_with_errors')
                AND CASE %(scope)s::text WHEN 'settled' THEN pending -> 'resume' ? 'settled'
                    WHEN 'rest' THEN error_code IS DISTINCT FROM 'outcome_unknown' END)
    ORDER BY item_index) ended
WHERE run.id = ended.id
RETURNING run.id
"""  # noqa: S608  # a constant of this package

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


class FamilyChanged(Exception):
    """Somebody changed the child runs of a step while it was looking at them."""

    def __init__(self, run_id: UUID) -> None:
        super().__init__(f"the child runs of run {run_id} changed meanwhile")
        self.run_id = run_id


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


def revive(run_id: UUID, revival: Revival) -> None:
    """Let the children of a run go on that did not end well.

    Raises FamilyChanged if they are not as many as the run found when it looked at them.
    """
    batch = {key: revival.batch[key] for key in ("oldest", "last")}
    facts = {"parent": run_id, "at_once": revival.at_once, "scope": revival.scope}
    facts["fresh"] = None if revival.fresh is None else storable(revival.fresh)
    found = rows(REVIVE_CHILDREN, {**batch, **facts})
    if len(found) != revival.number:
        raise FamilyChanged(run_id)


def ended(member: Member, *, tells: bool, goes_on: bool | None = None, run: Run = rows) -> None:
    """Do what belongs to every end of a run, whatever ended it; its family is locked.

    Its parent counts it; `tells`: the parent must look at it before the others end. `goes_on`: the
    next child may begin; None: unless it tells. The room that it had in its lanes goes to the next.
    """
    if member.parent is not None:
        run(CHILD_ENDED, {"parent": member.parent, "number": 1, "tells": tells})
        if goes_on or (goes_on is None and not tells):
            run(WAKE_NEXT_CHILD, {"parent": member.parent, "item_index": member.item_index or 0})
    concurrency.leave(member.definition_id, member.lane, member.run_id, run)


def end_with_all(member: Member, run: Run = rows) -> None:
    """Do what belongs to the end of a run that somebody else ended, in the middle of its work."""
    cancel_children(member.run_id, run)
    close_questions([member.run_id], run=run)
    ended(member, tells=True, goes_on=True, run=run)


def cancel_children(run_id: UUID, run: Run = rows) -> None:
    """Cancel what a run has started, and what that has started in turn."""
    parents = [run_id]
    while parents:
        found = run(CANCEL_CHILDREN, {"parents": parents})
        gone = [row for row in found if row[2] == RunStatus.CANCELLED]
        close_questions([row[0] for row in gone], run=run)
        for child, _parent, _status, definition_id, lane in gone:
            concurrency.leave(definition_id, lane, child, run)
        pairs = [(row[0], row[1]) for row in gone]
        for parent in parents:
            number = sum(parent == above for _, above in pairs)
            if number:
                run(CHILD_ENDED, {"parent": parent, "number": number, "tells": False})
        parents = [child for child, _ in pairs]


def family_of(run_id: UUID, batch: Mapping[str, str]) -> ChildRuns:
    """Return what became of the children that a parked run waits for."""
    # A step that version 0.1 retried has children of an earlier visit, which are not among these.
    range_of = {"parent": run_id, "oldest": batch["oldest"], "last": batch["last"]}
    found = rows(CHILDREN, {**range_of, "most": MAX_BYTES})
    ends = list(_ends(found))
    result_bytes = int(found[0][-1] or 0) if found else 0
    return ChildRuns(open=len(found) - len(ends), ended=ends, result_bytes=result_bytes)


def _ends(found: Iterable[tuple[Any, ...]]) -> Iterable[ChildEnd]:
    for item_index, status, output, code, step, message, is_settled, _bytes in found:
        if RunStatus(status).has_ended:
            error = {"code": code or status, "step": step or "", "message": message or ""}
            yield ChildEnd(item_index, RunStatus(status), as_json(output), error, is_settled)
