"""What a worker tells the others of itself."""

from datetime import timedelta
from decimal import Decimal
from threading import Thread, current_thread
from time import monotonic
from types import SimpleNamespace

import pytest
from django.db import connection
from django.db.models import F

from actions.spec import Effect
from tenants.core.json import jsontext
from tests.support.definitions import publish_log
from tests.support.machine import LEASE, Machine
from workflows.models.run import WorkflowRun
from workflows.models.worker import WorkflowWorker
from workflows.runtime.runs.execute import execute
from workflows.runtime.workers.lease_keeper import Watch
from workflows.runtime.workers.reaper import take_over_from_the_dead
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def machines():
    machines = [Machine("north"), Machine("south")]
    yield machines
    for machine in machines:
        machine.close()


def test_a_worker_that_was_given_up_is_known_again_when_it_thaws(machines):
    frozen, other = machines
    known = WorkflowWorker.objects.filter(number=frozen.session.worker)
    before = known.values("group", "host", "pid", "slots").get()
    silent = LEASE + timedelta(seconds=1)
    known.update(beat_at=F("beat_at") - silent)
    take_over_from_the_dead(other.session.connection(), LEASE, sweep=False)
    assert not known.exists()

    frozen.session.renew([])

    assert known.values("group", "host", "pid", "slots").get() == before
    assert WorkflowWorker.objects.count() == 2


@pytest.fixture(params=["DATABASE", "ROLE"])
def zone_of_the_server(request, db):
    """Let new sessions start in another zone, as an administrator may have it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_user")
        name, role = cursor.fetchone()
        whose = f'DATABASE "{name}"' if request.param == "DATABASE" else f'ROLE "{role}"'
        cursor.execute(f"ALTER {whose} SET timezone = 'Asia/Beirut'")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER {whose} RESET timezone")


def test_a_worker_counts_in_utc_whatever_zone_the_server_is_in(tenant, zone_of_the_server):
    publish_log(tenant, "one", "x")
    fire(tenant, "x", {})
    machine = Machine("north")  # the zone of its session is the one it began with

    [claim] = machine.session.claim(1)
    machine.close()

    moments = [claim.started_at, claim.claimed_at, claim.created_at]
    assert [moment.utcoffset() for moment in moments] == [timedelta(0)] * 3
    # Two days over the change of the clocks are two days: no zone's wall time is in between.
    assert {moment.tzname() for moment in moments} == {"UTC"}


@pytest.fixture
def readers(monkeypatch):
    """Note on which thread JSON is read."""
    seen, real = [], jsontext._decoder

    def decode(text):
        seen.append(current_thread())
        return real.decode(text)

    monkeypatch.setattr(jsontext, "_decoder", SimpleNamespace(decode=decode))
    return seen


def test_the_thread_that_claims_reads_no_history(tenant, machines, library, publish_steps, readers):
    library(Effect.REPEATABLE, lambda params, context: {})
    publish_steps(tenant, {"name": "a", "action": "probe", "params": {}})
    fire(tenant, "x", {"total": "149.90", "many": [1.5] * 1000})
    WorkflowRun.objects.update(pending={"step": 0, "step_name": "a"})
    readers.clear()

    [claim] = machines[0].session.claim(1)
    assert readers == []
    watch = Watch(LEASE)
    watch.take(claim, monotonic())
    slot = Thread(target=lambda: (execute(claim, watch), connection.close()))
    slot.start()
    slot.join()

    assert set(readers) == {slot}
    assert claim.payload["total"] == "149.90"
    assert (claim.results, claim.pending, claim.previous) == (
        [],
        {"step": 0, "step_name": "a"},
        None,
    )
    assert WorkflowRun.objects.get().status == "completed"


@pytest.mark.parametrize(
    "pending",
    [None, {}, {"step": 0, "input": {"total": Decimal("149.90"), "name": "أحمد"}}],
    ids=repr,
)
@pytest.mark.parametrize("is_read", [False, True])
def test_what_was_pending_is_handed_back_as_it_was(tenant, machines, readers, pending, is_read):
    publish_log(tenant, "one", "x")
    fire(tenant, "x", {})
    WorkflowRun.objects.update(pending=pending)
    [claim] = machines[0].session.claim(1)
    read_before = len(readers)
    if is_read:
        assert claim.pending == pending

    machines[0].session.hand_back(claim)

    assert len(readers) - read_before == (is_read and pending is not None)
    run = WorkflowRun.objects.get()
    assert (run.status, run.pending) == ("queued", pending)
