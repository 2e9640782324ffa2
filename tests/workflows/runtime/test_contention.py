"""Several workers, families, lanes and people who cancel: nothing hangs, nothing leaks."""

from random import Random
from threading import Event, Thread
from time import monotonic

import pytest
from django.db import connection, connections

from actions.errors import PermanentFailure
from actions.spec import Effect
from tests.support.machine import Machine
from workflows.models.definition import WorkflowLane
from workflows.models.run import WorkflowRun
from workflows.services.events.fire import fire
from workflows.services.refusals import RunHasEnded
from workflows.services.runs.cancel import cancel

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS, ROOTS, ITEMS = 3, 12, 8


def test_families_lanes_and_cancels_at_once(tenant, library, publish_steps):
    seed = 20261122
    chance = Random(seed)

    def probe(params, context):
        if params["to"] == "no":
            raise PermanentFailure("refused")

    library(Effect.REPEATABLE, probe)
    settings = {"concurrency_key": "{{ trigger.key }}", "max_running": 4}
    publish_steps(tenant, each("first"), each("second"), settings=settings)
    for number in range(ROOTS):
        items = ["no" if chance.random() < 0.1 else "ok" for _ in range(ITEMS)]
        fire(tenant, "x", {"items": items, "key": str(number % 5)})
    troubles = []
    threads = [Thread(target=work, args=(f"worker-{n}", troubles)) for n in range(WORKERS)]
    for thread in threads:
        thread.start()
    pause = Event()
    for _ in range(20):
        pause.wait(0.05)
        run = WorkflowRun.objects.filter(due_at__isnull=False).order_by("?").first()
        if run is not None:
            try:
                cancel(tenant, run.id)
            except RunHasEnded:
                continue
    for thread in threads:
        thread.join(60)

    assert troubles == []
    live = WorkflowRun.objects.filter(due_at__isnull=False)
    assert [(run.status, run.wait_type, run.children_open) for run in live] == []
    assert set(WorkflowLane.objects.values_list("holders", flat=True)) == {0}
    ended = WorkflowRun.objects.filter(parent_run=None)
    assert ended.count() == ROOTS
    assert set(ended.values_list("status", flat=True)) <= {
        "completed",
        "completed_with_errors",
        "cancelled",
    }


def each(name):
    act = {"name": f"{name}_act", "action": "probe", "params": {"to": "{{ item }}"}}
    params = {"items": "{{ trigger.items }}", "steps": [act], "concurrency": 3}
    return {
        "name": name,
        "action": "for_each",
        "params": {**params, "if_one_fails": "stop"},
        "on_error": "continue",
    }


def work(group, troubles):
    machine = Machine(group)
    try:
        end = monotonic() + 50
        while monotonic() < end:
            if not machine.turn(limit=2) and not is_anything_live():
                return
        troubles.append(f"{group} never came to an end")
    except Exception as trouble:
        troubles.append(repr(trouble))
        raise
    finally:
        machine.close()
        connections.close_all()


def is_anything_live():
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM workflow_runs WHERE due_at IS NOT NULL)")
        return cursor.fetchone()[0]
