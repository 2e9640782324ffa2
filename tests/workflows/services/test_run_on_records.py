"""A workflow on records that are there already: once for each, in turn, and to be stopped."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from tenants.models.order import Order
from tests.support.definitions import publish_log
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.runs.backfill import (
    NotForTheseRecords,
    cancel_rest,
    plan,
    progress,
    samples,
    start,
    workflows_for,
)

LARGE = {"all": [{"field": "trigger.total_amount", "operator": "greater_than", "value": 100}]}


@pytest.fixture
def orders(tenant):
    """Three orders that came before there was any workflow; one is small."""
    return [
        Order.objects.create(tenant=tenant, number=str(number), total_amount=amount)
        for number, amount in enumerate((480, 9, 250))
    ]


@pytest.fixture
def definition(tenant, orders):
    """A workflow of large orders, and one that listens beside it."""
    publish_log(tenant, "beside", "new_order")
    return publish_log(tenant, "large", "new_order", trigger_filter=LARGE)


def ids(orders):
    return [order.pk for order in orders]


def runs(tenant):
    return WorkflowRun.objects.filter(tenant=tenant).order_by("id")


def test_the_plan_says_what_would_start_and_changes_nothing(tenant, orders, definition):
    found = plan(tenant, definition, "orders", ids(orders))

    assert [draft.payload["order_number"] for draft in found.starting] == ["0", "2"]
    assert (found.done_before, dict(found.refused)) == (0, {"filtered_out": 1})
    [first, _second] = samples(tenant, definition, found)
    assert [sent["action"] for sent in first.would_send] == ["webhook"]
    assert not runs(tenant).exists()


def test_it_starts_that_workflow_alone_once_for_each_record(tenant, orders, definition):
    batch = start(tenant, "user:ops", definition, ("orders", ids(orders)), 60)

    made = list(runs(tenant))
    assert [(run.definition.key, run.subject_id) for run in made] == [
        ("large", str(orders[0].pk)),
        ("large", str(orders[2].pk)),
    ]
    assert {run.actor for run in made} == {"user:ops"}
    again = start(tenant, "user:ops", definition, ("orders", ids(orders)), 60)
    assert runs(tenant).count() == 2
    assert plan(tenant, definition, "orders", ids(orders)).done_before == 2
    told = WorkflowEvent.objects.get(pk=again)
    assert (told.payload["count"], told.payload["done_before"]) == (0, 2)
    assert progress(tenant, batch).total == 2


def test_they_begin_one_after_the_other(tenant, orders):
    everything = publish_log(tenant, "all", "new_order")
    before = timezone.now()
    start(tenant, "user:ops", everything, ("orders", ids(orders)), 2)

    first, second, third = (run.due_at for run in runs(tenant))
    assert first < before  # at once
    assert third - second == timedelta(seconds=30)
    assert abs(second - before - timedelta(seconds=30)) < timedelta(seconds=20)


@pytest.mark.django_db(transaction=True)
def test_those_that_have_not_begun_can_be_cancelled(tenant, orders, definition, worker):
    batch = start(tenant, "user:ops", definition, ("orders", ids(orders)), 1)
    worker.claim()
    assert (progress(tenant, batch).begun, progress(tenant, batch).waiting) == (1, 1)

    assert cancel_rest(tenant, batch) == 1
    assert dict(progress(tenant, batch).counts) == {"running": 1, "cancelled": 1}
    assert cancel_rest(tenant, batch) == 0


def test_records_and_starts_of_another_tenant_are_left_out(
    tenant, other_tenant, orders, definition
):
    foreign = Order.objects.create(tenant=other_tenant, number="9", total_amount=480)
    batch = start(tenant, "user:ops", definition, ("orders", [foreign.pk]), 60)

    assert not WorkflowRun.objects.exists()
    assert progress(other_tenant, batch) is None
    assert progress(tenant, uuid4()) is None


def test_only_active_workflows_of_such_records_are_offered(tenant, orders, definition):
    publish_log(tenant, "other", "order.exported")
    off = publish_log(tenant, "off", "new_order")
    off.is_active = False
    off.save()

    assert [one.key for one in workflows_for(tenant, "orders")] == ["beside", "large"]
    with pytest.raises(NotForTheseRecords):
        start(tenant, "user:ops", off, ("orders", ids(orders)), 60)
    assert not runs(tenant).exists()
