"""Schedules that are due fire once, whoever looks; missed times follow the policy."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from tests.support.definitions import publish_log
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.models.schedule import WorkflowSchedule
from workflows.runtime.database import database_now
from workflows.services.schedules import firing
from workflows.services.schedules.cron import UnreadableCron
from workflows.services.schedules.firing import fire_due, follow_clock, save_schedule, set_active

pytestmark = pytest.mark.django_db


def make(tenant, key="report", late=timedelta(seconds=1), **values):
    """Store a schedule of every minute whose next time was `late` ago."""
    values = {"cron": "* * * * *", "event_type": "time_to_report", "name": key, **values}
    values.setdefault("next_at", database_now() - late)
    return WorkflowSchedule.objects.create(tenant=tenant, key=key, **values)


def fired():
    """Return the times for which events were fired, the first first."""
    events = WorkflowEvent.objects.order_by("id")
    return [timezone.datetime.fromisoformat(event.payload["scheduled_at"]) for event in events]


def test_a_due_schedule_fires_its_event_and_starts_what_listens(tenant, other_tenant):
    definition = publish_log(tenant, "one", "time_to_report")
    publish_log(other_tenant, "two", "time_to_report")
    schedule = make(tenant, payload={"report": "sales"}, time_zone="Asia/Riyadh")
    planned = schedule.next_at

    assert fire_due() == 1

    event = WorkflowEvent.objects.get()
    assert (event.tenant_id, event.type) == (tenant.pk, "time_to_report")
    assert (event.source, event.actor) == ("schedule", "schedule:report")
    scheduled_at = timezone.datetime.fromisoformat(event.payload["scheduled_at"])
    assert event.payload == {"report": "sales", "scheduled_at": scheduled_at.isoformat()}
    assert (scheduled_at, scheduled_at.utcoffset()) == (planned, timedelta(hours=3))
    run = WorkflowRun.objects.get()
    assert (run.definition_id, run.actor) == (definition.pk, "schedule:report")
    schedule.refresh_from_db()
    assert schedule.last_at == planned
    assert timedelta() < schedule.next_at - database_now() <= timedelta(minutes=1)
    assert schedule.next_at.second == 0
    assert fire_due() == 0


@pytest.mark.parametrize(
    "values",
    [{"is_active": False}, {"late": timedelta(seconds=-30)}, {"next_at": None}],
    ids=["switched off", "not yet", "never"],
)
def test_what_is_not_due_does_nothing(tenant, values):
    schedule = make(tenant, **values)

    assert fire_due() == 0

    assert not WorkflowEvent.objects.exists()
    assert WorkflowSchedule.objects.filter(pk=schedule.pk).values().get()["last_at"] is None


def test_a_paused_company_keeps_the_run(tenant):
    publish_log(tenant, "one", "time_to_report")
    tenant.paused_at = database_now()
    tenant.save()
    make(tenant)

    assert fire_due() == 1
    assert WorkflowRun.objects.get().status == "queued"


@pytest.mark.parametrize(
    ("policy", "late", "count"),
    [
        ("latest", timedelta(minutes=10), 1),
        ("all", timedelta(minutes=10), 11),
        ("all", timedelta(days=60), 100),
        ("skip", timedelta(seconds=5), 1),
    ],
)
def test_missed_times(tenant, policy, late, count):
    schedule = make(tenant, late=late, missed_policy=policy)
    now = database_now()

    assert fire_due() == count

    times = fired()
    assert times == sorted(set(times))
    if late > timedelta(minutes=1):
        assert now - times[-1] <= timedelta(minutes=1)
    schedule.refresh_from_db()
    assert schedule.last_at == times[-1]
    assert schedule.next_at > now


def test_missed_times_that_are_skipped_fire_nothing(tenant):
    far = (database_now() + timedelta(hours=5)).hour
    schedule = make(tenant, late=timedelta(hours=3), missed_policy="skip", cron=f"0 {far} * * *")

    assert fire_due() == 0

    schedule.refresh_from_db()
    assert schedule.last_at is None
    assert schedule.next_at > database_now()


def test_the_trouble_of_one_does_not_hold_up_the_others(tenant, other_tenant, monkeypatch):
    make(tenant, "first", late=timedelta(seconds=9), event_type="trouble")
    make(other_tenant, "second")
    real = firing.fire

    def fire(tenant, kind, *rest, **more):
        if kind == "trouble":
            raise TypeError(kind)
        return real(tenant, kind, *rest, **more)

    monkeypatch.setattr(firing, "fire", fire)

    assert fire_due() == 1

    assert WorkflowEvent.objects.get().tenant_id == other_tenant.pk
    # It is still due: the next look tries again.
    assert WorkflowSchedule.objects.filter(next_at__lte=Now()).get().key == "first"


def test_an_unreadable_one_rests(tenant):
    schedule = make(tenant, cron="every now and then")

    assert fire_due() == 0

    schedule.refresh_from_db()
    assert (schedule.next_at, schedule.is_active) == (None, True)


def test_switching_on_counts_from_now(tenant):
    schedule = make(tenant, late=timedelta(days=1))

    set_active(tenant, "user:x", schedule, active=False)
    assert WorkflowSchedule.objects.get().next_at is None
    set_active(tenant, "user:x", schedule, active=True)

    assert WorkflowSchedule.objects.get().next_at > database_now()
    assert fire_due() == 0


def test_a_new_name_does_not_move_a_time_that_is_due(tenant):
    schedule = make(tenant)
    due = schedule.next_at
    schedule.name = "Renamed"
    WorkflowSchedule.objects.update(last_at=due)

    save_schedule(tenant, "user:x", schedule, moved=False)

    stored = WorkflowSchedule.objects.get()
    assert (stored.name, stored.next_at, stored.last_at) == ("Renamed", due, due)


def test_what_cannot_be_read_is_not_stored(tenant):
    for values in ({"cron": "soon"}, {"cron": "0 8 * * *", "time_zone": "Asia/Nowhere"}):
        with pytest.raises(UnreadableCron):
            save_schedule(tenant, "user:x", WorkflowSchedule(tenant=tenant, key="x", **values))

    assert not WorkflowSchedule.objects.exists()


def test_a_company_that_moves_takes_its_schedules_along(tenant):
    own = WorkflowSchedule(tenant=tenant, key="own", cron="0 8 * * *")
    fixed = WorkflowSchedule(tenant=tenant, key="fixed", cron="0 8 * * *", time_zone="Asia/Riyadh")
    for one in (own, fixed):
        save_schedule(tenant, "user:x", one)
    due = make(tenant)
    tenant.time_zone = "Asia/Tokyo"
    tenant.save()

    follow_clock(tenant)

    hours = {
        one.key: one.next_at.astimezone(tenant.zone).hour
        for one in WorkflowSchedule.objects.exclude(key="report")
    }
    assert hours == {"own": 8, "fixed": 14}
    assert WorkflowSchedule.objects.get(key="report").next_at == due.next_at


@pytest.mark.django_db(transaction=True)
def test_one_that_somebody_else_holds_is_left_to_them(tenant, second_connection):
    make(tenant)
    with second_connection.transaction():
        second_connection.execute("SELECT 1 FROM workflow_schedules FOR UPDATE")

        assert fire_due() == 0

    assert fire_due() == 1


@pytest.fixture
def second_connection():
    """Another session of the same database."""
    import psycopg

    parameters = connection.get_connection_params()
    keys = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{key: parameters[key] for key in keys if key in parameters}) as other:
        yield other
