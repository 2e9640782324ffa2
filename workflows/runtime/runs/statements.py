"""Every SQL statement of the hot path, each with a name and a sentence.

Raw, because the ORM took 4.9 of the 7.6 ms of CPU that a run cost (measured). The clock is the
database's now() alone: a worker's clock may jump.
"""

from typing import Final

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
RESUME: Final = """jsonb_build_object('resume', CASE
    WHEN pending ? 'begun' AND NOT pending ? 'input' AND step_results = '[]'::jsonb
    THEN jsonb_build_object('rendered_at', started_at) ELSE '{}'::jsonb END || pending)"""

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
        THEN {RESUME} WHEN {_ENDS_NOW} THEN NULL ELSE pending END
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
