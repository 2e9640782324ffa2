"""However often a part of the work fails, it leaves no session in the server behind."""

import gc
from contextlib import suppress
from datetime import timedelta
from functools import partial
from threading import Event, Thread

import psycopg
import pytest
from django.db import connection, connections
from django.utils import timezone
from django_q.models import Schedule

from tests.support.live import wait_until
from tests.workflows.runtime.dispatchers import working
from workflows.runtime.runs import execute
from workflows.runtime.workers import held, statements, upkeep
from workflows.runtime.workers import supervisor as supervisors
from workflows.runtime.workers.session import DispatcherSession
from workflows.runtime.workers.supervisor import Supervisor
from workflows.services.approvals import mails as approval_mails
from workflows.services.bulk_retries import carrying_on
from workflows.services.events.fire import fire
from workflows.services.operations import alerts, overdue, periodic_tasks
from workflows.services.problems import fold
from workflows.services.runs import stats as run_stats
from workflows.services.schedules import firing
from workflows.triggers import recovering, telling, ticker

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 20
FAILURES = {
    "a fault": lambda: ValueError("no"),
    "cut off": None,  # the server ends the session
}


def sessions():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


def sessions_at_rest():
    """Return how many there are once those that the test before has closed are gone."""
    with suppress(AssertionError):
        wait_until(lambda: sessions() == 1, 2)
    return sessions()


def cut_off():
    """Let the server end this thread's session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def fail_behind(monkeypatch, where, name, how):
    """Let a function do its work in the database, and then fail."""
    real, count = getattr(where, name), []

    def failing(*args, **kwargs):
        real(*args, **kwargs)
        count.append(1)
        if FAILURES[how] is None:
            cut_off()
        else:
            raise FAILURES[how]()

    monkeypatch.setattr(where, name, failing)
    return count


def start_supervisor():
    """Plan the chores, as a supervisor does before it starts their cluster."""
    made = Supervisor(workers=1, grace_seconds=1, plan_chores=periodic_tasks.plan_chores)
    made._start("tasks")


def note_an_end():
    held._put_back(1, {}, is_still=False)


# What is done again and again, and where in it something fails.
PARTS = {
    "schedules": (ticker.tick, firing, "_claim"),
    "approvals": (telling.look, approval_mails, "_untold"),
    "problems": (partial(recovering.look, fold.refresh), fold, "rows"),
    "bulk retries": (partial(recovering.look, carrying_on.carry_on), carrying_on, "rows"),
    "chore: schedules": (periodic_tasks.fire_due_schedules, firing, "_claim"),
    "chore: approvals": (periodic_tasks.tell_all_approvers, approval_mails, "_untold"),
    "chore: owners": (periodic_tasks.tell_owners, alerts, "rows"),
    "chore: superusers": (periodic_tasks.tell_superusers, overdue, "look"),
    "chore: figures": (periodic_tasks.refresh_run_stats, run_stats, "rows"),
    "chore: rehearsals": (periodic_tasks.forget_rehearsals, timezone, "now"),
    "chore: keys": (periodic_tasks.forget_idempotency_keys, periodic_tasks, "database_now"),
    "chore: lanes": (periodic_tasks.forget_empty_lanes, periodic_tasks, "FORGET_EMPTY_LANES"),
    "supervisor: chores": (start_supervisor, Schedule.objects, "update_or_create"),
    "supervisor: a worker's end": (note_an_end, statements, "NOTE_END"),
}


@pytest.mark.parametrize("how", FAILURES)
@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_fails_leaves_no_session(monkeypatch, part, how):
    act, where, name = PARTS[part]
    if name.isupper():
        broken = {"cut off": "SELECT pg_terminate_backend(pg_backend_pid())"}
        monkeypatch.setattr(where, name, broken.get(how, "SELECT 1/0"))
    else:
        fail_behind(monkeypatch, where, name, how)
    monkeypatch.setattr(supervisors, "start_cluster", lambda name: name)
    tried, over, seen = Event(), Event(), []

    def work():
        for _ in range(TIMES):
            try:
                act()
            except Exception as fault:  # noqa: BLE001  # whoever calls it logs that
                seen.append(fault)
        tried.set()
        over.wait(30)
        connections.close_all()

    before = sessions_at_rest()
    thread = Thread(target=work)
    thread.start()
    assert tried.wait(30)
    monkeypatch.undo()
    try:
        # Its own connection may stay for the next time.
        wait_until(lambda: sessions() <= before + 1, 5)
    finally:
        over.set()
        thread.join()
    gc.collect()
    wait_until(lambda: sessions() <= before, 5)


PUMP_PARTS = ("match_events", "claim", "renew", "take_over_from_the_dead")


@pytest.mark.parametrize("part", PUMP_PARTS)
def test_a_part_of_the_pump_that_fails_leaves_no_session(tenant, monkeypatch, part):
    monkeypatch.setattr(upkeep, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(upkeep, "MAX_PAUSE_SECONDS", 0.001)
    before = sessions_at_rest()
    count = fail_behind(monkeypatch, DispatcherSession, part, "a fault")
    with working(monkeypatch, lease=timedelta(seconds=1)) as [one]:

        def again():
            one.dispatcher.next_claim = one.dispatcher.next_match = (
                one.dispatcher.upkeep.next_reap
            ) = 0
            one.dispatcher.upkeep.next_renewal = 0
            return len(count) >= TIMES

        wait_until(again, 30)
        assert sessions() == before + 1
    wait_until(lambda: sessions() == before, 5)


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, psycopg.Error])
def test_a_slot_whose_run_fails_leaves_no_session(tenant, publish_steps, monkeypatch, error):
    publish_steps(tenant, {"name": "a", "action": "log_note", "params": {"text": "x"}})
    before, count = sessions_at_rest(), []

    def failing(claim):
        connection.cursor().close()
        count.append(1)
        raise error("no")

    monkeypatch.setattr(execute, "_needed_by", failing)
    with working(monkeypatch, slots=2):
        fire(tenant, "x", {})
        fire(tenant, "x", {})
        wait_until(lambda: len(count) >= 2, 30)
        assert sessions() <= before + 1 + 2
    gc.collect()
    wait_until(lambda: sessions() == before, 5)
