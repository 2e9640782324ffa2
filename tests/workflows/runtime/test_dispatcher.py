"""The dispatcher's main thread: who is executed beside whom, what a drain leaves, what ends it."""

from dataclasses import replace
from datetime import timedelta
from threading import Thread
from time import monotonic, sleep
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connection

from tests.support.live import wait_until
from tests.workflows.runtime.dispatchers import stop_pipe_of, working
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.models.worker import WorkflowWorker
from workflows.runtime.workers import dispatcher as dispatching
from workflows.runtime.workers import slots, upkeep
from workflows.runtime.workers.dispatcher import Dispatcher
from workflows.runtime.workers.session import DispatcherSession
from workflows.runtime.workers.upkeep import SessionLost
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=30)


@pytest.fixture
def dispatcher(tenant, monkeypatch):
    with stop_pipe_of(monkeypatch):
        machine = Dispatcher(DispatcherSession("north", 3, LEASE), 3, LEASE)
        yield machine
        if not machine.watch.is_stopping():
            machine.drain(timedelta(seconds=5))


@pytest.fixture
def gate(gate, tenant, publish_steps):
    """Let steps hang until the gate opens."""
    publish_steps(tenant, {"name": "a", "action": "probe", "params": {}})
    return gate


@pytest.fixture
def quick(tenant):
    """Let events of the type "quick" start runs that are over at once."""
    definition = WorkflowDefinition(tenant=tenant, key="quick", is_active=True)
    note = {"name": "a", "action": "log_note", "params": {"text": "done"}}
    publish(tenant, "t", definition, {"name": "Q", "trigger_type": "quick", "steps": [note]})


def test_a_suspect_is_executed_with_nothing_beside_it(tenant, dispatcher, gate):
    for _ in range(2):
        fire(tenant, "x", {})
    [suspect_id] = fire(tenant, "x", {}).run_ids
    WorkflowRun.objects.filter(pk=suspect_id).update(crashes=2)

    dispatcher._claim(monotonic())
    assert (dispatcher.slots.busy, len(dispatcher.suspects)) == (2, 1)

    gate.set()
    wait_until(lambda: dispatcher.slots.busy == 0)
    gate.clear()
    fire(tenant, "x", {})
    dispatcher._claim(monotonic())
    dispatcher._claim(monotonic())
    assert (dispatcher.slots.busy, bool(dispatcher.suspects.seconds_to_hold_back())) == (1, True)
    assert WorkflowRun.objects.filter(status="queued").count() == 1

    gate.set()
    wait_until(lambda: dispatcher.slots.busy == 0)
    dispatcher._claim(monotonic())
    wait_until(lambda: WorkflowRun.objects.filter(status="completed").count() == 4)


def test_a_drain_gives_waiting_suspects_back_untouched(tenant, dispatcher, gate):
    fire(tenant, "x", {})
    [suspect_id] = fire(tenant, "x", {}).run_ids
    WorkflowRun.objects.filter(pk=suspect_id).update(crashes=2)
    dispatcher._claim(monotonic())
    gate.set()

    dispatcher.drain(timedelta(seconds=5))

    suspect = WorkflowRun.objects.get(pk=suspect_id)
    assert (suspect.status, suspect.worker, suspect.pending) == ("queued", None, None)
    assert not WorkflowWorker.objects.exists()


def suspect(tenant, crashes=2):
    """Fire a run that has ended its workers before."""
    [run_id] = fire(tenant, "x", {}).run_ids
    WorkflowRun.objects.filter(pk=run_id).update(crashes=crashes)
    return run_id


def status_of(run_id):
    return WorkflowRun.objects.get(pk=run_id).status


@pytest.mark.parametrize("crashes", [2, 3, 4])
def test_a_suspect_keeps_no_other_run_from_beginning_behind_a_long_step(
    tenant, gate, quick, monkeypatch, crashes
):
    monkeypatch.setattr(slots, "PATIENCE", timedelta(seconds=2))
    [long] = fire(tenant, "x", {}).run_ids
    with working(monkeypatch, slots=7):
        wait_until(lambda: status_of(long) == "running")
        suspected = suspect(tenant, crashes)

        others = [fire(tenant, "quick", {}).run_ids[0] for _ in range(20)]
        wait_until(lambda: all(status_of(run_id) == "completed" for run_id in others))
        wait_until(lambda: status_of(suspected) == "running", 6)

        assert status_of(long) == "running"
        gate.set()
        wait_until(lambda: status_of(suspected) == "completed")


