"""What monitoring is told."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tests.support.definitions import publish_log
from workflows.models.run import WorkflowRun
from workflows.models.worker import WorkflowWorker


@pytest.fixture
def waiting_run(caller, tenant):
    """A run that has been due for a while."""
    publish_log(tenant, "log", "new_order")
    caller.fire()
    moment = timezone.now() - timedelta(seconds=90)
    WorkflowRun.objects.update(due_at=moment, created_at=moment)
    return WorkflowRun.objects.get()


@pytest.fixture
def worker(db):
    return WorkflowWorker.objects.create(number=1, group="g", host="h", pid=1, slots=1)


def test_all_is_well(nobody, worker):
    answer = nobody.get("health/")
    assert answer.status_code == 200
    shown = answer.json()
    assert datetime.fromisoformat(shown.pop("last_beat_at")) <= timezone.now()
    assert shown == {"status": "ok", "oldest_due_seconds": None, "live_workers": 1}


def test_events_are_accepted_although_nobody_works(nobody):
    answer = nobody.get("health/")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["live_workers"] == 0


def test_a_silent_worker_is_not_alive(nobody, worker):
    WorkflowWorker.objects.update(beat_at=timezone.now() - timedelta(minutes=5))
    assert nobody.get("health/").json()["live_workers"] == 0


def test_a_run_that_waits_for_long_is_told(nobody, worker, waiting_run):
    answer = nobody.get("health/").json()
    assert answer["status"] == "degraded"
    assert 85 <= answer["oldest_due_seconds"] < 120


def test_a_run_under_way_waits_for_nobody(nobody, worker, waiting_run):
    WorkflowRun.objects.update(status="running")
    assert nobody.get("health/").json()["oldest_due_seconds"] is None


def test_a_run_put_back_after_a_crash_has_not_waited_since_1970(nobody, worker, waiting_run):
    WorkflowRun.objects.update(due_at="1970-01-01T00:00:00Z")
    assert nobody.get("health/").json()["status"] == "ok"


def test_a_paused_tenants_runs_are_not_late(nobody, worker, waiting_run, tenant):
    type(tenant).objects.update(paused_at=timezone.now())
    assert nobody.get("health/").json()["status"] == "ok"


def test_a_wrong_key_is_no_matter(worker, nobody):
    assert nobody.get("health/", Authorization="Api-Key wrong").status_code == 200
