"""What a list asks of the database reads no more than it says, however long the history is.

Each page is asked for, and each of its questions explained on the server itself: whatever its
version and collation are, no more rows are read than the list looks at.
"""

import json

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.admin import lists, order_search
from tests.workflows.runtime.conftest import publish_steps
from workflows.services.events import search

ROWS, LOOKED_AT = 30_000, 500
# Half of the rows belong to another company, and may be read in passing.
MOST_READ = 4 * LOOKED_AT
TABLES = ("orders", "workflow_runs", "workflow_events")
ORDERS = """
INSERT INTO orders (id, tenant_id, number, status, source, customer_id, customer_name,
    customer_phone, customer_email, total_amount, currency, note, created_at, updated_at)
SELECT sayr_uuid7(), CASE n %% 2 WHEN 0 THEN %(tenant)s::uuid ELSE %(other)s END,
    'ORD-' || n, 'new', 'store', 'c' || n, 'Rami ' || n, '03 ' || n,
    'rami' || n || '@example.com', 9.90, 'USD', '', now(), now()
FROM generate_series(1, %(rows)s) AS n
"""
EVENTS = """
INSERT INTO workflow_events (id, tenant_id, type, payload, subject_type, subject_id, source, actor,
    depth, evaluations, search_keys, created_at)
SELECT sayr_uuid7(), %(tenant)s, 'x', '{}', '', '', '', '', 0, '[]',
    ARRAY[%(tenant)s || ':usd', %(tenant)s || ':rammer' || n], now()
FROM generate_series(1, %(rows)s) AS n
"""
RUNS = """
INSERT INTO workflow_runs (id, tenant_id, definition_id, version, event_id, trigger_payload, status,
    actor, subject_type, subject_id, error_fingerprint, error_code, completed_at)
SELECT sayr_uuid7(), %(tenant)s, %(definition)s, 1, event_id, '{}',
    CASE WHEN n %% 100 = 0 THEN 'failed' ELSE 'completed' END, '', '', '',
    CASE WHEN n %% 100 = 0 THEN 'mistake' END, CASE WHEN n %% 100 = 0 THEN 'x' END, now()
FROM (SELECT id AS event_id, row_number() OVER (ORDER BY id) AS n FROM workflow_events) AS events
"""
PAGES = {
    "orders": "",
    "order by number": "?q=ORD-60001",
    "order by part of a number": "?q=ORD-2",
    "order by phone": "?q=03+19999",
    "order by phone elsewhere": "?q=%2B961+3+019999",
    "order by a name": "?q=Rami+777",
    "order by a common name": "?q=Rami",
    "order by a number as typed": "?q=order+ord60001",
    "order by a short phone": "?q=708812",
    "orders of some days": "?made_from=2026-01-01&made_to=2026-02-01",
    "oldest orders": "?o=5",
    "orders before one": "?before=01a22d17-2e12-717d-9516-5e7b3618f509",
    "order by name and status": "?q=Rami&status__exact=refunded",
    "order by a rare name": "?q=Zbigniew",
    "order by mail": "?q=rami5@example.com",
    "order by nothing": "?q=nothing+like+it",
    "orders of a status": "?status__exact=refunded",
    "orders of a source": "?source__exact=phone",
}
RUN_PAGES = {
    "runs": "",
    **{f"runs {status}": f"?status={status}" for status in (
        "errors", "live", "queued", "running", "waiting", "completed", "completed_with_errors",
        "failed", "cancelled", "skipped",
    )},
    **{f"runs of {days}": f"?made={days}" for days in ("today", "yesterday", "7", "30")},
    "cancelled of 30 days": "?status=cancelled&made=30",
    "skipped of a workflow of 30 days": "?status=skipped&workflow={definition}&made=30",
    "failed of a workflow": "?status=failed&workflow={definition}",
    "of a workflow": "?workflow={definition}",
    "of a trigger": "?trigger=x",
    "one mistake": "?mistake=mistake",
    "another mistake": "?mistake=other",
    "junk of days": "?status=cancelled&made=x",
    "search for a name": "?q=Zbigniew",
    "oldest runs": "?o=4",
    "runs of some days": "?made_from=2026-01-01&made_to=2026-02-01&status=cancelled",
    "search for a common word": "?q=usd",
    "a common word that failed": "?q=usd&status=failed",
    "a common word that was cancelled": "?q=usd&status=cancelled&workflow={definition}",
    "a common word of some days": "?q=usd&made_from=2026-01-01&made_to=2026-02-01",
    "a part of a word": "?q=us",
    "a part of a longer word": "?q=ramm",
    "search and status": "?q=Zbigniew&status=cancelled&made=30",
}  # fmt: skip
EVENT_PAGES = {
    "events": "",
    "events of some days": "?made_from=2026-01-01&made_to=2026-02-01",
    "events of a common word": "?q=usd",
    "events of a rare word": "?q=rammer7",
    "events of a part of a word": "?q=amm",
    "events about a record": "?about=orders:01a22d17-2e12-717d-9516-5e7b3618f509",
}


