"""The SQL of workers: who claims what, who lives, and what becomes of the runs of the dead."""

from typing import Final

from tenants.core.values.moments import BOUNDED_SQL
from workflows.runtime.runs.statements import RESUME

# Workers are alive while they hold the advisory lock (this class, their number).
WORKER_LOCK_CLASS: Final = 4711

# A run that is due, and that nobody holds.
_IS_DUE: Final = """run.tenant_id = tenants.id AND run.due_at <= now()
            AND run.status IN ('queued', 'waiting')
            AND (run.crashes = 0
                OR (run.crashes < %(suspect)s
                    AND run.pending ->> 'held' IS DISTINCT FROM 'by_itself')
                OR run.due_at <= now() - %(suspects_due_for)s::interval)"""

# How many of a tenant are looked at: as many as there are free slots, or as it may still have of
# its share beyond them.
_ROOM: Final = """greatest(%(free)s,
            greatest(1, %(slots)s / greatest(1, %(holders)s + (lately.held IS NULL)::int))
            - coalesce(lately.held, 0))"""

# Take due runs, in turns between the tenants that have any: a tenant with 10,000 queued does not
# keep a quiet one waiting, and whom this worker served lately waits for its turn. None gets more
# than its share (the slots, by the number of tenants that hold or want some) while another wants
# one; and who has less than that gets it although no slot is free, from the `spare` ones.
# Of a tenant, three in four are runs that go on, or children of such, by when they were woken; the
# fourth is whatever is due longest. So what has begun ends before more is begun, and everything has
# its turn in the end. `turn` makes it one in four also where only one is taken at a time.
# `begun` marks the step as started, so that whoever finds the run after a crash knows; what was
# pending before the claim is returned, for handing the run back untouched. JSON comes as text: who
# executes the run reads it, on a thread of its own. A suspect is left to a worker that has nothing
# else under way, as long as `suspects_due_for` says; with 0 this worker is one.
CLAIM: Final = f"""
WITH found AS MATERIALIZED (
    SELECT coalesce(lately.times, 0) AS times, coalesce(lately.held, 0) AS held,
        either.id, either.due_at, either.pending,
        row_number() OVER (PARTITION BY tenants.id ORDER BY either.place, either.due_at) AS nth
    FROM tenants
    LEFT JOIN unnest(%(served)s::uuid[], %(times)s::int[], %(held)s::int[])
        AS lately (tenant_id, times, held) ON lately.tenant_id = tenants.id
    CROSS JOIN LATERAL (
        SELECT DISTINCT ON (id) * FROM (
            SELECT *, 2 * row_number() OVER (ORDER BY due_at) AS place FROM (
                SELECT run.id, run.due_at, run.pending FROM workflow_runs run
                WHERE {_IS_DUE} AND (NOT (run.wake_reason = 'start' AND run.wake_reason IS NOT NULL)
                    OR run.parent_run IS NOT NULL)
                ORDER BY run.due_at LIMIT {_ROOM} FOR UPDATE SKIP LOCKED
            ) woken
            UNION ALL
            SELECT *, 6 * row_number() OVER (ORDER BY due_at) - 2 * %(turn)s + 1 FROM (
                SELECT run.id, run.due_at, run.pending FROM workflow_runs run
                WHERE {_IS_DUE}
                ORDER BY run.due_at LIMIT {_ROOM} FOR UPDATE SKIP LOCKED
            ) oldest
        ) twice ORDER BY id, place
    ) either
    WHERE tenants.paused_at IS NULL
), ranked AS (
    SELECT id, pending, held + nth <= share.size AS is_within,
        row_number() OVER (ORDER BY held + nth > share.size, times + nth, due_at) AS place
    FROM found, (
        SELECT greatest(1, %(slots)s / greatest(1, %(holders)s + count(*))) AS size
        FROM found WHERE nth = 1 AND held = 0
    ) share
), due AS (
    SELECT id, pending FROM ranked
    WHERE place <= %(free)s OR (is_within AND place <= %(free)s + %(spare)s)
)
UPDATE workflow_runs run
SET status = 'running', lease_token = run.lease_token + 1, lease_until = now() + %(lease)s,
    worker = %(worker)s, started_at = coalesce(run.started_at, now()),
    pending = coalesce(run.pending, '{{}}'::jsonb) || '{{"begun": true}}'::jsonb
FROM due WHERE run.id = due.id
RETURNING run.id AS run_id, run.tenant_id, run.definition_id, run.version, run.event_id,
    run.trigger_payload::text AS payload, run.step_results::text AS results,
    run.current_step AS step, due.pending::text AS pending, run.lease_token AS token, run.actor,
    run.subject_type, run.subject_id, {BOUNDED_SQL.format(column="run.started_at")} AS started_at,
    now() AS claimed_at, run.cancel_requested_at IS NOT NULL AS cancel_asked,
    coalesce((SELECT depth FROM workflow_events event WHERE event.id = run.event_id), 0) AS depth,
    (SELECT previous::text FROM workflow_events event WHERE event.id = run.event_id) AS previous,
    run.crashes, run.parent_run, run.entry, run.item_index, run.item::text AS item,
    run.item IS NOT NULL AS has_item, run.lane, run.holds_lane,
    {BOUNDED_SQL.format(column="run.deadline_at")} AS deadline_at, run.children_open,
    {BOUNDED_SQL.format(column="run.created_at")} AS created_at, run.wake_reason,
    run.entries_numbered
"""  # noqa: S608 - of the texts above

