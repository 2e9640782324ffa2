"""Times are picked on a schedule's page and on its workflow's; the expression is the truth."""

import pytest
from django.urls import reverse

from tests.support.definitions import publish_log
from tests.workflows.admin.test_schedules import REPORT
from workflows.admin.schedules.picker import TimetableField, working_words
from workflows.models.definition import WorkflowDefinition
from workflows.models.schedule import WorkflowSchedule
from workflows.services.definitions.publish import publish

AT_7_30 = {"cron-days": "all", "cron-often": "times", "cron-time": ["07:30"]}


@pytest.fixture
def add(ops, tenant, page):
    """Send the form of a new schedule, its times as they are picked."""

    def send(**picked):
        named = {name.replace("_", "-"): value for name, value in picked.items()}
        values = {"tenant": tenant.pk, **REPORT, "cron": "", **named}
        return ops.post(page(WorkflowSchedule, "add"), values)

    return send


@pytest.mark.parametrize(
    ("picked", "expression"),
    [
        ({"cron_days": "all", "cron_often": "times", "cron_time": ["07:30"]}, "30 7 * * *"),
        (
            {"cron_days": "all", "cron_often": "times", "cron_time": ["17:30", "08:00", ""]},
            "0 8 * * *; 30 17 * * *",
        ),
        (
            {"cron_days": "working", "cron_often": "times", "cron_time": ["09:00"]},
            "0 9 * * 1-5",  # in Lebanon
        ),
        (
            {"cron_days": "week", "cron_weekday": ["0", "3"], "cron_often": "hours"}
            | {"cron_hours": "4"},
            "0 */4 * * 0,3",
        ),
        (
            {"cron_days": "month", "cron_monthday": ["L"], "cron_often": "minutes"}
            | {"cron_minutes": "15"},
            "*/15 * L * *",
        ),
        ({"cron_days": "expression", "cron": "0 9 * * 5#2"}, "0 9 * * 5#2"),
    ],
)
def test_what_is_picked_is_stored_as_an_expression(add, picked, expression):
    assert add(**picked).status_code == 302

    assert WorkflowSchedule.objects.get().cron == expression


def test_the_working_days_are_the_companys(add, tenant):
    tenant.country = "SA"
    tenant.save()

    add(cron_days="working", cron_often="times", cron_time=["09:00"])

    assert WorkflowSchedule.objects.get().cron == "0 9 * * 0-4"
    assert working_words("SA") == "From Sunday to Thursday"
    assert working_words("LB") == working_words("??") == "From Monday to Friday"


@pytest.mark.parametrize(
    ("picked", "said"),
    [
        ({"cron_days": "week", "cron_often": "times"}, "Choose at least one day of the week."),
        ({"cron_days": "month", "cron_often": "times"}, "Choose at least one day of the month."),
        ({"cron_days": "all", "cron_often": "times"}, "Write at least one time of day."),
        ({"cron_days": "all", "cron_often": "times", "cron_time": ["25:00"]}, "like 08:30"),
        (
            {"cron_days": "all", "cron_often": "times"}
            | {"cron_time": [f"{hour}:00" for hour in range(13)]},
            "At most 12 times a day.",
        ),
        ({"cron_days": "all", "cron_often": "minutes", "cron_minutes": "7"}, "from the lists"),
        ({"cron_days": "all", "cron_often": "hours", "cron_hours": "x"}, "from the lists"),
        ({"cron_days": "never", "cron_often": "times"}, "from the lists"),
        ({"cron_days": "all", "cron_often": ""}, "from the lists"),
        ({"cron_days": "expression", "cron": "x"}, "Write five parts"),
    ],
)
def test_what_is_missing_is_said_and_what_was_picked_stays(add, picked, said):
    answer = add(**picked)

    [told] = answer.context["adminform"].form.errors["cron"]
    assert said in told
    shown = f'value="{picked["cron_days"]}" checked'
    assert (shown in answer.content.decode()) is (picked["cron_days"] != "never")
    assert not WorkflowSchedule.objects.exists()


def test_who_changes_nothing_changes_no_spelling(ops, world, page):
    WorkflowSchedule.objects.filter(pk=world.schedule.pk).update(cron="0 8 * * SUN-THU")
    values = {**REPORT, "name": "Renamed", "cron-days": "week", "cron-often": "times"}
    values |= {"cron-weekday": list("01234"), "cron-time": "08:00", "is_active": "on"}

    ops.post(page(world.schedule), values)

    world.schedule.refresh_from_db()
    assert (world.schedule.name, world.schedule.cron) == ("Renamed", "0 8 * * SUN-THU")
    assert world.schedule.next_at is None  # as the row had it: its times did not move


@pytest.mark.parametrize(
    ("cron", "shown"),
    [
        ("0 8 * * *", ['value="all" checked', 'value="08:00"']),
        ("0 9 * * 1-5", ['value="working" checked']),
        ("0 9 * * 0-4", ['value="week" checked', 'name="cron-weekday" value="0" checked']),
        ("0 9 1,L * *", ['value="month" checked', 'name="cron-monthday" value="L" checked']),
        ("*/20 * * * *", ['value="minutes" checked', 'value="20" selected']),
        ("0 9 * * 5#2", ['value="expression" checked', 'value="0 9 * * 5#2" dir="ltr"']),
    ],
)
def test_an_expression_is_shown_as_it_would_be_picked(ops, world, page, cron, shown):
    WorkflowSchedule.objects.filter(pk=world.schedule.pk).update(cron=cron)

    content = ops.get(page(world.schedule)).content.decode()

    for text in shown:
        assert text in content


