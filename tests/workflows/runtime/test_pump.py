"""The pump's main thread: who is executed beside whom, and what a drain leaves."""

import os
from datetime import timedelta
from threading import Event
from time import monotonic

import pytest
from django.db import connection

from actions.spec import Effect
from tests.support.live import wait_until
from workflows.models.run import WorkflowRun
from workflows.models.worker import WorkflowWorker
from workflows.runtime import pump as pump_module
from workflows.runtime.pump import Pump
from workflows.runtime.session import PumpSession
from workflows.services.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=30)


@pytest.fixture
def pump(tenant, monkeypatch):
    reader, writer = os.pipe()
    monkeypatch.setattr(pump_module, "stop_pipe", lambda: reader)
    machine = Pump(PumpSession("north", 3, LEASE), 3, LEASE)
    yield machine
    if not machine.watch.is_stopping():
        machine.drain(timedelta(seconds=5))
    os.close(reader)
    os.close(writer)


@pytest.fixture
def gate(library, tenant, publish_steps):
    """Let steps hang until the gate opens."""
    opened = Event()

    def wait(params, context):
        connection.close()  # this thread's own
        opened.wait(10)
        return {}

    library(Effect.REPEATABLE, wait)
    publish_steps(tenant, {"name": "a", "action": "probe", "params": {}})
    yield opened
    opened.set()


def under_way():
    return WorkflowRun.objects.filter(status="running").count()


def test_a_suspect_is_executed_with_nothing_beside_it(tenant, pump, gate):
    for _ in range(2):
        fire(tenant, "x", {})
    [suspect_id] = fire(tenant, "x", {}).run_ids
    WorkflowRun.objects.filter(pk=suspect_id).update(crashes=2)

    pump._claim(monotonic())
    assert (pump.slots.busy, len(pump.suspects)) == (2, 1)

    gate.set()
    wait_until(lambda: pump.slots.busy == 0)
    gate.clear()
    fire(tenant, "x", {})
    pump._claim(monotonic())
    pump._claim(monotonic())
    assert (pump.slots.busy, pump.is_quarantined) == (1, True)
    assert WorkflowRun.objects.filter(status="queued").count() == 1

    gate.set()
    wait_until(lambda: pump.slots.busy == 0)
    pump._claim(monotonic())
    wait_until(lambda: WorkflowRun.objects.filter(status="completed").count() == 4)


def test_a_drain_gives_waiting_suspects_back_untouched(tenant, pump, gate):
    fire(tenant, "x", {})
    [suspect_id] = fire(tenant, "x", {}).run_ids
    WorkflowRun.objects.filter(pk=suspect_id).update(crashes=2)
    pump._claim(monotonic())
    gate.set()

    pump.drain(timedelta(seconds=5))

    suspect = WorkflowRun.objects.get(pk=suspect_id)
    assert (suspect.status, suspect.worker, suspect.pending) == ("queued", None, None)
    assert not WorkflowWorker.objects.exists()
