"""Every SQL statement of the hot path, each with a name and a sentence.

Raw, because the ORM took 4.9 of the 7.6 ms of CPU that a run cost (measured). The clock is the
database's now() alone: a worker's clock may jump.
"""

from typing import Final

from tenants.core.values.moments import BOUNDED_SQL

# Due by no clock: an event, a decision, a child or a lane wakes the run. Python's datetime cannot
# hold an infinity.
NEVER: Final = "timestamptz '9999-12-31 00:00:00+00'"

# An earlier worker began the step that the run stands at, and nobody knows what became of it.
_IS_IN_DOUBT: Final = "coalesce(pending ?| '{begun,in_doubt}', false)"

# Nobody executes the run, it has not failed yet, and nothing of it is to be said but that.
_ENDS_NOW: Final = f"""(status <> 'running' AND NOT coalesce(pending ? 'after_failure', false)
    AND NOT {_IS_IN_DOUBT})"""

# What is kept of the step that a run ends in. The very first one is rendered as of the run's start,
# and stored only afterwards: whoever calls it again has to know when that was.
_RESUME: Final = """jsonb_build_object('resume', CASE
    WHEN pending ? 'begun' AND NOT pending ? 'input' AND step_results = '[]'::jsonb
    THEN jsonb_build_object('rendered_at', started_at) ELSE '{}'::jsonb END || pending)"""

# Workers are alive while they hold the advisory lock (this class, their number).
WORKER_LOCK_CLASS: Final = 4711

LISTENING_DEFINITIONS: Final = """
SELECT id, version, name, trigger_types FROM workflow_definitions
WHERE tenant_id = %(tenant)s AND is_active AND archived_at IS NULL AND trigger_types && %(types)s
ORDER BY id
"""

# Only an event of a type that some version waits for has to be brought to waiting runs: the mark
# that this was done is an update, with entries in every index.
_INSERT_EVENTS: Final = """
INSERT INTO workflow_events (id, tenant_id, type, payload, previous, subject_type, subject_id,
    source, actor, initiator, caused_by_run, depth, evaluations, search_keys, matched_at)
SELECT id, %(tenant)s, type, payload, previous, subject_type, subject_id,
    source, actor, initiator, caused_by_run, depth, evaluations, search_keys,
    CASE WHEN NOT EXISTS (SELECT 1 FROM workflow_definitions
        WHERE tenant_id = %(tenant)s AND awaited_types <> '{}' AND event.type = ANY(awaited_types)
    ) THEN now() END
FROM jsonb_to_recordset(%(events)s::jsonb) AS event (id uuid, type text, payload jsonb,
    previous jsonb, subject_type text, subject_id text, source text, actor text, initiator text,
    caused_by_run uuid, depth smallint, evaluations jsonb, search_keys text[])
"""

_INSERT_RUNS: Final = """
INSERT INTO workflow_runs (id, tenant_id, definition_id, version, event_id, trigger_payload,
    subject_type, subject_id, actor, status, due_at, wake_reason, lane, deadline_at)
SELECT id, %(tenant)s, definition_id, version, event_id, trigger_payload,
    subject_type, subject_id, actor, 'queued', now(), 'start', lane,
    now() + make_interval(secs => deadline_seconds)
FROM jsonb_to_recordset(%(runs)s::jsonb) AS run (id uuid, definition_id uuid, version int,
    event_id uuid, trigger_payload jsonb, subject_type text, subject_id text, actor text,
    lane text, deadline_seconds double precision)
"""

# The events and the runs they start, in one statement of the caller's transaction. Inserts only:
# it never touches a run that exists.
INSERT_EVENTS_AND_RUNS: Final = f"WITH events AS ({_INSERT_EVENTS}) {_INSERT_RUNS}"

