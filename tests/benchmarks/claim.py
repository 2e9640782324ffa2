"""What a claim costs behind a long history and a long queue, against an empty table."""

import os
import time

import django
import psycopg
from django.db import connection

from tests.benchmarks.plan import given_plan, measure, percentile
from tests.benchmarks.processes import without_limits

LIMIT = 16
CLAIMS = 60
# The quietest of so many looks: after a million inserts the server writes to disk for a while.
LOOKS = 3

FINISHED = """
INSERT INTO workflow_runs (id, tenant_id, definition_id, version, trigger_payload, status,
    current_step, step_results, subject_type, subject_id, actor, created_at, started_at,
    completed_at, due_at)
SELECT sayr_uuid7(), %(tenant)s, %(definition)s, 1, jsonb_build_object('order_id', number),
    'completed', 3, '[{"step_name": "confirm", "action": "update_record", "status": "completed"}]',
    'orders', number, '', now(), now(), now(), NULL
FROM generate_series(1, %(count)s) AS number
"""
QUEUED = """
INSERT INTO workflow_runs (id, tenant_id, definition_id, version, trigger_payload, status,
    subject_type, subject_id, actor, due_at)
SELECT sayr_uuid7(), %(tenant)s, %(definition)s, 1, jsonb_build_object('order_id', number),
    'queued', 'orders', number, '', now()
FROM generate_series(1, %(count)s) AS number
"""


def main():
    """Measure, and print it."""
    from tests.benchmarks.world import World

    plan = given_plan()
    measure("claim", claim_ratio, World(plan), plan)


def claim_ratio(world, plan):
    """Compare a claim behind a long history and queue with one behind neither."""
    needed = LIMIT * CLAIMS * LOOKS
    insert(world, QUEUED, needed)
    few = min(cost() for _ in range(LOOKS))
    insert(world, FINISHED, plan.history)
    insert(world, QUEUED, max(plan.queue, needed))
    many = min(cost() for _ in range(LOOKS))
    return {"claim_empty_ms": few, "claim_full_ms": many, "claim_ratio": many / few}


def insert(world, statement, count):
    """Add rows, and let the planner know."""
    from tests.support.live import url_of

    values = {"tenant": world.tenant.id, "definition": world.definition.id, "count": count}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    # The application may not: only the table's owner, and the server's own vacuum in time.
    owner = url_of(os.environ["DATABASE_OWNER_URL"], connection.settings_dict["NAME"])
    with psycopg.connect(owner, autocommit=True) as session:
        session.execute("VACUUM ANALYZE workflow_runs")


def cost():
    """Return the median time of a claim of some runs, in ms."""
    from datetime import timedelta

    from workflows.runtime.workers.session import DispatcherSession

    session = DispatcherSession("bench", LIMIT, timedelta(seconds=30))
    times = []
    for _ in range(CLAIMS):
        begun = time.perf_counter()
        claims = session.claim(LIMIT)
        times.append(time.perf_counter() - begun)
        assert len(claims) == LIMIT
        end_all(claims)
    session.close()
    return percentile(times, 0.5) * 1000


def end_all(claims):
    """End what was claimed: no more runs are under way than there are slots."""
    with connection.cursor() as cursor:
        statement = (
            "UPDATE workflow_runs SET status = 'completed', due_at = NULL, completed_at = now()"
            " WHERE id = ANY(%s)"
        )
        cursor.execute(statement, [[claim.run_id for claim in claims]])


if __name__ == "__main__":
    django.setup()
    without_limits()
    main()
