"""What is compared and ranged over is the same in every collation a database may have."""

import pytest
from django.db import connection

from actions.spec import Effect
from tests.support.machine import Machine
from workflows.models.run import WorkflowRun
from workflows.runtime.waits.matching import FORMS
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)

# As if the database had this collation: every text of these tables that has none of its own.
TEXT_OF_TABLES = """
SELECT format('ALTER TABLE %%I ALTER COLUMN %%I TYPE %%s COLLATE "%%s"',
    attrelid::regclass, attname, format_type(atttypid, atttypmod), %s)
FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid = ANY(%s::regclass[])
    AND atttypid IN ('text'::regtype, 'varchar'::regtype)
    AND attcollation = 'default'::regcollation
"""
BACK = """
SELECT format('ALTER TABLE %%I ALTER COLUMN %%I TYPE %%s COLLATE pg_catalog."default"',
    attrelid::regclass, attname, format_type(atttypid, atttypmod))
FROM pg_attribute JOIN pg_collation ON pg_collation.oid = attcollation
WHERE attnum > 0 AND attrelid = ANY(%s::regclass[]) AND collname = %s
"""
TABLES = ["workflow_runs", "workflow_events", "workflow_lanes", "workflow_definitions"]
KNOWN = "SELECT count(*) FROM pg_collation WHERE collname = %s"


@pytest.fixture(params=["C", "en-x-icu", "en_US.utf8"])
def collation(request, db):
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, [request.param])
        if not cursor.fetchone()[0]:
            pytest.skip(f"this server knows no {request.param}")
        cursor.execute(TEXT_OF_TABLES, [request.param, TABLES])
        _each(cursor)
        yield request.param
        if request.param != "C":
            cursor.execute(BACK, [TABLES, request.param])
            _each(cursor)
        else:
            cursor.execute(BACK + " AND attname <> 'key'", [TABLES, "C"])
            _each(cursor)


def _each(cursor):
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)


@pytest.fixture
def machine(tenant, collation):
    worker = Machine()
    yield worker
    worker.close()


def awaits(kind, **match):
    return {"name": "w", "action": "wait_for_event", "params": {"type": kind, "match": match}}


@pytest.mark.parametrize("kind", ["paid", "order_paid", "order.paid-2", "Paid"])
def test_an_event_wakes_its_run_and_no_other(tenant, machine, library, publish_steps, kind):
    publish_steps(tenant, awaits(kind, **{"order.id": "{{ trigger.order }}"}))
    for order in ("a", "A", "á"):
        fire(tenant, "x", {"order": order})
    machine.work()

    fire(tenant, kind, {"order": {"id": "A"}})
    fire(tenant, "order", {"order": {"id": "a"}})
    machine.work()

    statuses = WorkflowRun.objects.order_by("id").values_list("status", flat=True)
    assert list(statuses) == ["waiting", "completed", "waiting"]


def test_every_form_of_question_of_a_type_is_found_and_none_of_another(
    tenant, machine, publish_steps
):
    paths = ["a", "b.c", "B", "ب"]
    steps = [{**awaits("paid", **{path: "1"}), "name": f"w{at}"} for at, path in enumerate(paths)]
    block = {"branches": [{"name": step["name"], "steps": [step]} for step in steps]}
    other = [awaits(kind, a="1") for kind in ("pai", "paid2", "paid.late", "paid-off")]
    block["branches"] += [
        {"name": f"o{at}", "steps": [{**step, "name": f"o{at}"}]} for at, step in enumerate(other)
    ]
    publish_steps(tenant, {"name": "all", "action": "parallel", "params": block})
    fire(tenant, "x", {})
    machine.work()

    with connection.cursor() as cursor:
        values = {"tenant": tenant.id, "low": "event:paid:", "high": "event:paid;"}
        cursor.execute(FORMS, values)
        found = [row[0] for row in cursor.fetchall()]

    asked = set(WorkflowRun.objects.exclude(wait_match=None).values_list("wait_type", flat=True))
    assert found == sorted(form for form in asked if form.startswith("event:paid:"))
    assert len(found) == len(paths)


def test_lanes_of_alike_keys_are_different_lanes(tenant, machine, library, publish_steps):
    library(Effect.REPEATABLE, lambda params, context: {})
    pause = {"name": "pause", "action": "wait", "params": {"for": "1h"}}
    publish_steps(tenant, pause, settings={"concurrency_key": "{{ trigger.key }}"})
    for key in ("a", "A", "a-", "a", "á"):
        fire(tenant, "x", {"key": key})
    machine.work()

    waiting = WorkflowRun.objects.order_by("id").values_list("wait_type", flat=True)
    assert list(waiting) == ["time", "time", "time", "lane", "time"]