# The same, if the workflows that listen are still the ones that were asked; says whether. A
# workflow that was switched off a moment ago does not start, without a round trip to find out.
FIRE: Final = f"""
WITH listening AS MATERIALIZED (
    SELECT coalesce(string_agg(id || ':' || version, ' ' ORDER BY id), '') = %(listening)s AS same
    FROM workflow_definitions
    WHERE tenant_id = %(tenant)s AND is_active AND archived_at IS NULL
        AND trigger_types && %(types)s
), events AS ({_INSERT_EVENTS} WHERE (SELECT same FROM listening)),
runs AS ({_INSERT_RUNS} WHERE (SELECT same FROM listening))
SELECT same FROM listening
"""  # noqa: S608 - of the texts above

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
RETURNING run.id, run.tenant_id, run.definition_id, run.version, run.event_id,
    run.trigger_payload::text, run.step_results::text, run.current_step, due.pending::text,
    run.lease_token,
    run.actor, run.subject_type, run.subject_id, {BOUNDED_SQL.format(column="run.started_at")},
    now(),
    run.cancel_requested_at IS NOT NULL,
    (SELECT depth FROM workflow_events event WHERE event.id = run.event_id),
    (SELECT previous::text FROM workflow_events event WHERE event.id = run.event_id), run.crashes,
    run.parent_run, run.entry, run.item_index, run.item::text, run.lane, run.holds_lane,
    {BOUNDED_SQL.format(column="run.deadline_at")}, run.children_open,
    {BOUNDED_SQL.format(column="run.created_at")}, run.item IS NOT NULL, run.wake_reason,
    run.entries_numbered
"""  # noqa: S608 - of the texts above

# A finished step: its result, where the run stands now, and the next step marked as begun. It is
# fenced by the last such mark too: written twice, it would append the result twice.
CHECKPOINT: Final = """
UPDATE workflow_runs
SET step_results = step_results || %(entries)s::jsonb, current_step = %(step)s,
    pending = %(pending)s::jsonb, crashes = 0
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
    AND coalesce(pending -> 'begun', 'true') = %(begun)s::jsonb
RETURNING cancel_requested_at IS NOT NULL
"""

# Earlier entries leave the row for the run's history, in the transaction of what is written next,
# and fenced like it: written twice, they would meet themselves in the history.
FOLD: Final = """
WITH run AS (
    UPDATE workflow_runs
    SET step_results = %(kept)s::jsonb, entries_numbered = %(numbered)s
    WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
        AND coalesce(pending -> 'begun', 'true') = %(begun)s::jsonb
    RETURNING id, tenant_id
), moved AS (
    INSERT INTO workflow_run_history (run_id, seq, tenant_id, entries)
    SELECT run.id, chunk.seq, run.tenant_id, chunk.entries
    FROM run, jsonb_to_recordset(%(chunks)s::jsonb) AS chunk (seq int, entries jsonb)
)
SELECT false FROM run
"""

# The run is about to wait for an event, and says for which: from now on those who match leave the
# events it asks for to it. Its worker looks back, and parks it. If it dies before, whoever takes
# the run over finds a wait that is not over, and begins it again.
ANNOUNCE: Final = """
UPDATE workflow_runs
SET step_results = step_results || %(entries)s::jsonb, current_step = %(step)s,
    pending = %(pending)s::jsonb, crashes = 0,
    wait_type = %(wait_type)s::text, wait_match = %(wait_match)s, wake_reason = 'look_back'
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
    AND coalesce(pending -> 'begun', 'true') = %(begun)s::jsonb
RETURNING cancel_requested_at IS NOT NULL
"""

# Nobody else looks at the run meanwhile.
HOLD: Final = """
SELECT true FROM workflow_runs
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running' FOR UPDATE
"""

# When a run that parks is due, and why: at once if something is to be done; else at its moment, or
# at its deadline. Neither `due` nor `wait`: no clock ends the wait, but the deadline still does.
# One that has passed already, in the step before, makes the run due at once; one of a run that has
# failed does not count: the steps for that have times of their own.
_DUE: Final = f"""
    (due_at, wake_reason) = (
        SELECT CASE WHEN plan.at_once IS NULL THEN least(plan.deadline, plan.moment)
            ELSE now() END,
        CASE WHEN plan.at_once IS NOT NULL THEN plan.at_once
            WHEN plan.deadline <= plan.moment THEN 'deadline'
            WHEN plan.moment < {NEVER} THEN %(reason)s::text END
        FROM (SELECT
            CASE WHEN cancel_requested_at IS NOT NULL THEN 'cancel'
                -- The last child ended while the run was looking after another.
                WHEN %(wait_type)s::text = 'children'
                    AND coalesce(%(spawned)s::int, children_open) = 0 THEN 'child'
                -- What it waits for had come already.
                ELSE %(at_once)s::text END AS at_once,
            CASE WHEN NOT %(has_failed)s THEN deadline_at END AS deadline,
            coalesce(%(due)s::timestamptz, now() + %(wait)s::interval, {NEVER}) AS moment
        ) AS plan)
