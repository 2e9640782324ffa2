"""No event falls between a run that begins or ends its wait and a worker that matches."""

import threading
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from actions.spec import Effect
from tenants.core.database.ids import lowest_id_at, uuid7
from tests.support.machine import LEASE, Machine, entries
from tests.support.time_travel import travel
from tests.workflows.runtime.fates import Death
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.runtime.runs import store
from workflows.runtime.steps import live
from workflows.runtime.workers.reaper import take_over_from_the_dead
from workflows.runtime.workers.session import DispatcherSession
from workflows.services.events import fire as firing
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other(tenant):
    worker = Machine("south")
    yield worker
    worker.close()


@pytest.fixture(autouse=True)
def calls(library):
    asked = []

    def probe(params, context):
        asked.append(params.get("to"))
        return {}

    library(Effect.REPEATABLE, probe)
    library(Effect.DATABASE, probe, "note")
    return asked


def probe(name, action="probe"):
    return {"name": name, "action": action, "params": {"to": name}}


def paid(**params):
    match = {"order": "{{ trigger.order }}"}
    return {"name": "paid", "action": "wait_for_event", "params": {"type": "paid", "match": match}
            | params}  # fmt: skip


def run_of():
    return WorkflowRun.objects.get()


def die(executor, progress):
    raise Death


# At the beginning of a wait.


@pytest.mark.parametrize("action", ["probe", "note"])
def test_a_worker_that_dies_before_it_looked_back_loses_no_event(
    tenant, machine, publish_steps, monkeypatch, action
):
    publish_steps(tenant, probe("before", action), paid(timeout="2d"))
    fire(tenant, "x", {"order": "1"})
    fire(tenant, "paid", {"order": "1"})
    machine.session.match_events()

    with monkeypatch.context() as patched, suppress(Death):
        patched.setattr(live.LiveExecutor, "_look_back", die)
        machine.turn()
    assert (run_of().status, run_of().wake_reason) == ("running", "look_back")
    WorkflowRun.objects.update(lease_until=timezone.now())
    take_over_from_the_dead(machine.session.connection(), LEASE, sweep=True)
    machine.work()

    assert run_of().status == "completed"
    assert entries(run_of()) == [("before", "completed"), ("paid", "completed")]


def test_what_a_dead_worker_left_undone_is_not_left_in_the_row(
    tenant, machine, publish_steps, monkeypatch
):
    publish_steps(tenant, paid())
    fire(tenant, "x", {"order": "1"})
    with monkeypatch.context() as patched, suppress(Death):
        patched.setattr(live.LiveExecutor, "_look_back", die)
        machine.turn()
    assert run_of().pending["looks_back"]
    WorkflowRun.objects.update(lease_until=timezone.now())
    take_over_from_the_dead(machine.session.connection(), LEASE, sweep=True)

    machine.work()

    assert run_of().status == "waiting"
    assert "looks_back" not in run_of().pending


@pytest.mark.parametrize("action", ["probe", "note"])
@pytest.mark.parametrize("params", [{}, {"timeout": "2d"}])
def test_once_it_has_looked_back_a_run_waits_for_its_own_time(
    tenant, machine, publish_steps, action, params
):
    publish_steps(tenant, probe("before", action), paid(**params))
    fire(tenant, "x", {"order": "1"})

    machine.turn()

    run = run_of()
    assert (run.status, run.wake_reason) == ("waiting", "time" if params else None)
    assert run.due_at - timezone.now() > timedelta(days=1)
    assert machine.turn() == 0


@pytest.mark.parametrize("action", ["probe", "note"])
def test_an_event_that_comes_while_the_run_looks_back_is_left_to_it(
    tenant, machine, other, publish_steps, monkeypatch, action
):
    """It is committed after the look, and matched before the run has parked."""
    publish_steps(tenant, probe("before", action), paid())
    fire(tenant, "x", {"order": "1"})
    look = store.look_back.look_back
    seen = []

    def then_the_event(*asked):
        found = look(*asked)
        fire_in_another_session(tenant, {"order": "1"})
        other.session.match_events()
        seen.append((found, WorkflowEvent.objects.filter(matched_at=None).count()))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(store.look_back, "look_back", then_the_event)
        machine.turn()
    assert seen == [(None, 1)]
    assert run_of().status == "waiting"
    machine.work()

    assert run_of().status == "completed"
    assert not WorkflowEvent.objects.filter(matched_at=None).exists()


def fire_in_another_session(tenant, payload):
    def committed():
        fire(tenant, "paid", payload)
        connection.close()

    thread = threading.Thread(target=committed)
    thread.start()
    thread.join()


