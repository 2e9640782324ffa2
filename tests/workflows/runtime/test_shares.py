"""Who gets which slots of a worker: companies share them, and what has begun goes on first."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.support.definitions import publish_log
from tests.support.live import wait_until
from tests.support.tenants import make_tenant
from tests.workflows.runtime.conftest import publish_steps
from tests.workflows.runtime.dispatchers import working
from workflows.models.run import WorkflowRun
from workflows.runtime.workers.session import DispatcherSession, Shares
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=30)
NEVER_ANSWERS = {"name": "a", "action": "probe", "params": {}}


@pytest.fixture
def worker(tenant):
    session = DispatcherSession("north", 8, LEASE)
    yield session
    session.close()


def fire_many(tenant, count):
    return [fire(tenant, "x", {}).run_ids[0] for _ in range(count)]


def running(tenant):
    return WorkflowRun.objects.filter(tenant=tenant, status="running").count()


def greedy_tenants(count):
    """Found companies of which each has more due than all slots, at a silent provider."""
    made = [make_tenant(f"greedy{number}") for number in range(count)]
    for one in made:
        publish_steps(one, NEVER_ANSWERS)
    return made


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_company_that_holds_nothing_begins_at_once_whatever_others_hold(
    tenant, gate, monkeypatch, count
):
    publish_steps(tenant, {"name": "a", "action": "log_note", "params": {"text": "done"}})
    greedy = greedy_tenants(count)
    with working(monkeypatch, groups=("north", "south"), slots=4) as dispatchers:
        for one in greedy:  # one after the other: each finds what the others have left
            fire_many(one, 12)
            wait_until(lambda one=one: running(one) >= 1, 10)

        ids = fire_many(tenant, 3)

        wait_until(
            lambda: WorkflowRun.objects.filter(pk__in=ids, status="completed").count() == 3, 5
        )
        assert all(running(one) < 12 for one in greedy)
        assert all(one.dispatcher.slots.busy <= one.dispatcher.slots.most for one in dispatchers)
        gate.set()
        wait_until(lambda: not WorkflowRun.objects.filter(due_at__isnull=False).exists(), 60)


def test_while_two_companies_have_due_work_neither_gets_more_than_its_share(
    tenant, other_tenant, worker
):
    for one in (tenant, other_tenant):
        publish_log(one, "one", "x")
        fire_many(one, 20)

    claims = worker.claim(8, shares=Shares(8, spare=24))

    counts = [sum(claim.tenant_id == one.pk for claim in claims) for one in (tenant, other_tenant)]
    assert counts == [4, 4]


@pytest.mark.parametrize(("held", "free", "expected"), [(8, 0, 4), (4, 4, 4), (20, 0, 4)])
def test_spare_slots_are_for_who_holds_less_than_a_share(
    tenant, other_tenant, worker, held, free, expected
):
    for one in (tenant, other_tenant):
        publish_log(one, "one", "x")
        fire_many(one, 20)
    shares = Shares(8, spare=24, held={tenant.pk: held})

    claims = worker.claim(free, {tenant.pk: held}, shares=shares)

    assert [claim.tenant_id for claim in claims] == [other_tenant.pk] * expected


def test_a_company_alone_has_all_slots_and_none_of_the_spare_ones(tenant, worker):
    publish_log(tenant, "one", "x")
    fire_many(tenant, 20)

    first = worker.claim(8, shares=Shares(8, spare=24))
    held = {tenant.pk: len(first)}

    assert len(first) == 8
    assert worker.claim(0, held, shares=Shares(8, spare=24, held=held)) == []


def woken(tenant, ids, ago=0):
    """Let these runs be due again, in the middle of their work."""
    due = timezone.now() - timedelta(seconds=ago)
    WorkflowRun.objects.filter(pk__in=ids).update(
        status="waiting", wake_reason="time", started_at=due, due_at=due
    )


def test_runs_that_have_begun_go_on_before_new_ones_start(tenant, worker):
    publish_log(tenant, "one", "x")
    ids = fire_many(tenant, 30)
    WorkflowRun.objects.update(due_at=timezone.now() - timedelta(minutes=5))
    woken(tenant, ids[-12:])

    claimed = [claim.run_id for claim in worker.claim(8)]

    begun = [run_id for run_id in claimed if run_id in ids[-12:]]
    assert (len(claimed), len(set(claimed)), len(begun)) == (8, 8, 6)


def test_new_runs_have_their_turn_although_begun_ones_never_end(tenant, worker):
    publish_log(tenant, "one", "x")
    ids = fire_many(tenant, 20)
    WorkflowRun.objects.update(due_at=timezone.now() - timedelta(minutes=5))
    loops, new = ids[:10], ids[10:]
    started = set()
    for _ in range(8):  # one slot, which whatever goes round takes again and again
        woken(tenant, loops, ago=1)
        [claim] = worker.claim(1)
        if claim.run_id in new:
            started.add(claim.run_id)
        WorkflowRun.objects.filter(pk=claim.run_id).update(due_at=None, status="completed")

    assert len(started) == 2


def test_with_only_begun_runs_due_they_have_every_slot(tenant, worker):
    publish_log(tenant, "one", "x")
    ids = fire_many(tenant, 12)
    woken(tenant, ids)

    claimed = [claim.run_id for claim in worker.claim(8)]

    assert (len(claimed), len(set(claimed))) == (8, 8)


def test_a_run_whose_worker_died_comes_before_a_long_queue(tenant, worker):
    publish_log(tenant, "one", "x")
    [crashed] = fire_many(tenant, 1)
    [claim] = worker.claim(1)
    WorkflowRun.objects.update(worker=999_999, crashes=1, lease_until="2026-01-01T00:00Z")
    assert claim.run_id == crashed
    worker.take_over_from_the_dead([], sweep=True)
    fire_many(tenant, 30)
    WorkflowRun.objects.exclude(pk=crashed).update(due_at=timezone.now() - timedelta(minutes=5))
    # After its rest: a second crash waits some seconds.
    WorkflowRun.objects.filter(pk=crashed).update(due_at=timezone.now())

    assert crashed in [claim.run_id for claim in worker.claim(4, suspects_due_for=timedelta(0))]