# Give a claimed run back as it was: nothing of it was begun. One that never was before has not
# started either.
HAND_BACK: Final = """
UPDATE workflow_runs
SET status = 'queued', pending = %(pending)s::jsonb, worker = NULL, lease_until = NULL,
    started_at = CASE WHEN %(pending)s::jsonb IS NULL AND step_results = '[]'::jsonb
        THEN NULL ELSE started_at END
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
RETURNING false
"""

# The leases of the runs a worker holds. A row that somebody has locked is left out, and waits for
# nobody: it is renewed a little later, and keeps none of the others waiting.
RENEW_LEASES: Final = """
WITH held AS (
    SELECT id FROM workflow_runs
    WHERE id = ANY(%(ids)s) AND worker = %(worker)s AND status = 'running'
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE workflow_runs run SET lease_until = now() + %(lease)s
FROM held WHERE run.id = held.id
RETURNING run.id, run.lease_token
"""

# Of the runs that were not renewed, those that are this worker's all the same: locked, not lost.
STILL_HELD: Final = """
SELECT id, lease_token FROM workflow_runs
WHERE id = ANY(%(ids)s) AND worker = %(worker)s AND status = 'running'
"""

# Asked while a run works something out for long: its next checkpoint would tell too late.
CANCELLED_AMONG: Final = """
SELECT id FROM workflow_runs WHERE id = ANY(%(ids)s) AND cancel_requested_at IS NOT NULL
"""

NEW_WORKER_NUMBER: Final = "SELECT nextval('workflow_worker_numbers')"
PROVE_ALIVE: Final = "SELECT pg_try_advisory_lock(%(class)s, %(worker)s::int)"

# A worker's first sign of life, and every later one. If it was frozen past its lease, it was given
# up and forgotten meanwhile: it is known again, or nobody would miss it once it dies.
BEAT: Final = """
INSERT INTO workflow_workers (number, "group", host, pid, slots)
VALUES (%(worker)s, %(group)s, %(host)s, %(pid)s, %(slots)s)
ON CONFLICT (number) DO UPDATE SET beat_at = now()
"""

LEAVE: Final = "DELETE FROM workflow_workers WHERE number = %(worker)s"

# Workers whose database session is gone, or that have been silent for a whole lease (NULL: silence
# counts for nothing now). Who asks is alive.
DEAD_WORKERS: Final = """
SELECT number, ended_in::text FROM workflow_workers
WHERE number <> %(own)s
    AND (beat_at < now() - %(silence)s::interval OR number::int <> ALL (ARRAY(
    SELECT objid::bigint::int FROM pg_locks
    WHERE locktype = 'advisory' AND classid = %(class)s AND objsubid = 2 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))))
"""

# What END_LEASE leaves: the worker lives, and does not hold the run any more.
GIVEN_UP: Final = "timestamptz '1970-01-01 00:00:00+00'"

# Live runs are found through due_at; no index names worker or lease, so that checkpoints stay HOT.
# A lease that ended under a worker that lives is no reason to take the run from it: something kept
# it from renewing (a lock on the row, on the table), and its step is under way. It renews as soon
# as it can, and itself finds what it does not know to be its own. Who asks and is no worker goes by
# the leases alone.
_IS_LEFT_BEHIND: Final = f"""
due_at <= now() AND status = 'running'
    AND (worker = ANY(%(workers)s) OR (lease_until < now() AND (
        lease_until = {GIVEN_UP}
        OR %(own)s = 0 OR (worker = %(own)s AND id <> ALL(%(held)s::uuid[]))
        OR NOT EXISTS (SELECT 1 FROM workflow_workers WHERE number = run.worker))))
"""  # noqa: S608 - a constant of this module

RUNS_LEFT_BEHIND: Final = f"SELECT id FROM workflow_runs run WHERE {_IS_LEFT_BEHIND}"  # noqa: S608

# What a worker holds that is held up itself, and cannot carry it on.
RUNS_HELD: Final = """
SELECT id FROM workflow_runs
WHERE due_at <= now() AND status = 'running' AND worker = %(worker)s AND id <> ALL(%(but)s)
"""