def test_nobody_sees_the_run_wait_before_it_has_looked_back(
    tenant, machine, publish_steps, monkeypatch
):
    publish_steps(tenant, paid(timeout="2d"))
    fire(tenant, "x", {"order": "1"})
    look_back = live.LiveExecutor._look_back

    def first_look(executor, progress):
        assert (run_of().status, run_of().wake_reason) == ("running", "look_back")
        look_back(executor, progress)

    monkeypatch.setattr(live.LiveExecutor, "_look_back", first_look)
    machine.turn()

    assert (run_of().status, run_of().wake_reason) == ("waiting", "time")
    assert "looks_back" not in run_of().pending


# At its end.

LATE = {"timeout": "1h", "on_timeout": [probe("cancel_order")]}
REMINDS = {"timeout": "9d", "reminders": [{"after": "1h", "steps": [probe("remind")]}]}


@pytest.mark.parametrize("params", [LATE, REMINDS], ids=["time-out", "reminder"])
def test_an_event_that_nobody_has_looked_at_yet_comes_before(
    tenant, machine, calls, publish_steps, params
):
    publish_steps(tenant, paid(**params), probe("ship"))
    fire(tenant, "x", {"order": "1"})
    machine.work()
    fire(tenant, "paid", {"order": "2"})
    fire(tenant, "paid", {"order": "1"})
    travel()

    [claim] = machine.session.claim(4)
    machine.execute(claim)

    assert run_of().status == "completed"
    assert calls == ["ship"]


@pytest.mark.parametrize("params", [LATE, REMINDS], ids=["time-out", "reminder"])
def test_an_event_that_was_looked_at_while_the_run_was_claimed_comes_before(
    tenant, machine, other, calls, publish_steps, params
):
    publish_steps(tenant, paid(**params), probe("ship"))
    fire(tenant, "x", {"order": "1"})
    machine.work()
    travel()

    [claim] = machine.session.claim(4)
    fire(tenant, "paid", {"order": "1"})
    other.session.match_events()
    assert not WorkflowEvent.objects.filter(matched_at=None).exists()
    machine.execute(claim)

    assert run_of().status == "completed"
    assert calls == ["ship"]


@pytest.mark.parametrize("params", [LATE, REMINDS], ids=["time-out", "reminder"])
def test_without_one_the_time_counts(tenant, machine, calls, publish_steps, params):
    publish_steps(tenant, paid(**params), probe("ship"))
    fire(tenant, "paid", {"order": "1"})  # before the run began
    fire(tenant, "x", {"order": "1"})
    machine.work()
    fire(tenant, "paid", {"order": "2"})
    travel()

    machine.work()

    assert calls[0] in ("cancel_order", "remind")


# In a loop.


def loop(at_most=9):
    until = {"all": [{"field": "steps.paid.output.payload.last", "operator": "equals", "value": 1}]}
    shape = {"steps": [paid()], "until": until, "every": "1s", "at_most": at_most}
    return {"name": "loop", "action": "repeat", "params": shape}


def ends(run):
    return [
        entry["output"]["payload"]["number"]
        for entry in run.step_results
        if entry["step_name"] == "paid"
    ]


def payment(number, last=0):
    return {"order": "1", "number": number, "last": last}


@pytest.mark.parametrize("apart", [timedelta(seconds=-5), timedelta(minutes=-4), timedelta(0)])
def test_each_round_takes_the_next_event_whatever_the_hosts_clocks_say(
    tenant, machine, publish_steps, monkeypatch, apart
):
    """Each event is fired by a host whose clock is further behind."""
    publish_steps(tenant, loop())
    fire(tenant, "x", {"order": "1"})
    machine.work()
    for number in range(3):
        moment = timezone.now() + apart * (number + 1) / 3
        if apart:
            own = UUID(int=lowest_id_at(moment).int | (7 << 76) | (2 << 62) | number)
            monkeypatch.setattr(firing, "uuid7", lambda own=own: own)
        fire(tenant, "paid", payment(number, last=int(number == 2)))
    monkeypatch.setattr(firing, "uuid7", uuid7)
    for _ in range(4):
        machine.work()
        travel()
    machine.work()

    assert ends(run_of()) == [0, 1, 2]
    assert run_of().status == "completed"


