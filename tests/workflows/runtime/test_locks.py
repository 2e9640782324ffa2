"""What somebody else's lock does to a worker: it waits, and nothing is lost by it."""

from datetime import timedelta
from threading import Event
from time import monotonic, sleep

import pytest
from django.db import connection

from actions.spec import Effect
from tests.support.live import wait_until
from tests.workflows.runtime.pumps import another_session, working
from workflows.models.run import WorkflowRun
from workflows.runtime.workers.session import DispatcherSession
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=3)
LOCKED_SECONDS = 1.5 * LEASE.total_seconds()

ROW = "SELECT 1 FROM workflow_runs WHERE id = ANY(%(ids)s) FOR UPDATE"
# What CREATE INDEX takes, and what an ALTER TABLE takes.
SHARE = "LOCK TABLE workflow_runs IN SHARE MODE"
EXCLUSIVE = "LOCK TABLE workflow_runs IN ACCESS EXCLUSIVE MODE"


@pytest.fixture
def steps(tenant, library, publish_steps):
    """Let each run do two things that cannot be repeated; the first waits for the gate.

    What is fired as "late" waits for the second.
    """
    gate, late, done = Event(), Event(), []

    def wait(params, context):
        connection.close()  # this thread's own
        (late if params["from"] == "late" else gate).wait(30)
        done.append((context.run_id, "a"))
        return {}

    library(Effect.NOT_REPEATABLE, wait, "probe")
    library(Effect.NOT_REPEATABLE, lambda p, c: done.append((c.run_id, "b")) or {}, "second")
    publish_steps(
        tenant,
        {
            "name": "a",
            "action": "probe",
            "params": {"from": "{{ trigger.when | default: 'soon' }}"},
        },
        {"name": "b", "action": "second", "params": {}},
    )
    yield gate, late, done
    gate.set()
    late.set()


def under_way(count):
    return WorkflowRun.objects.filter(status="running").count() == count


@pytest.mark.parametrize("lock", [ROW, SHARE, EXCLUSIVE], ids=["row", "share", "exclusive"])
def test_a_lock_that_outlasts_the_lease_takes_no_step_from_a_worker_that_lives(
    tenant, steps, monkeypatch, lock
):
    gate, late, done = steps
    # Of each two one is locked. The first two steps end under the lock, the others after it.
    whens = ("soon", "soon", "late", "late")
    ids = [fire(tenant, "x", {"when": when}).run_ids[0] for when in whens]
    with working(monkeypatch, groups=("north", "south"), lease=LEASE):
        wait_until(lambda: under_way(4))
        with another_session() as somebody, somebody.transaction():
            somebody.execute(lock, {"ids": ids[::2]})
            sleep(LOCKED_SECONDS)
            gate.set()
            sleep(0.3)
        late.set()
        wait_until(lambda: not WorkflowRun.objects.filter(due_at__isnull=False).exists())

    runs = WorkflowRun.objects.order_by("id")
    assert {(run.status, run.crashes, run.error_code) for run in runs} == {("completed", 0, None)}
    assert sorted(done) == sorted((run_id, name) for run_id in ids for name in "ab")


def test_a_locked_row_keeps_no_other_run_waiting(tenant, steps, monkeypatch):
    gate, *_ = steps
    gate.set()
    [locked] = fire(tenant, "x", {}).run_ids
    with another_session() as somebody, somebody.transaction():
        somebody.execute(ROW, {"ids": [locked]})
        with working(monkeypatch, lease=LEASE):
            begun = monotonic()
            [free] = fire(tenant, "x", {}).run_ids
            wait_until(lambda: WorkflowRun.objects.get(pk=free).status == "completed")
            took = monotonic() - begun

            assert WorkflowRun.objects.get(pk=locked).status == "queued"
    assert took < 5


def test_a_locked_row_is_neither_renewed_nor_lost_and_the_others_are_renewed(
    tenant, steps, monkeypatch
):
    ids = [fire(tenant, "x", {}).run_ids[0] for _ in range(3)]
    worker = DispatcherSession("north", 4, LEASE)
    tokens = {claim.run_id: claim.token for claim in worker.claim(3)}
    WorkflowRun.objects.filter(pk=ids[1]).update(worker=worker.worker + 1)
    with another_session() as somebody, somebody.transaction():
        somebody.execute(ROW, {"ids": ids[:1]})
        begun = monotonic()

        renewed = worker.renew(ids)

        assert monotonic() - begun < 1
        assert renewed == {ids[2]: tokens[ids[2]]}
        assert worker.still_held(ids[:2]) == {ids[0]: tokens[ids[0]]}
    assert worker.renew(ids).keys() == {ids[0], ids[2]}
    worker.close()


def test_a_run_of_a_dead_worker_that_is_locked_is_taken_over_as_soon_as_it_is_free(
    tenant, steps, monkeypatch
):
    ids = [fire(tenant, "x", {}).run_ids[0] for _ in range(2)]
    dead, other = DispatcherSession("north", 4, LEASE), DispatcherSession("south", 4, LEASE)
    dead.claim(2)
    with another_session() as somebody, somebody.transaction():
        somebody.execute(ROW, {"ids": ids[:1]})
        dead.connection().close()
        wait_until(lambda: other.take_over_from_the_dead([], sweep=False))

        statuses = dict(WorkflowRun.objects.values_list("id", "status"))
        assert statuses == {ids[0]: "running", ids[1]: "queued"}
    assert other.take_over_from_the_dead([], sweep=False) == 1
    assert not under_way(1)
    other.close()