def test_the_next_times_are_shown_while_somebody_picks(ops, tenant, other_tenant):
    address = reverse("admin:workflows_workflowschedule_preview")

    said = ops.get(address, {**AT_7_30, "tenant": tenant.pk}).content.decode()
    assert "Every day at 07:30" in said
    assert said.count("07:30</td>") == 5
    assert "Asia/Beirut" in said
    assert "at least one day" in ops.get(address, {"cron-days": "week"}).content.decode()
    assert ops.get(address, {**AT_7_30, "tenant": other_tenant.pk}).status_code == 403


# ---- On the page of the workflow


def place(definition, name="schedule"):
    return reverse(f"admin:workflows_workflowdefinition_{name}", args=[definition.pk])


@pytest.fixture
def daily(tenant):
    """A workflow that starts by the clock, and has no schedule."""
    return publish_log(tenant, "by-hand", "time_to_report")


def new(**values):
    named = {f"new-{name}": value for name, value in {**AT_7_30, **values}.items()}
    return {"schedule": "new", "new-is_active": "on", **named}


def test_a_workflow_by_the_clock_without_a_schedule_says_so_and_gets_one(ops, page, daily):
    assert "It has no schedule yet." in ops.get(page(daily)).content.decode()

    ops.post(place(daily), new())

    made = WorkflowSchedule.objects.get()
    assert (made.cron, made.event_type, made.is_active) == ("30 7 * * *", "time_to_report", True)
    assert (made.name, made.changed_by) == (daily.name, "user:ops")
    assert made.next_at is not None
    content = ops.get(page(daily)).content.decode()
    assert "Every day at 07:30" in content
    assert "It has no schedule yet." not in content


def test_several_of_them_get_keys_of_their_own(ops, daily):
    for _ in range(2):
        ops.post(place(daily), new())

    assert WorkflowSchedule.objects.values("key").distinct().count() == 2


def test_its_times_are_changed_in_place_and_the_rest_stays(ops, daily, world):
    prefix = f"s{world.schedule.pk}"
    WorkflowSchedule.objects.filter(pk=world.schedule.pk).update(payload={"report": "sales"})
    values = {f"{prefix}-{name}": value for name, value in AT_7_30.items()}
    values |= {f"{prefix}-payload-by-fields": "1", f"{prefix}-sends-field-0": "stock"}

    ops.post(place(daily), {"schedule": str(world.schedule.pk), **values})

    world.schedule.refresh_from_db()
    assert (world.schedule.cron, world.schedule.is_active) == ("30 7 * * *", False)
    assert world.schedule.payload == {"report": "stock"}
    assert (world.schedule.name, world.schedule.missed_policy) == (world.secret, "latest")


def test_what_is_wrong_is_shown_on_a_page(ops, daily):
    answer = ops.post(place(daily), new(**{"cron-time": ["99"]}))

    assert answer.status_code == 200
    assert "Write times like 08:30." in answer.content.decode()
    assert not WorkflowSchedule.objects.exists()


def test_a_schedule_of_another_workflow_or_company_is_none_of_it(ops, daily, other_world, tenant):
    other = WorkflowSchedule.objects.create(
        tenant=tenant, key="o", name="o", event_type="another", cron="0 8 * * *"
    )
    for schedule in (other, other_world.schedule):
        assert ops.post(place(daily), {"schedule": str(schedule.pk)}).status_code == 404
    assert ops.post(place(other_world.definition), new()).status_code == 404


def test_a_reader_sees_the_times_and_changes_none(support, page, daily, world):
    content = support.get(page(daily)).content.decode()

    assert "Every day at 08:00" in content
    assert "data-sayr-picker" not in content
    assert support.post(place(daily), new()).status_code == 403


def test_a_workflow_that_records_start_has_no_such_panel(ops, page, world):
    assert "When it starts" not in ops.get(page(world.definition)).content.decode()


def test_values_to_send_are_fields_also_those_that_its_steps_read(ops, page, tenant, world):
    definition = WorkflowDefinition(tenant=tenant, key="reads", is_active=True)
    params = {"text": "{{ trigger.region }} at {{ trigger.scheduled_at }}"}
    step = {"name": "note", "action": "log_note", "params": params}
    document = {"name": "Reads", "trigger_type": "time_to_report", "steps": [step]}
    publish(tenant, "user:x", definition, document)

    content = ops.get(page(world.schedule)).content.decode()
    assert '<label for="id_sends-field-0">Region</label>' in content
    assert "Scheduled at" not in content

    values = {**REPORT, "payload-by-fields": "1", "sends-field-0": "north"}
    del values["payload"]
    ops.post(page(world.schedule), values)
    world.schedule.refresh_from_db()
    assert world.schedule.payload == {"region": "north"}


def test_the_field_stands_alone():
    field = TimetableField()

    assert field.clean("0 8 * * *") == "0 8 * * *"
    assert not field.has_changed("0 8 * * *", "0 8 * * *")