def test_a_long_step_of_a_suspect_that_was_begun_alone_does_not_hold_others_up(
    tenant, gate, quick, monkeypatch
):
    suspected = suspect(tenant)
    with working(monkeypatch):
        wait_until(lambda: status_of(suspected) == "running")

        [other] = fire(tenant, "quick", {}).run_ids
        wait_until(lambda: status_of(other) == "completed")

        assert status_of(suspected) == "running"
        gate.set()


def test_many_suspects_do_not_add_up_their_delays(tenant, gate, quick, monkeypatch):
    """Between two suspects that are begun alone, whatever else is due is begun."""
    suspected = [suspect(tenant) for _ in range(6)]
    gate.set()
    with working(monkeypatch):
        wait_until(lambda: any(status_of(run_id) != "queued" for run_id in suspected))
        [other] = fire(tenant, "quick", {}).run_ids
        wait_until(lambda: all(status_of(run_id) == "completed" for run_id in suspected), 40)

        last = WorkflowRun.objects.filter(pk__in=suspected).latest("completed_at")
        assert WorkflowRun.objects.get(pk=other).completed_at < last.completed_at


def test_a_busy_worker_leaves_a_suspect_to_an_idle_one(tenant, gate, dispatcher):
    fire(tenant, "x", {})
    dispatcher._claim(monotonic())
    suspected = suspect(tenant)

    dispatcher._claim(monotonic())
    assert (dispatcher.slots.busy, len(dispatcher.suspects)) == (1, 0)

    idle = DispatcherSession("south", 3, LEASE)
    assert [claim.run_id for claim in idle.claim(3)] == [suspected]
    idle.close()


FAILURES = [
    "lock_not_available",
    "query_canceled",  # as after a statement time-out
    "deadlock_detected",
    "serialization_failure",
    "data_exception",
]
PARTS = ["claim", "match_events", "renew", "take_over_from_the_dead", "end_lease", "hand_back"]


@pytest.mark.parametrize("part", PARTS)
def test_trouble_of_any_kind_with_one_part_of_its_work_ends_nothing(
    tenant, gate, quick, monkeypatch, part
):
    monkeypatch.setattr(upkeep, "FIRST_PAUSE_SECONDS", 0.05)
    real, kinds = getattr(DispatcherSession, part), list(FAILURES)

    def fail_in_every_way(session, *given, **more):
        if kinds:
            session.connection().execute(f"DO $$ BEGIN RAISE {kinds.pop()}; END $$")
        return real(session, *given, **more)

    [long] = fire(tenant, "x", {}).run_ids
    with working(monkeypatch, lease=timedelta(seconds=1.5)) as [north]:
        wait_until(lambda: status_of(long) == "running")
        monkeypatch.setattr(DispatcherSession, part, fail_in_every_way)
        if part == "end_lease":
            north.dispatcher.upkeep.given_up.append(a_stale_claim(north.dispatcher))
        if part == "hand_back":
            north.dispatcher.end_of_life = monotonic()
            north.dispatcher.suspects.add(a_stale_claim(north.dispatcher), timedelta(0))
        else:
            [other] = fire(tenant, "quick", {}).run_ids
            wait_until(lambda: not kinds and status_of(other) == "completed")
            assert north.ended is None
        gate.set()
        wait_until(lambda: status_of(long) == "completed")
    assert (kinds, WorkflowRun.objects.filter(crashes__gt=0).count()) == ([], 0)


def a_stale_claim(dispatcher):
    """Return a claim of a run that is gone."""
    [(claim, _until)] = dispatcher.watch._leases.values()
    return replace(claim, run_id=uuid4())


def test_bad_data_that_python_refuses_is_no_end_of_the_worker_either(
    tenant, gate, quick, monkeypatch
):
    def refuse(session):
        raise ValueError("not a number")

    monkeypatch.setattr(DispatcherSession, "match_events", refuse)
    with working(monkeypatch) as [north]:
        [run_id] = fire(tenant, "quick", {}).run_ids
        wait_until(lambda: status_of(run_id) == "completed")
        assert north.ended is None