"""  # noqa: S608  # a constant of this module

# The run waits: for a retry, a moment, an event, a decision, its children. No worker is held
# meanwhile.
PARK: Final = f"""
UPDATE workflow_runs
SET status = 'waiting', step_results = step_results || %(entries)s::jsonb,
    current_step = %(step)s, pending = %(pending)s::jsonb,
    -- Before its call it has come no further than those that died.
    crashes = CASE WHEN %(wait_type)s::text = 'place' THEN crashes ELSE 0 END,
    wait_type = %(wait_type)s::text, wait_match = %(wait_match)s, worker = NULL, lease_until = NULL,
    children_open = coalesce(%(spawned)s::int, children_open), {_DUE}
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
    AND coalesce(pending -> 'begun', 'true') = %(begun)s::jsonb
RETURNING cancel_requested_at IS NOT NULL
"""  # noqa: S608  # constants of this module

# The run's end. due_at NULL takes it out of the index of live runs. `pending` keeps, under
# `resume`, what is known of a step that the run ended in the middle of: a retry goes on there.
FINISH: Final = """
UPDATE workflow_runs
SET status = %(status)s::text, step_results = step_results || %(entries)s::jsonb,
    current_step = %(step)s, pending = %(pending)s::jsonb, due_at = NULL, completed_at = now(),
    -- Of a run that ended its workers it says how many.
    crashes = CASE WHEN %(error_code)s::text = 'poisoned' THEN crashes ELSE 0 END,
    wait_type = NULL, wait_match = NULL, worker = NULL, lease_until = NULL,
    output = %(output)s::jsonb,
    error_step = %(error_step)s,
    -- Whoever asked to cancel it may have said why.
    error_code = CASE WHEN %(status)s::text = 'cancelled'
        THEN coalesce(error_code, %(error_code)s::text) ELSE %(error_code)s::text END,
    error_message = CASE WHEN %(status)s::text = 'cancelled'
        THEN coalesce(error_message, %(error_message)s::text)
        ELSE %(error_message)s::text END,
    error_fingerprint = %(error_fingerprint)s
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
    AND coalesce(pending -> 'begun', 'true') = %(begun)s::jsonb
RETURNING false
"""

# How far a run is for the worker that claimed it: asked when the answer to a write was lost. The
# lock lets a write that is still under way come to its end first.
STANDS: Final = """
SELECT status, pending -> 'begun', cancel_requested_at IS NOT NULL FROM workflow_runs
WHERE id = %(id)s AND lease_token = %(token)s
FOR UPDATE
"""

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

# Give a run back between two steps: the next one is rendered, and not begun.
PUT_DOWN: Final = """
UPDATE workflow_runs
SET status = 'queued', pending = pending - 'begun', worker = NULL, lease_until = NULL
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
RETURNING false
"""

# Give up a run that a living worker cannot carry on: that is no crash of the run. `note` says why,
# where a step was begun; the new token makes void whatever else this worker still writes.
GIVE_UP: Final = """
UPDATE workflow_runs
SET status = 'queued', worker = NULL, lease_until = NULL, lease_token = lease_token + 1,
    pending = CASE WHEN %(begun)s THEN pending ELSE pending - 'begun' END || %(note)s::jsonb,
    wake_reason = 'crash',
    due_at = CASE WHEN %(wait)s::interval = interval '0' THEN due_at ELSE now() + %(wait)s END
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

