"""What the database holds, read in plain SQL: the product is not asked about itself."""

import time

import psycopg

from tests.faults.jobs import EFFECT
from tests.faults.verdict import Left, RunSeen

PATIENCE_SECONDS = 60

RUNS = """
SELECT coalesce(parent.trigger_payload, run.trigger_payload) ->> 'order_number', run.status,
    coalesce((SELECT array_agg(ARRAY[entry ->> 'step_name', entry ->> 'status'] ORDER BY place)
        FROM jsonb_array_elements(run.step_results) WITH ORDINALITY AS found (entry, place)),
        '{}'), run.item_index
FROM workflow_runs run LEFT JOIN workflow_runs parent ON parent.id = run.parent_run
WHERE run.tenant_id = ANY(%(tenants)s)
"""

EFFECTS = f"""
SELECT payload ->> 'order_number', payload ->> 'effect', count(*) FROM workflow_events
WHERE type = '{EFFECT}' AND tenant_id = ANY(%(tenants)s) GROUP BY 1, 2
UNION ALL
SELECT payload ->> 'order_number', 'confirm', count(*) FROM workflow_events
WHERE type = 'order_status_changed' AND tenant_id = ANY(%(tenants)s) GROUP BY 1, 2
UNION ALL
SELECT split_part(number, '~', 1), 'copy', count(*) FROM orders
WHERE number LIKE '%%~%%' AND tenant_id = ANY(%(tenants)s) GROUP BY 1, 2
"""

ORDERS = "SELECT number FROM orders WHERE tenant_id = %(tenant)s AND number NOT LIKE '%%~%%'"

OPEN = """
SELECT count(*) FROM workflow_runs WHERE tenant_id = ANY(%(tenants)s) AND due_at IS NOT NULL
"""

HELD = "SELECT count(*) FROM workflow_runs WHERE status = 'running' AND worker = ANY(%(workers)s)"

# The workers of some processes, the busiest first.
WORKERS = """
SELECT number, pid, (SELECT count(*) FROM workflow_runs run
    WHERE run.worker = workflow_workers.number AND run.status = 'running') AS busy
FROM workflow_workers WHERE pid = ANY(%(pids)s) ORDER BY busy DESC, number
"""

ENDED = """
SELECT EXISTS (SELECT 1 FROM workflow_runs WHERE trigger_payload ->> 'order_number' = %(order)s
    AND due_at IS NULL)
"""


class Ledger:
    """A session of its own, as the owner of the tables. It finds a restarted server again."""

    def __init__(self, url):
        self._url, self._session = url, None

    def rows(self, statement, **values):
        """Return the answer, however long the server is away."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                if self._session is None:
                    self._session = psycopg.connect(self._url, autocommit=True)
                return self._session.execute(statement, values).fetchall()
            except psycopg.OperationalError:
                self.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def one(self, statement, **values):
        """Return the first column of the first row."""
        return self.rows(statement, **values)[0][0]

    def left(self, tenants, deliveries):
        """Return everything there is of these tenants."""
        runs = [
            RunSeen(order, status, tuple((name, end) for name, end in steps), item)
            for order, status, steps, item in self.rows(RUNS, tenants=tenants)
        ]
        effects = {
            (order, name): times for order, name, times in self.rows(EFFECTS, tenants=tenants)
        }
        return Left(runs, effects, deliveries)

    def close(self):
        """End the session."""
        if self._session is not None:
            self._session.close()
            self._session = None