# One of them, if nobody was faster. What somebody has locked is left for the next sweep.
LOCK_RUN_LEFT_BEHIND: Final = f"""
SELECT id, crashes + 1, lease_token, worker, lease_until = {GIVEN_UP} FROM workflow_runs run
WHERE id = %(id)s AND {_IS_LEFT_BEHIND}
FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - a constant of this module

# Wake runs that wait for a place at a server. What somebody has locked comes by its own moment.
WAKE_FOR_PLACES: Final = """
WITH parked AS (
    SELECT id FROM workflow_runs
    WHERE id = ANY(%(ids)s) AND status = 'waiting' AND wake_reason = 'place' AND due_at > now()
    FOR UPDATE SKIP LOCKED
)
UPDATE workflow_runs run SET due_at = now() FROM parked WHERE run.id = parked.id
"""

# What the runs of a dispatcher were in the middle of that its supervisor ends.
NOTE_END: Final = "UPDATE workflow_workers SET ended_in = %(left)s WHERE number = %(worker)s"

# Put a dead worker's run back. The new token makes whatever its old worker still writes void. If
# its step was not begun, the mark goes, unless it is of a worker before: `left` tells, or, where an
# older release has taken the run over, a crash. `left` null: it is known that it was not begun.
TAKE_OVER: Final = """
UPDATE workflow_runs
SET status = 'queued', crashes = %(crashes)s, lease_token = lease_token + 1, worker = NULL,
    lease_until = NULL,
    wake_reason = CASE WHEN %(wait)s::interval IS NULL AND NOT %(begun)s THEN wake_reason
        ELSE 'crash' END,
    due_at = CASE WHEN %(wait)s::interval IS NULL THEN due_at
        WHEN %(wait)s::interval = interval '0' THEN timestamptz '1970-01-01 00:00:00+00'
        ELSE now() + %(wait)s END,
    pending = CASE
        -- Not what a run's row holds: whoever claims it finds that out.
        WHEN jsonb_typeof(pending) NOT IN ('object', 'array') THEN jsonb_build_array(pending)
        WHEN %(begun)s THEN pending - 'held' || %(note)s::jsonb
        WHEN CASE WHEN pending ? 'left' THEN pending ->> 'left' IS NOT NULL ELSE crashes > 0 END
            THEN pending
        ELSE nullif(pending - 'begun' || %(note)s::jsonb, '{}'::jsonb) END,
    started_at = CASE WHEN NOT %(begun)s AND crashes = 0 AND %(note)s::jsonb = '{}'::jsonb
        AND step_results = '[]'::jsonb AND jsonb_typeof(pending) = 'object'
        AND pending - 'begun' = '{}'::jsonb
        THEN NULL ELSE started_at END
WHERE id = %(id)s
"""

# The end of a run that its worker did not even survive reading. `entry`: its step may have been
# done, and says so; what it was called with goes along, and how often it has ended by then.
BURY: Final = f"""
UPDATE workflow_runs
SET step_results = CASE WHEN %(entry)s::jsonb IS NULL THEN step_results
        ELSE step_results || jsonb_build_array(%(entry)s::jsonb
        || jsonb_build_object('started_at', coalesce(pending -> 'since', to_jsonb(started_at)))
        || coalesce((SELECT jsonb_object_agg(kept.key, kept.value) FROM jsonb_each(
            CASE jsonb_typeof(pending) WHEN 'object' THEN pending END) AS kept
            WHERE kept.key IN ('input', 'attempts', 'revision', 'record_values')), '{{}}')
        || coalesce((SELECT jsonb_build_object('turn', 1 + greatest(count(*),
                max(CASE jsonb_typeof(earlier -> 'turn') WHEN 'number'
                    THEN (earlier -> 'turn')::numeric END)))
            FROM jsonb_array_elements(step_results) AS earlier
            WHERE earlier ->> 'step_name' = %(entry)s::jsonb ->> 'step_name'
            HAVING count(*) > 0), '{{}}')) END,
    status = 'failed', crashes = %(crashes)s, lease_token = lease_token + 1, worker = NULL,
    lease_until = NULL, due_at = NULL, completed_at = now(), wait_type = NULL, wait_match = NULL,
    error_step = coalesce(%(step_name)s, pending ->> 'step_name', error_step),
    pending = CASE WHEN %(entry)s::jsonb IS NULL
        THEN coalesce({RESUME}, '{{"resume": {{}}}}'::jsonb) END,
    error_code = %(error_code)s::text,
    error_message = %(error_message)s,
    error_fingerprint = md5(definition_id::text
        || coalesce(%(step_name)s, pending ->> 'step_name', '')
        || %(error_code)s::text)
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
RETURNING 1
"""  # noqa: S608  # a constant of this module

FORGET_WORKERS: Final = "DELETE FROM workflow_workers WHERE number = ANY(%(workers)s)"

# A run that could not be carried to a checkpoint: let the next sweep find it.
END_LEASE: Final = f"""
UPDATE workflow_runs SET lease_until = {GIVEN_UP}
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
"""  # noqa: S608 - a constant of this module
