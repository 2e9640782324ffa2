"""A workflow is started by hand: with what its event would have, by its schedule, for a record."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from tests.support.definitions import publish_log
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish

WORKFLOW, SCHEDULE = "workflowdefinition", "workflowschedule"


def now(kind, row):
    return reverse(f"admin:workflows_{kind}_start_now", args=[row.pk])


def for_record(key, alias="orders"):
    return reverse("admin:workflows_workflowdefinition_start_for_record", args=[alias, key])


def run_of(definition):
    return WorkflowRun.objects.filter(definition=definition).latest("id")


def by_label(form):
    return {form[name].label: name for name in form.fields}


def test_the_fields_are_those_of_the_event_with_their_kinds(ops, world):
    form = ops.get(now(WORKFLOW, world.definition)).context["form"]

    labels = by_label(form)
    assert {"Order id", "Customer phone", "Total amount", "Status"} <= set(labels)
    kinds = {label: type(form.fields[name]).__name__ for label, name in labels.items()}
    assert (kinds["Total amount"], kinds["Status"]) == ("DecimalField", "ChoiceField")


def test_it_starts_once_with_what_is_written_and_nothing_else_hears(ops, world, tenant):
    other = publish_log(tenant, "by-hand", "new_order")
    labels = by_label(ops.get(now(WORKFLOW, world.definition)).context["form"])
    name = {"Order id": str(world.order.pk), "Total amount": "12.50", "Customer name": "Sami"}
    before = WorkflowRun.objects.count()

    answer = ops.post(
        now(WORKFLOW, world.definition),
        {f"sends-{labels[label]}": value for label, value in name.items()},
    )

    run = run_of(world.definition)
    assert WorkflowRun.objects.count() == before + 1
    assert run.trigger_payload == {
        "order_id": str(world.order.pk),
        "total_amount": "12.50",
        "customer_name": "Sami",
    }
    assert not WorkflowRun.objects.filter(definition=other).exists()
    event = WorkflowEvent.objects.get(pk=run.event_id)
    assert (event.type, event.source, event.actor) == (
        "workflows.started_by_hand",
        "manual",
        "user:ops",
    )
    assert answer.url == reverse("admin:workflows_workflowrun_change", args=[run.pk])


def test_what_is_no_number_is_said_at_its_field(ops, world):
    labels = by_label(ops.get(now(WORKFLOW, world.definition)).context["form"])

    answer = ops.post(now(WORKFLOW, world.definition), {f"sends-{labels['Total amount']}": "a lot"})

    assert list(answer.context["form"].errors) == [labels["Total amount"]]
    assert WorkflowRun.objects.count() == 1


def test_its_filter_counts_and_why_it_did_not_start_is_shown(ops, world, page, tenant, document):
    row = {"field": "trigger.customer_name", "operator": "equals", "value": "Rima"}
    document["trigger_filter"] = {"all": [row]}
    publish(tenant, "user:x", world.definition, document)

    answer = ops.post(now(WORKFLOW, world.definition), {})

    event = WorkflowEvent.objects.get(type="workflows.started_by_hand")
    assert answer.url == page(event)
    assert [str(one) for one in get_messages(answer.wsgi_request)] == [
        "Nothing was started. Here is why."
    ]


def test_what_is_off_is_not_started(ops, world):
    world.definition.is_active = False
    world.definition.save()

    for answer in (
        ops.get(now(WORKFLOW, world.definition)),
        ops.post(for_record(world.order.pk), {"workflow": world.definition.pk}),
    ):
        assert answer.status_code == 302
    assert WorkflowRun.objects.count() == 1


def test_a_record_starts_it_as_the_record_is_now_also_a_second_time(ops, world, page):
    assert "Start a workflow now" in ops.get(page(world.order)).content.decode()
    world.order.customer_name = "Renamed"
    world.order.save()

    for _ in range(2):
        ops.post(for_record(world.order.pk), {"workflow": world.definition.pk})

    runs = WorkflowRun.objects.filter(subject_type="orders", subject_id=str(world.order.pk))
    assert runs.count() == 3
    assert runs.latest("id").trigger_payload["customer_name"] == "Renamed"


def test_another_companys_record_or_workflow_is_none(ops, world, other_world):
    posts = [
        (other_world.order.pk, world.definition.pk),
        (world.order.pk, other_world.definition.pk),
    ]
    for order, workflow in posts:
        assert ops.post(for_record(order), {"workflow": workflow}).status_code == 404
    unknown = for_record(world.order.pk, "no-such-records")
    assert ops.post(unknown, {"workflow": world.definition.pk}).status_code in {302, 404}
    assert WorkflowRun.objects.count() == 2


def test_a_reader_starts_nothing(support, world, page):
    assert "Start a workflow now" not in support.get(page(world.order)).content.decode()
    assert support.get(now(WORKFLOW, world.definition)).status_code == 403
    assert support.post(now(SCHEDULE, world.schedule)).status_code == 403
    assert (
        support.post(for_record(world.order.pk), {"workflow": world.definition.pk}).status_code
        == 403
    )
    assert WorkflowRun.objects.count() == 1


def test_a_schedule_is_fired_once_more_and_its_next_time_stays(ops, world, tenant):
    listening = publish_log(tenant, "by-hand", "time_to_report")
    world.schedule.payload = {"report": "sales"}
    world.schedule.save()
    labels = by_label(ops.get(now(SCHEDULE, world.schedule)).context["form"])

    ops.post(now(SCHEDULE, world.schedule), {f"sends-{labels['Report']}": "stock"})

    payload = run_of(listening).trigger_payload
    assert payload["report"] == "stock"
    assert payload["scheduled_at"].endswith(("+02:00", "+03:00"))
    stored = type(world.schedule).objects.get(pk=world.schedule.pk)
    assert (stored.next_at, stored.payload) == (world.schedule.next_at, {"report": "sales"})


@pytest.mark.parametrize("kind", [WORKFLOW, SCHEDULE])
def test_looking_starts_nothing(ops, world, kind):
    row = world.definition if kind == WORKFLOW else world.schedule

    assert ops.get(now(kind, row)).status_code == 200
    assert WorkflowRun.objects.count() == 1