# The step that such a run stands at, in short texts; whether it is a call that may have been begun;
# whether a worker before the last one had begun it, and what was noted of that.
STEP_AT: Final = """
SELECT left(step ->> 'name', 100), left(step ->> 'action', 100), left(step ->> 'after_crash', 10),
    step ->> 'op' = 'action' AND jsonb_typeof(run.step_results) = 'array'
        -- Whoever has not been let into its lane has begun nothing.
        AND (run.lane IS NULL OR run.holds_lane OR coalesce(pending ? 'in_doubt', false)),
    pending ->> 'left' IS NOT NULL OR pending ? 'in_doubt',
    CASE WHEN pending ->> 'left' = 'worker_died' AND pending ? 'held' THEN 'worker_held'
        ELSE pending ->> 'left' END
FROM workflow_runs run
JOIN workflow_versions version
    ON version.definition_id = run.definition_id AND version.version = run.version
CROSS JOIN LATERAL (
    SELECT version.program -> 'instructions' -> run.current_step AS step
) at
WHERE run.id = %(id)s AND step ->> 'name' IS NOT NULL AND step ->> 'action' IS NOT NULL
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
        THEN coalesce({_RESUME}, '{{"resume": {{}}}}'::jsonb) END,
    error_code = %(error_code)s::text,
    error_message = %(error_message)s,
    error_fingerprint = md5(definition_id::text
        || coalesce(%(step_name)s, pending ->> 'step_name', '')
        || %(error_code)s::text)
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
RETURNING 1
"""  # noqa: S608  # a constant of this module

FORGET_WORKERS: Final = "DELETE FROM workflow_workers WHERE number = ANY(%(workers)s)"

WAKE: Final = "NOTIFY workflow_runs"
LISTEN: Final = "LISTEN workflow_runs"

# The program a run executes, with the names its templates may show.
PROGRAM: Final = """
SELECT version.program, definition.name, definition.key
FROM workflow_versions version JOIN workflow_definitions definition
    ON definition.id = version.definition_id
WHERE version.definition_id = %(definition)s AND version.version = %(version)s
"""

# End a run that no worker holds; ask a worker that does to end it before its next step. One that
# has failed, and carries out the steps for that, is ended by a worker as well: it stays a failure.
# So is one in whose step a worker died: who ends it says whether that may have been done.
CANCEL_COLUMNS: Final = f"""
    cancel_requested_at = coalesce(cancel_requested_at, now()),
    status = CASE WHEN {_ENDS_NOW} THEN 'cancelled' ELSE status END,
    due_at = CASE WHEN {_ENDS_NOW} THEN NULL WHEN status = 'running' THEN due_at ELSE now() END,
    wake_reason = CASE WHEN status = 'running' THEN wake_reason ELSE 'cancel' END,
    completed_at = CASE WHEN {_ENDS_NOW} THEN now() END,
    wait_type = CASE WHEN {_ENDS_NOW} THEN NULL ELSE wait_type END,
    wait_match = CASE WHEN {_ENDS_NOW} THEN NULL ELSE wait_match END,
    pending = CASE WHEN {_ENDS_NOW} AND pending IS NOT NULL
        THEN {_RESUME} WHEN {_ENDS_NOW} THEN NULL ELSE pending END
"""
CANCEL: Final = f"""
UPDATE workflow_runs SET {CANCEL_COLUMNS}
WHERE id = %(id)s AND tenant_id = %(tenant)s AND due_at IS NOT NULL
RETURNING status
"""  # noqa: S608 - of the texts above

# Why a run was cancelled, or will be before its next step, if nobody wanted it so.
SAY_WHY_CANCELLED: Final = f"""
UPDATE workflow_runs SET error_code = %(error_code)s, error_message = %(error_message)s
WHERE id = %(id)s AND tenant_id = %(tenant)s AND cancel_requested_at IS NOT NULL
    AND (status IN ('cancelled', 'running') OR status = 'queued' AND {_IS_IN_DOUBT})
RETURNING 1
"""  # noqa: S608  # a constant of this module

# End a run of which nothing was ever tried.
SKIP: Final = """
UPDATE workflow_runs
SET status = 'skipped', due_at = NULL, completed_at = now(), wait_type = NULL, pending = NULL,
    worker = NULL, lease_until = NULL, lease_token = lease_token + 1,
    error_code = %(error_code)s, error_message = %(error_message)s
WHERE id = %(id)s AND tenant_id = %(tenant)s AND due_at IS NOT NULL
    AND NOT holds_lane AND step_results = '[]'::jsonb AND status IN ('queued', 'running')
    AND coalesce(pending, '{}'::jsonb)
        - '{begun,left,held,faults,step,step_name}'::text[] = '{}'::jsonb
RETURNING 1
"""

# A run that could not be carried to a checkpoint: let the next sweep find it.
END_LEASE: Final = f"""
UPDATE workflow_runs SET lease_until = {GIVEN_UP}
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
"""  # noqa: S608 - a constant of this module
