"""Claiming, fencing and taking over, by two worker groups at once."""

from datetime import timedelta
from time import monotonic

import pytest
from django.db import connection
from django.utils import timezone

from tests.support.definitions import publish_log
from tests.support.live import wait_until
from workflows.engine.progress import Progress
from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.models.worker import WorkflowWorker
from workflows.runtime.runs import fence, store
from workflows.runtime.runs.execute import execute
from workflows.runtime.workers.lease_keeper import Watch
from workflows.runtime.workers.reaper import take_over_from_the_dead
from workflows.runtime.workers.session import DispatcherSession
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=30)
DONE = Progress(RunStatus.COMPLETED, ({"step_name": "call", "status": "completed"},), 1, None)


@pytest.fixture
def workers(tenant):
    """Two workers, each of its own group."""
    sessions = [DispatcherSession(group, 4, LEASE) for group in ("north", "south")]
    yield sessions
    for session in sessions:
        if not session.connection().closed:
            session.close()


@pytest.fixture
def queue(tenant, other_tenant):
    """Let both tenants have something that listens."""
    for one in (tenant, other_tenant):
        publish_log(one, "one", "x")
    return tenant, other_tenant


def test_a_run_is_claimed_by_one_worker_only(queue, workers):
    tenant, _ = queue
    fire(tenant, "x", {})
    north, south = workers

    first, second = north.claim(4), south.claim(4)

    assert (len(first), second) == (1, [])
    run = WorkflowRun.objects.get()
    assert (run.status, run.worker, run.lease_token) == ("running", north.worker, 1)
    assert run.pending == {"begun": True}
    assert run.due_at is not None


def test_a_quiet_tenant_does_not_wait_behind_a_noisy_one(queue, workers):
    noisy, quiet = queue
    for _ in range(20):
        fire(noisy, "x", {})
    fire(quiet, "x", {})
    WorkflowRun.objects.filter(tenant=noisy).update(due_at=timezone.now() - timedelta(hours=1))

    claimed = [claim.tenant_id for claim in workers[0].claim(4)]

    assert (claimed.count(quiet.id), claimed.count(noisy.id)) == (1, 3)


def test_who_was_served_lately_waits_for_its_turn_even_with_one_free_slot(queue, workers):
    noisy, quiet = queue
    for _ in range(20):
        fire(noisy, "x", {})
    fire(quiet, "x", {})
    WorkflowRun.objects.filter(tenant=noisy).update(due_at=timezone.now() - timedelta(hours=1))

    [first] = workers[0].claim(1)
    [second] = workers[0].claim(1, {first.tenant_id: 1})

    assert (first.tenant_id, second.tenant_id) == (noisy.id, quiet.id)


def test_a_paused_tenant_keeps_its_runs_and_starts_none(queue, workers):
    tenant, other = queue
    fire(tenant, "x", {})
    fire(other, "x", {})
    tenant.paused_at = timezone.now()
    tenant.save()

    assert [claim.tenant_id for claim in workers[0].claim(4)] == [other.id]
    assert WorkflowRun.objects.get(tenant=tenant).status == "queued"


def test_a_waiting_run_is_claimed_when_it_is_due_and_not_before(queue, workers):
    tenant, _ = queue
    fire(tenant, "x", {})
    WorkflowRun.objects.update(status="waiting", due_at=timezone.now() + timedelta(hours=1))

    assert workers[0].claim(4) == []
    WorkflowRun.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert len(workers[0].claim(4)) == 1


def test_what_a_taken_over_worker_writes_changes_nothing(queue, workers):
    tenant, _ = queue
    fire(tenant, "x", {})
    north, south = workers
    [stale] = north.claim(4)
    north.connection().close()  # as a death would

    wait_until(lambda: take_over_from_the_dead(south.connection(), LEASE, sweep=False))
    [fresh] = south.claim(4)
    with pytest.raises(fence.LeaseLost):
        store.write(stale, DONE)

    assert WorkflowRun.objects.get().step_results == []
    store.write(fresh, DONE)
    assert WorkflowRun.objects.get().status == "completed"
    assert fresh.was_begun
    assert WorkflowRun.objects.get().crashes == 0
    assert list(WorkflowWorker.objects.values_list("number", flat=True)) == [south.worker]


def test_a_run_handed_back_stands_as_it_stood(queue, workers):
    tenant, _ = queue
    fire(tenant, "x", {})
    [claim] = workers[0].claim(1)

    workers[0].hand_back(claim)

    run = WorkflowRun.objects.get()
    assert (run.status, run.worker, run.pending) == ("queued", None, None)
    assert not workers[1].claim(1)[0].was_begun


def test_a_lease_that_ended_is_found_by_the_sweep_though_the_worker_lives(queue, workers):
    tenant, _ = queue
    fire(tenant, "x", {})
    north, south = workers
    [claim] = north.claim(1)
    north.end_lease(claim)

    assert take_over_from_the_dead(south.connection(), LEASE, sweep=False) == 0
    assert take_over_from_the_dead(south.connection(), LEASE, sweep=True) == 1
    assert WorkflowRun.objects.get().crashes == 1


def test_a_run_that_ends_its_worker_five_times_fails_as_poisoned(queue, workers):
    tenant, _ = queue
    fire(tenant, "x", {})
    north, south = workers
    for crash in range(1, 6):
        WorkflowRun.objects.filter(status="queued").update(
            due_at=timezone.now() - timedelta(seconds=1)
        )
        [claim] = north.claim(1)
        north.end_lease(claim)
        take_over_from_the_dead(south.connection(), LEASE, sweep=True)
        assert WorkflowRun.objects.get().crashes == crash

    [claim] = north.claim(1)
    watch = Watch(LEASE)
    watch.take(claim, monotonic())
    execute(claim, watch)

    run = WorkflowRun.objects.get()
    assert run.step_results == []
    assert (run.status, run.error_code, run.due_at) == ("failed", "poisoned", None)
    assert run.error_fingerprint


def test_a_silent_worker_is_dead_after_a_lease(queue, workers):
    tenant, _ = queue
    fire(tenant, "x", {})
    north, south = workers
    north.claim(1)
    WorkflowWorker.objects.filter(number=north.worker).update(
        beat_at=timezone.now() - timedelta(minutes=1)
    )

    assert take_over_from_the_dead(south.connection(), LEASE, sweep=False) == 1
    assert north.renew([run.id for run in WorkflowRun.objects.all()]) == {}


def test_checkpoints_are_hot_updates(queue, workers):
    """No index holds what a checkpoint changes: PostgreSQL then writes no index entry for it."""
    tenant, _ = queue
    # So few that they and what becomes of them fit into one page, whoever looks at old rows.
    for _ in range(6):
        fire(tenant, "x", {})
    claims = workers[0].claim(6)
    step = Progress(RunStatus.RUNNING, ({"step_name": "a", "status": "completed"},), 1, {"step": 1})

    before = updates_of_runs()
    for claim in claims:
        store.write(claim, step)
    after = updates_of_runs()

    assert after[0] - before[0] == 6
    assert after[1] - before[1] == 6


def updates_of_runs():
    """Return how many updates the table has had, and how many of them were HOT."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
            " WHERE relname = 'workflow_runs'"
        )
        return cursor.fetchone()
