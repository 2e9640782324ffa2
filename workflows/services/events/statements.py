"""The SQL of firing: which workflows listen, and the events and runs that are inserted."""

from typing import Final

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