@pytest.fixture(scope="module")
def history(migrated, django_db_blocker):
    """A long history, in a database of its own for this module: it is written once."""
    from tests.support.live import LiveDatabase, connected_to
    from tests.support.people import make_member
    from tests.support.tenants import make_tenant

    with django_db_blocker.unblock():
        database = LiveDatabase("sayr_plans", template=migrated)
        with connected_to(database):
            tenant, other = make_tenant("cedar"), make_tenant("najd")
            support = make_member(tenant, "support", "support")
            definition = publish_steps(
                tenant, {"name": "a", "action": "log_note", "params": {"text": "x"}}
            )
            with connection.cursor() as cursor:
                facts = {"tenant": tenant.pk, "other": other.pk, "rows": ROWS}
                cursor.execute(ORDERS, facts)
                cursor.execute(EVENTS, {**facts, "tenant": str(tenant.pk)})
                cursor.execute(RUNS, {**facts, "definition": definition.pk})
            with psycopg.connect(database.owner_url, autocommit=True) as owner:
                owner.execute("ANALYZE")
            yield support, definition
        database.close()


def read_by(node):
    """Yield the table and the number of rows read of each scan of a plan."""
    if "Relation Name" in node and node["Relation Name"] in TABLES:
        dropped = node.get("Rows Removed by Filter", 0) + node.get(
            "Rows Removed by Index Recheck", 0
        )
        read = (node["Actual Rows"] + dropped) * node["Actual Loops"]
        yield node["Relation Name"], read
    for inner in node.get("Plans", ()):
        yield from read_by(inner)


def plans_of(queries):
    for query in queries:
        asked = query["sql"]
        if asked.startswith("SELECT") and any(f'"{table}"' in asked for table in TABLES):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {asked}")
                found = cursor.fetchone()[0]
            yield asked, (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]


@pytest.mark.parametrize("page", [*PAGES, *RUN_PAGES, *EVENT_PAGES])
def test_a_list_reads_no_more_than_it_says(history, client, monkeypatch, page):
    support, definition = history
    monkeypatch.setattr(lists, "LOOKED_AT", LOOKED_AT)
    monkeypatch.setattr(lists, "MAX_COUNTED", LOOKED_AT)
    monkeypatch.setattr(order_search, "MAX_READ", LOOKED_AT)
    monkeypatch.setattr(search, "MAX_READ", LOOKED_AT)
    monkeypatch.setattr(search, "MAX_MATCHED", LOOKED_AT)
    client.force_login(support)
    places = {"tenants/order": PAGES, "workflows/workflowrun": RUN_PAGES}
    places["workflows/workflowevent"] = EVENT_PAGES
    where = next(place for place, pages in places.items() if page in pages)
    query = places[where][page].format(definition=definition.pk)

    with CaptureQueriesContext(connection) as asked:
        assert client.get(f"/admin/{where}/{query}").status_code == 200

    plans = list(plans_of(asked.captured_queries))
    assert plans
    for sql, plan in plans:
        for table, read in read_by(plan):
            assert read <= MOST_READ, (table, read, sql)
