"""The hourly counts of runs: counted again where they may have changed, never incremented."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from tenants.core.database.ids import lowest_id_at
from workflows.runtime.database import database_now, rows

# Runs end late: after a wait of weeks, or a retry. What is known of the live ones differs then; or
# a run was retried and has ended since the last look, as if nothing had been.
CHANGED: Final = """
WITH live AS (
    SELECT tenant_id, definition_id, date_trunc('hour', created_at) AS hour, status,
        count(*) AS runs
    FROM workflow_runs
    WHERE due_at IS NOT NULL AND parent_run IS NULL AND created_at < %(since)s
    GROUP BY tenant_id, definition_id, hour, status
), known AS (
    SELECT tenant_id, definition_id, hour, status, runs FROM workflow_run_stats
    WHERE hour < %(since)s AND status IN ('queued', 'running', 'waiting')
)
SELECT tenant_id, definition_id, hour FROM (TABLE live EXCEPT TABLE known) AS come
UNION SELECT tenant_id, definition_id, hour FROM (TABLE known EXCEPT TABLE live) AS gone
UNION SELECT tenant_id, definition_id, date_trunc('hour', created_at) FROM workflow_runs
WHERE completed_at >= %(ended_since)s AND parent_run IS NULL AND created_at < %(since)s
"""

COUNT: Final = """
INSERT INTO workflow_run_stats (id, tenant_id, definition_id, hour, status, runs)
SELECT sayr_uuid7(), tenant_id, definition_id, date_trunc('hour', created_at), status, count(*)
FROM workflow_runs
WHERE id >= %(from_id)s AND created_at >= %(since)s AND parent_run IS NULL
GROUP BY tenant_id, definition_id, date_trunc('hour', created_at), status
"""

FORGET_HOURS: Final = """
DELETE FROM workflow_run_stats stats
USING unnest(%(tenants)s::uuid[], %(definitions)s::uuid[], %(hours)s::timestamptz[])
    AS changed (tenant_id, definition_id, hour)
WHERE stats.tenant_id = changed.tenant_id AND stats.definition_id = changed.definition_id
    AND stats.hour = changed.hour
"""

COUNT_HOURS: Final = """
INSERT INTO workflow_run_stats (id, tenant_id, definition_id, hour, status, runs)
SELECT sayr_uuid7(), changed.tenant_id, changed.definition_id, changed.hour, run.status, count(*)
FROM unnest(%(tenants)s::uuid[], %(definitions)s::uuid[], %(hours)s::timestamptz[],
    %(from_ids)s::uuid[], %(to_ids)s::uuid[])
    AS changed (tenant_id, definition_id, hour, from_id, to_id)
JOIN workflow_runs run ON run.tenant_id = changed.tenant_id
    AND run.definition_id = changed.definition_id
    AND run.id >= changed.from_id AND run.id < changed.to_id
    AND date_trunc('hour', run.created_at) = changed.hour AND run.parent_run IS NULL
GROUP BY changed.tenant_id, changed.definition_id, changed.hour, run.status
"""

# How long ago a run may have ended to be noticed by that alone; the chore comes every minute.
LATELY: Final = timedelta(minutes=10)
# By how much the clock of a host, which makes a run's id, may differ from the database's.
SKEW: Final = timedelta(hours=1)


def refresh() -> None:
    """Count today and yesterday again, and every older hour in which something has happened.

    The same result however often it runs.
    """
    now = database_now()
    since = (now - timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM workflow_run_stats WHERE hour >= %s", [since])
        cursor.execute(COUNT, {"from_id": lowest_id_at(since - SKEW), "since": since})
        changed = rows(CHANGED, {"since": since, "ended_since": now - LATELY})
        if changed:
            values = _places(changed)
            cursor.execute(FORGET_HOURS, values)
            cursor.execute(COUNT_HOURS, values)


def _places(changed: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    hours: list[datetime] = [hour for _, _, hour in changed]
    return {
        "tenants": [tenant_id for tenant_id, _, _ in changed],
        "definitions": [definition_id for _, definition_id, _ in changed],
        "hours": hours,
        "from_ids": [lowest_id_at(hour - SKEW) for hour in hours],
        "to_ids": [lowest_id_at(hour + timedelta(hours=1) + SKEW) for hour in hours],
    }