def test_a_session_that_the_server_closed_is_lost(tenant, gate, monkeypatch):
    with working(monkeypatch) as [north]:
        pid = north.dispatcher.session.connection().info.backend_pid
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        wait_until(lambda: north.ended is not None)

    assert isinstance(north.ended, SessionLost)


@pytest.fixture
def whole_dispatcher(monkeypatch):
    """The task of a worker process from its first to its last line, with a short life."""
    replaced = []
    short = SimpleNamespace(slots=3, lease=LEASE, grace=timedelta(seconds=1))
    monkeypatch.setattr(dispatching, "LIFE_SECONDS", 1)
    monkeypatch.setattr(
        dispatching, "end_this_process_after_the_task", lambda: replaced.append(True)
    )
    monkeypatch.setattr(dispatching, "current", lambda: short)
    said = []
    thread = Thread(target=lambda: said.append(dispatching.dispatch()), daemon=True)
    with stop_pipe_of(monkeypatch) as ask:
        yield SimpleNamespace(thread=thread, said=said, replaced=replaced, ask=ask)
        ask()
        thread.join(10)


def test_at_the_end_of_its_life_a_worker_waits_for_its_steps_however_long_they_take(
    tenant, gate, quick, whole_dispatcher
):
    [long] = fire(tenant, "x", {}).run_ids
    whole_dispatcher.thread.start()
    wait_until(lambda: status_of(long) == "running")
    sleep(3)  # the life is over, and so is the grace of a worker that was asked to stop
    [late] = fire(tenant, "quick", {}).run_ids
    sleep(1)

    assert (status_of(late), whole_dispatcher.said) == ("queued", [])
    assert WorkflowWorker.objects.count() == 1
    gate.set()
    whole_dispatcher.thread.join(10)
    assert (whole_dispatcher.said, whole_dispatcher.replaced) == (["replaced"], [True])
    run = WorkflowRun.objects.get(pk=long)
    assert (run.status, run.crashes) == ("completed", 0)
    assert status_of(late) == "queued"


def test_near_its_end_a_worker_is_replaced_in_the_first_quiet_moment(whole_dispatcher, monkeypatch):
    monkeypatch.setattr(dispatching, "LIFE_SECONDS", 60)
    monkeypatch.setattr(dispatching, "QUIET_END", 1 / 60)

    whole_dispatcher.thread.start()
    whole_dispatcher.thread.join(10)

    assert (whole_dispatcher.said, whole_dispatcher.replaced) == (["replaced"], [True])


def test_a_worker_asked_to_stop_while_it_waits_for_its_last_steps_stops_within_its_grace(
    tenant, gate, whole_dispatcher
):
    [long] = fire(tenant, "x", {}).run_ids
    whole_dispatcher.thread.start()
    wait_until(lambda: status_of(long) == "running")
    sleep(2)

    whole_dispatcher.ask()
    whole_dispatcher.thread.join(10)

    assert not whole_dispatcher.thread.is_alive()
    assert status_of(long) == "running"
    # Its process must stay: somebody has to take the package that django-q2's pusher holds.
    assert (whole_dispatcher.said, whole_dispatcher.replaced) == (["asked to stop"], [])


def test_a_database_that_stood_still_makes_nobody_take_the_others_for_dead(tenant, gate):
    """All are silent for as long, and the first that is heard again must not judge the others."""
    north, south = (
        DispatcherSession(group, 3, timedelta(seconds=1)) for group in ("north", "south")
    )
    fire(tenant, "x", {})
    [claim] = south.claim(1)
    sleep(1.5)

    north.beat()

    assert north.take_over_from_the_dead([], sweep=True) == 0
    assert south.renew([claim.run_id]) == {claim.run_id: claim.token}
    north.close()
    south.close()


def test_a_worker_finds_runs_of_its_own_that_it_does_not_know_of(tenant, gate):
    """The answer to a claim got lost: its worker lives, and nobody else takes them over."""
    fire(tenant, "x", {})
    north, south = (DispatcherSession(group, 3, LEASE) for group in ("north", "south"))
    [claim] = north.claim(1)
    WorkflowRun.objects.update(lease_until="2026-01-01T00:00Z")

    assert south.take_over_from_the_dead([], sweep=True) == 0
    assert north.take_over_from_the_dead([claim.run_id], sweep=True) == 0
    assert north.take_over_from_the_dead([], sweep=True) == 1
    north.close()
    south.close()
