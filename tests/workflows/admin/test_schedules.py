"""Schedules are written in plain words, refused in plain words, and show their next times."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry

from tenants.models.membership import Membership
from tests.support.definitions import publish_log
from workflows.models.schedule import WorkflowSchedule
from workflows.runtime.database import database_now
from workflows.services.schedules.firing import set_active

REPORT = {
    "name": "Daily report",
    "key": "",
    "event_type": "time_to_report",
    "cron": "30 9 * * 0-4",
    "time_zone": "",
    "payload": '{"report": "sales"}',
    "missed_policy": "latest",
    "is_active": "on",
}


@pytest.fixture
def add(ops, tenant, page):
    """Send the form of a new schedule."""

    def send(**values):
        return ops.post(page(WorkflowSchedule, "add"), {"tenant": tenant.pk, **REPORT, **values})

    return send


def errors(answer):
    return {name: " ".join(said) for name, said in answer.context["adminform"].form.errors.items()}


def test_a_schedule_is_stored_with_its_next_time(add, tenant):
    assert add().status_code == 302

    schedule = WorkflowSchedule.objects.get()
    assert (schedule.tenant, schedule.key, schedule.name) == (
        tenant,
        "daily-report",
        "Daily report",
    )
    assert (schedule.payload, schedule.missed_policy) == ({"report": "sales"}, "latest")
    local = schedule.next_at.astimezone(tenant.zone)
    assert (local.hour, local.minute) == (9, 30)
    assert local.weekday() in {6, 0, 1, 2, 3}


def test_one_that_is_switched_off_has_no_next_time(add):
    add(is_active="")

    assert WorkflowSchedule.objects.get().next_at is None


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("cron", "8 o'clock", "Write five parts"),
        ("cron", "0 24 * * *", "“24” is not an hour. Hours go from 0 to 23"),
        ("cron", "0 8 * * funday", "“FUNDAY” is not a day of the week"),
        ("cron", "0 8 30 2 *", "There is no such day"),
        ("time_zone", "Beirut", "“Beirut” is not a time zone. Write it like Asia/Beirut"),
        ("payload", "[1]", "Write it with names"),
        ("payload", '{"a": NaN}', "cannot be stored"),
        ("payload", '{"a": "\\u0000"}', "cannot be stored"),
        ("missed_policy", "never", "never"),
        ("event_type", "", "required"),
    ],
)
def test_a_mistake_is_named_at_its_field(add, field, text, said):
    answer = add(**{field: text})

    assert list(errors(answer)) == [field]
    assert said in errors(answer)[field]
    assert not WorkflowSchedule.objects.exists()


def test_the_same_key_twice_is_a_mistake_of_the_form(add):
    add()

    assert add().status_code == 200
    assert WorkflowSchedule.objects.count() == 1


def test_new_times_count_from_now_and_a_new_name_changes_none(ops, world, page):
    past = database_now() - timedelta(seconds=1)
    WorkflowSchedule.objects.update(next_at=past)
    form = {**REPORT, "cron": "0 8 * * *", "payload": "{}", "name": "Renamed"}

    ops.post(page(world.schedule), form)
    world.schedule.refresh_from_db()
    assert (world.schedule.name, world.schedule.next_at) == ("Renamed", past)
    assert world.schedule.key == world.secret

    ops.post(page(world.schedule), {**form, "cron": "0 9 * * *"})
    world.schedule.refresh_from_db()
    assert world.schedule.next_at > database_now()


def test_switching_on_and_off_from_the_list(ops, ops_user, world, other_world, page):
    Membership.objects.create(user=ops_user, tenant=other_world.tenant, role="support")
    both = [world.schedule, other_world.schedule]
    for schedule in both:
        set_active(schedule.tenant, "user:x", schedule, active=True)

    def send(action):
        chosen = [schedule.pk for schedule in both]
        ops.post(page(WorkflowSchedule), {"action": action, "_selected_action": chosen})
        for schedule in both:
            schedule.refresh_from_db()
        return [(schedule.is_active, schedule.next_at is not None) for schedule in both]

    assert send("switch_off") == [(False, False), (True, True)]
    assert send("switch_on") == [(True, True), (True, True)]
    assert LogEntry.objects.count() == 2


@pytest.mark.parametrize("reader", ["ops", "support"])
def test_the_page_shows_what_comes_of_it(reader, request, world, page):
    client = request.getfixturevalue(reader)
    definition = publish_log(world.tenant, "report", "time_to_report")
    world.schedule.time_zone = "Asia/Tokyo"
    world.schedule.save()

    text = client.get(page(world.schedule)).content.decode()

    assert text.count("08:00</td>") == 5
    assert "Asia/Tokyo</th>" in text
    assert "Asia/Beirut</th>" in text
    assert "Every day at 08:00" in text
    assert page(definition) in text


def test_the_page_says_when_nothing_listens(ops, world, page):
    publish_log(world.tenant, "report", "something_else")

    assert "no active workflow starts on" in ops.get(page(world.schedule)).content.decode()


def test_the_list_says_it_in_words(ops, world, page):
    set_active(world.tenant, "user:x", world.schedule, active=True)

    text = ops.get(page(WorkflowSchedule)).content.decode()

    assert "Every day at 08:00" in text
    assert "Asia/Beirut" in text


@pytest.mark.parametrize("values", [{"cron": "soon"}, {"time_zone": "Asia/Nowhere"}])
def test_one_that_became_unreadable_is_shown_with_the_reason(ops, world, page, values):
    WorkflowSchedule.objects.update(is_active=False, **values)

    assert ops.get(page(world.schedule)).status_code == 200
    assert ops.get(page(WorkflowSchedule)).status_code == 200
    ops.post(page(WorkflowSchedule), {"action": "switch_on", "_selected_action": world.schedule.pk})
    assert not WorkflowSchedule.objects.get().is_active
