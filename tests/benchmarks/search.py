"""A million events: whether each search is complete or says that it is not, and what it takes.

`python -m config.postgres run -- python -m tests.benchmarks.search [--events N] [--rounds N]`

In a database of its own, which is dropped. What is true is asked of the tables by one statement
that reads them whole.
"""

import argparse
import os
from datetime import UTC, datetime, timedelta
from itertools import product
from statistics import median
from time import perf_counter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("SAYR_PROCESS", "web")
os.environ.setdefault("SAYR_TEST_APP_URL", "")

import django

django.setup()

from django.db import connection  # noqa: E402  # Django has to be set up first
from django.db.models import Q  # noqa: E402

from tenants.core.database.ids import lowest_id_at  # noqa: E402

# A name of one in 27 orders, of one in 400, of five of all, and what stands in every event.
FIRST = ("karim", "rami", "maya", "zeina", "nadim", "lina", "omar", "sara", "hadi") * 3
LAST = tuple(f"family{number}" for number in range(400))
WORDS = (
    "karim", "family7", "karim family7", "usd", "zbigniew", "C-500000", "c500000", "03 500 000",
    "nobody", "zbig", "kari", "عبدالله", "عبد الله",
)  # fmt: skip
STATUSES = (None, "completed", "failed", "cancelled")
DAYS = (None, 30, 1)
HISTORY = """
INSERT INTO workflow_events (id, tenant_id, type, payload, subject_type, subject_id, source, actor,
    depth, evaluations, search_keys, matched_at, created_at)
SELECT id, CASE WHEN n %% 20 = 0 THEN %(other)s::uuid ELSE %(tenant)s::uuid END,
    (ARRAY['new_order', 'order_updated', 'order_status_changed'])[1 + n %% 3],
    jsonb_build_object('order_id', 'o' || n / 3, 'customer_name', first || ' ' || last),
    'orders', md5((n / 3)::text)::uuid::text, 'record', 'user:ops', 0, '[]',
    array_prepend_all(CASE WHEN n %% 20 = 0 THEN %(other)s ELSE %(tenant)s END || ':', ARRAY[
        id::text, md5((n / 3)::text), 'c-' || n / 3 * 3, (n / 3 * 3)::text, 'new', 'usd', 'store',
        '+9613' || lpad((n / 3 * 3)::text, 6, '0'), '03 ' || n / 3 * 3, first, last,
        first || ' ' || last, first || n || '@example.com', (n %% 999)::text || '.90',
        CASE WHEN n %% 100000 < 3 THEN 'zbigniew' ELSE 'x' || n END,
        CASE n %% 1000 WHEN 0 THEN 'عبد' WHEN 1 THEN 'عبدالله' ELSE 'y' || n END,
        CASE n %% 1000 WHEN 0 THEN 'الله' ELSE 'z' || n END]),
    now(), moment
FROM (
    SELECT n, moment, (%(first)s::text[])[1 + n / 3 %% 27] AS first,
        (%(last)s::text[])[1 + n / 3 %% 400] AS last,
        (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0')
            || '7' || substr(md5(n::text), 1, 19))::uuid AS id
    FROM (SELECT n, %(start)s::timestamptz + n * interval '120 days' / %(events)s AS moment
        FROM generate_series(%(from)s::bigint, %(to)s::bigint) AS n) AS moments
) AS made
"""
RUNS = """
INSERT INTO workflow_runs (id, tenant_id, definition_id, version, event_id, trigger_payload, status,
    subject_type, subject_id, error_fingerprint, error_code, step_results, started_at, completed_at)
SELECT id, tenant_id,
    CASE WHEN tenant_id = %(tenant)s THEN %(definition)s::uuid ELSE %(others)s END, 1, id, payload,
    CASE WHEN hash %% 33 = 0 THEN 'failed' WHEN hash %% 997 = 0 THEN 'cancelled'
        ELSE 'completed' END,
    subject_type, subject_id,
    CASE WHEN hash %% 33 = 0 THEN 'f' END, CASE WHEN hash %% 33 = 0 THEN 'x' END,
    jsonb_build_array(jsonb_build_object('output', repeat('result ', 150))), created_at, created_at
FROM (SELECT *, abs(hashtext(id::text)) AS hash FROM workflow_events WHERE type = 'new_order') AS e
"""
WITH_PREFIX = """
CREATE FUNCTION pg_temp.array_prepend_all(prefix text, words text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$ SELECT array_agg(prefix || word) FROM unnest(words) AS word $$
"""
TRUTH = """
SELECT run.id FROM workflow_runs AS run JOIN workflow_events AS event ON event.id = run.event_id
WHERE run.tenant_id = %(tenant)s AND (%(status)s::text IS NULL OR run.status = %(status)s)
AND run.id >= %(since)s AND (
"""