def test_an_event_that_was_fired_first_and_committed_last_is_not_passed_by(
    tenant, machine, publish_steps
):
    publish_steps(tenant, loop())
    fire(tenant, "x", {"order": "1"})
    machine.work()
    begun, done = threading.Event(), threading.Event()

    def fire_slowly():
        with transaction.atomic():
            fire(tenant, "paid", payment("first"))
            begun.set()
            done.wait(10)
        connection.close()

    slow = threading.Thread(target=fire_slowly)
    slow.start()
    begun.wait(10)
    fire(tenant, "paid", payment("second"))
    machine.work()
    assert ends(run_of()) == ["second"]
    done.set()
    slow.join()
    for _ in range(2):
        travel()
        machine.work()

    assert ends(run_of()) == ["second", "first"]


# Two that match.


def test_two_workers_over_the_same_runs_lose_nothing_and_do_not_deadlock(
    tenant, machine, other, publish_steps
):
    """Each round every run waits for one event of each of two threads, in opposite orders."""
    publish_steps(tenant, paid())
    orders = [str(number) for number in range(12)]
    troubles = []

    def match(session, mine):
        try:
            for order in mine:
                fire(tenant, "paid", {"order": order})
            for _ in range(3):
                session.match_events()
        except (psycopg.Error, OperationalError) as trouble:
            troubles.append(trouble)
        finally:
            connection.close()

    for _ in range(5):
        for order in orders:
            fire(tenant, "x", {"order": order})
        machine.work()
        sides = [(machine.session, orders), (other.session, orders[::-1])]
        threads = [threading.Thread(target=match, args=side) for side in sides]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        machine.work()

    assert troubles == []
    assert not WorkflowRun.objects.exclude(status="completed").exists()
    assert not WorkflowEvent.objects.filter(matched_at=None).exists()


def test_an_event_whose_run_is_locked_is_looked_at_again(tenant, machine, publish_steps):
    publish_steps(tenant, paid())
    for order in ("1", "2"):
        fire(tenant, "x", {"order": order})
    machine.work()
    first, second = WorkflowRun.objects.order_by("id")
    locked, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            WorkflowRun.objects.select_for_update().get(pk=first.pk)
            locked.set()
            done.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait(10)
    for order in ("1", "2"):
        fire(tenant, "paid", {"order": order})

    machine.session.match_events()  # neither waits nor forgets
    second.refresh_from_db()
    assert (second.wake_reason, WorkflowEvent.objects.filter(matched_at=None).count()) == (
        "event",
        1,
    )
    done.set()
    holder.join()
    machine.work()

    assert set(WorkflowRun.objects.values_list("status", flat=True)) == {"completed"}


def test_events_behind_locked_runs_are_reached(tenant, machine, publish_steps, monkeypatch):
    monkeypatch.setattr("workflows.runtime.waits.matching.BATCH", 2)
    publish_steps(tenant, paid())
    for order in ("1", "2"):
        fire(tenant, "x", {"order": order})
    machine.work()
    session = DispatcherSession("east", 1, LEASE)
    try:
        first = WorkflowRun.objects.order_by("id").first()
        with session.connection().transaction():
            session.connection().execute(
                "SELECT 1 FROM workflow_runs WHERE id = %s FOR UPDATE", [first.pk]
            )
            for order in ("1", "1", "1", "2"):
                fire(tenant, "paid", {"order": order})
            machine.session.match_events()
            machine.session.match_events()
        machine.work()
    finally:
        session.close()

    assert set(WorkflowRun.objects.values_list("status", flat=True)) == {"completed"}


# Forms of question.


def test_a_question_of_many_long_names_is_asked_and_answered(tenant, machine, publish_steps):
    names = [f"{'المعرف' * 7}{number}" for number in range(5)]
    many = paid(match=dict.fromkeys(names, "{{ trigger.order }}"))
    publish_steps(tenant, many)
    for order in ("1", "2"):
        fire(tenant, "x", {"order": order})
    machine.work()

    fire(tenant, "paid", {**dict.fromkeys(names, "1"), names[3]: "2"})
    fire(tenant, "paid", dict.fromkeys(names[1:], "2"))
    machine.work()
    assert set(WorkflowRun.objects.values_list("status", flat=True)) == {"waiting"}
    fire(tenant, "paid", dict.fromkeys(names, 1))
    machine.work()

    statuses = WorkflowRun.objects.order_by("id").values_list("status", flat=True)
    assert list(statuses) == ["completed", "waiting"]


@pytest.mark.parametrize("value", ["7.5", 7.5, "7.50"])
def test_a_number_with_a_fraction_is_found(tenant, machine, publish_steps, value):
    publish_steps(tenant, paid())
    fire(tenant, "x", {"order": 7.5})
    machine.work()
    fire(tenant, "paid", {"order": value})
    machine.work()

    assert run_of().status == "completed"
