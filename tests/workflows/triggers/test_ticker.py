"""The clock of the schedules goes on, whatever happens."""

import threading

import pytest
from django.db import DatabaseError

from workflows.models.schedule import WorkflowSchedule
from workflows.services.schedules.firing import save_schedule
from workflows.triggers import ticker


@pytest.fixture
def looks(monkeypatch):
    """Count the looks; they find nothing, and the test's connection stays open."""
    counted = []
    monkeypatch.setattr(ticker, "close_old_connections", lambda: None)
    monkeypatch.setattr(ticker, "fire_due", lambda: counted.append(1))
    return counted


def test_the_process_that_takes_tasks_off_the_queue_ticks_once(monkeypatch):
    end = threading.Event()
    began = []
    monkeypatch.setattr(ticker, "tick_for_ever", lambda: began.append(1) or end.wait(10))
    monkeypatch.setattr(ticker, "tell_for_ever", lambda: began.append(2) or end.wait(10))
    monkeypatch.setattr(ticker, "recover_for_ever", lambda: began.append(3) or end.wait(10))
    monkeypatch.setattr(ticker.ORM, "dequeue", lambda _self: [("1", "task")])
    monkeypatch.setattr(ticker.ORM, "__init__", lambda _self, _key=None: None)
    broker = ticker.TickingBroker()

    taken = [broker.dequeue(), broker.dequeue()]
    end.set()

    assert taken == [[("1", "task")]] * 2
    assert sorted(began) == [1, 2, 3]


@pytest.mark.parametrize("trouble", [DatabaseError("away"), ValueError("whatever")])
def test_trouble_does_not_end_the_clock(looks, monkeypatch, trouble):
    def fail():
        raise trouble

    monkeypatch.setattr(ticker, "fire_due", fail)
    ticker.tick()
    monkeypatch.setattr(ticker, "fire_due", lambda: looks.append(1))
    ticker.tick()

    assert looks == [1]


@pytest.mark.django_db
def test_a_schedule_follows_its_company_into_another_time_zone(tenant):
    schedule = WorkflowSchedule(tenant=tenant, key="own", cron="0 8 * * *")
    save_schedule(tenant, "user:x", schedule)

    tenant.time_zone = "Asia/Tokyo"
    tenant.save()

    schedule.refresh_from_db()
    assert schedule.next_at.astimezone(tenant.zone).hour == 8