def main():
    """Fill, search, compare."""
    options = _options()
    from tests.support.live import LiveDatabase, connected_to

    database = LiveDatabase("sayr_search")
    try:
        with connected_to(database):
            tenant = _fill(database, options.events)
            _measure(tenant, options.rounds)
    finally:
        database.close()


def _options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def _fill(database, events):
    import psycopg

    from tests.support.tenants import make_tenant
    from workflows.models.definition import WorkflowDefinition

    tenant, other = make_tenant("cedar"), make_tenant("najd")
    definition, others = (
        WorkflowDefinition.objects.create(tenant=one, key="w", name="W") for one in (tenant, other)
    )
    start = datetime.now(UTC) - timedelta(days=120)
    began = perf_counter()
    facts = {
        "tenant": str(tenant.pk), "other": str(other.pk), "definition": definition.pk,
        "others": others.pk, "first": list(FIRST), "last": list(LAST), "start": start,
        "events": events,
    }  # fmt: skip
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("SET statement_timeout = 0")
        owner.execute(WITH_PREFIX)
        for first in range(0, events, 50_000):
            part = {"from": first, "to": min(first + 50_000, events) - 1}
            statement = HISTORY.replace("array_prepend_all", "pg_temp.array_prepend_all")
            owner.execute(statement, {**facts, **part})
        owner.execute(RUNS, facts)
        owner.execute("VACUUM ANALYZE workflow_events")
        owner.execute("VACUUM ANALYZE workflow_runs")
    print(f"{events:,} events, filled in {perf_counter() - began:.0f} s", flush=True)
    return tenant


def _measure(tenant, rounds):
    from workflows.models.run import WorkflowRun
    from workflows.services.events import search
    from workflows.services.events.search import Scope, search_events, search_runs

    print(
        f"{'term':<16}{'status':<11}{'days':>5}{'true':>9}{'shown':>7}"
        f"  {'says':<22}{'ms':>7}{'first':>7}"
    )
    for term, status, days in product(WORDS, STATUSES, DAYS):
        rows = WorkflowRun.objects.filter(tenant=tenant)
        since = lowest_id_at(datetime.now(UTC) - timedelta(days=days or 10_000))
        rows = rows.filter(id__gte=since) if days else rows
        tested = Q(parent_run=None)
        if status == "failed":
            rows = rows.with_errors()
        if status:
            tested &= Q(status=status)
        found, times = None, []
        for _ in range(rounds):
            began = perf_counter()
            found = search_runs([tenant], term, Scope(rows, tested))
            times.append((perf_counter() - began) * 1000)
        true = _truth(tenant, term, status, since, partly=found.is_partial)
        assert list(found.ids) == true[: len(found.ids)], (term, status, days)
        assert not found.is_complete or len(found.ids) == len(true), (term, status, days)
        says = "complete" if found.is_complete else "more" if found.is_cut else "newest 20,000"
        says += ", parts" if found.is_partial else ""
        print(
            f"{term:<16}{status or '-':<11}{days or '-':>5}{len(true):>9}{len(found.ids):>7}"
            f"  {says:<22}{median(times):>7.0f}{times[0]:>7.0f}",
            flush=True,
        )
    assert search.MAX_FOUND
    for term in WORDS:
        times = []
        for _ in range(rounds):
            began = perf_counter()
            found = search_events([tenant], term)
            times.append((perf_counter() - began) * 1000)
        print(f"events {term:<16}{len(found.ids):>6} {median(times):>7.0f} ms", flush=True)


def _truth(tenant, term, status, since, *, partly):
    from tenants.core.text.search_terms import read_term

    said = read_term(term, tenant.country)
    facts = {"tenant": tenant.pk, "status": status, "since": since}
    holds = []
    for place, word in enumerate(said.words):
        names = {f"s{place}": [f"{tenant.pk}:{one}" for one in word.spellings],
                 f"a{place}": [f"{tenant.pk}:{one}" for one in word.apart]}  # fmt: skip
        one = f"array_cat(event.search_keys, '{{}}') && %(s{place})s::text[]"
        if word.apart:
            one = f"({one} OR array_cat(event.search_keys, '{{}}') @> %(a{place})s::text[])"
        if partly:
            names = {f"p{place}": [f"%{one}%".replace("_", "\\_") for one in word.spellings]}
            one = (
                "replace(array_to_string(event.search_keys, E'\\n'), event.tenant_id || ':', '')"
                f" LIKE ANY (%(p{place})s::text[])"
            )
        facts |= names
        holds.append(one)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(f"{TRUTH}{' AND '.join(holds)}) ORDER BY run.id DESC", facts)
        return [row[0] for row in cursor.fetchall()]


if __name__ == "__main__":
    main()
