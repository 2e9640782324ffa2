"""Firing events: what is written, what starts, what does not and why."""

from datetime import UTC, datetime
from decimal import Decimal
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import Count

from tenants.models.order import Order
from tenants.tracking.signals import acting_as, silence
from tests.support.definitions import publish_log
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.runtime.steps.perform import Cause, acting
from workflows.services.events import fire as fire_module
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db


def test_nobody_listens(tenant):
    fired = fire(tenant, "tea_is_ready", {"cups": 2})

    event = WorkflowEvent.objects.get()
    assert (fired.listeners, fired.run_ids) == (0, ())
    assert (event.id, event.type, event.payload) == (fired.event_id, "tea_is_ready", {"cups": 2})
    assert not WorkflowRun.objects.exists()


def test_every_listener_gets_a_run_in_its_own_version(tenant, other_tenant):
    first = publish_log(tenant, "one", "tea_is_ready")
    second = publish_log(tenant, "two", "tea_is_ready", also_on=["coffee_is_ready"])
    publish_log(tenant, "three", "something_else")
    publish_log(other_tenant, "one", "tea_is_ready")

    fired = fire(tenant, "tea_is_ready", {"cups": 2}, subject=("kitchen", "7"), actor="user:rami")
    fire(tenant, "coffee_is_ready", {})

    runs = WorkflowRun.objects.filter(event_id=fired.event_id).order_by("definition__key")
    assert [(run.definition_id, run.version) for run in runs] == [(first.pk, 1), (second.pk, 1)]
    assert {run.id for run in runs} == set(fired.run_ids)
    run = runs[0]
    assert (run.status, run.current_step, run.trigger_payload) == ("queued", 0, {"cups": 2})
    assert (run.subject_type, run.subject_id, run.actor) == ("kitchen", "7", "user:rami")
    assert run.due_at is not None
    assert WorkflowRun.objects.count() == 3


@pytest.mark.parametrize("change", [{"is_active": False}, {"archived_at": datetime.now(UTC)}])
def test_a_workflow_that_is_off_does_not_start(tenant, change):
    definition = publish_log(tenant, "one", "tea_is_ready")
    WorkflowDefinition.objects.filter(pk=definition.pk).update(**change)

    assert fire(tenant, "tea_is_ready", {}).listeners == 0


def test_values_of_python_become_json(tenant):
    order_id = uuid4()

    fire(tenant, "x", {"total": Decimal("149.90"), "id": order_id, "none": None})

    assert WorkflowEvent.objects.get().payload == {
        "total": "149.90",
        "id": str(order_id),
        "none": None,
    }


def test_a_model_in_the_payload_is_refused(tenant):
    with pytest.raises(TypeError):
        fire(tenant, "x", {"tenant": tenant})

    assert not WorkflowEvent.objects.exists()


def test_rolled_back_nothing_happened(tenant):
    publish_log(tenant, "one", "new_order")

    with transaction.atomic():
        Order.objects.create(tenant=tenant, number="1")
        transaction.set_rollback(True)

    assert not Order.objects.exists()
    assert not WorkflowEvent.objects.exists()
    assert not WorkflowRun.objects.exists()


def test_a_filter_keeps_the_reason(tenant):
    big = {"all": [{"field": "trigger.total", "operator": "greater_than", "value": "100"}]}
    publish_log(tenant, "one", "paid", trigger_filter=big)

    small = fire(tenant, "paid", {"total": "99.50"})
    large = fire(tenant, "paid", {"total": "100.50"})
    unknown = fire(tenant, "paid", {})

    assert (len(small.run_ids), len(large.run_ids), len(unknown.run_ids)) == (0, 1, 0)
    [evaluation] = WorkflowEvent.objects.get(pk=small.event_id).evaluations
    assert (evaluation["started"], evaluation["reason"]) == (False, "filtered_out")
    assert evaluation["details"] == {
        "matched": False,
        "field": "trigger.total",
        "operator": "greater_than",
        "value": "100",
        "actual": "99.50",
    }
    [problem] = WorkflowEvent.objects.get(pk=unknown.event_id).evaluations
    assert problem["reason"] == "problem"
    assert problem["details"]["params"]["path"] == "trigger.total"


def test_a_runs_own_writes_do_not_start_its_own_workflow(tenant):
    definition = publish_log(tenant, "one", "x")
    other = publish_log(tenant, "two", "x")
    cause = Cause(uuid4(), definition.pk, depth=0)

    with acting(cause):
        fired = fire(tenant, "x", {})

    event = WorkflowEvent.objects.get()
    assert {e["name"]: e["reason"] for e in event.evaluations} == {
        definition.name: "own_change",
        other.name: "started",
    }
    assert (event.caused_by_run, event.depth, event.actor) == (
        cause.run_id,
        1,
        f"run:{cause.run_id}",
    )
    assert WorkflowRun.objects.get().definition_id == other.pk
    assert len(fired.run_ids) == 1


def test_an_event_names_who_acts_unless_a_run_does(tenant):
    with acting_as("user:rana"):
        fire(tenant, "x", {})
        fire(tenant, "x", {}, actor="user:sami")
        with acting(cause := Cause(uuid4(), uuid4(), depth=0)):
            fire(tenant, "x", {})

    actors = list(WorkflowEvent.objects.order_by("id").values_list("actor", flat=True))
    assert actors == ["user:rana", "user:sami", f"run:{cause.run_id}"]


def test_a_workflow_may_ask_to_start_on_its_own_changes(tenant):
    definition = publish_log(tenant, "one", "x", settings={"start_on_own_changes": True})

    with acting(Cause(uuid4(), definition.pk, depth=0)):
        assert len(fire(tenant, "x", {}).run_ids) == 1


def test_a_chain_of_causes_is_cut_visibly(tenant):
    publish_log(tenant, "one", "x")

    with acting(Cause(uuid4(), uuid4(), depth=4)):
        assert len(fire(tenant, "x", {}).run_ids) == 1
    with acting(Cause(uuid4(), uuid4(), depth=5)):
        cut = fire(tenant, "x", {})

    assert cut.run_ids == ()
    assert WorkflowEvent.objects.get(pk=cut.event_id).evaluations[0]["reason"] == "chain_too_long"


def test_search_keys_carry_the_tenant_and_the_phone_in_one_spelling(tenant):
    fire(tenant, "x", {"phone": "03 123 456", "ok": True, "n": 7, "nested": [{"name": "Rami"}]})

    keys = set(WorkflowEvent.objects.get().search_keys)
    assert {f"{tenant.id}:{word}" for word in ("03 123 456", "+9613123456", "rami")} <= keys
    assert not {f"{tenant.id}:true", f"{tenant.id}:7"} & keys


def test_saving_an_order_fires_once_in_a_handful_of_statements(
    tenant, django_assert_max_num_queries
):
    publish_log(tenant, "one", "new_order")
    Order.objects.create(tenant=tenant, number="0")  # the program is read once

    with django_assert_max_num_queries(6):
        Order.objects.create(tenant=tenant, number="1")

    assert WorkflowRun.objects.filter(trigger_payload__order_number="1").count() == 1


def test_bulk_writes_fire_in_bulk(tenant, django_assert_max_num_queries):
    for kind in ("new_order", "order_updated", "order_status_changed"):
        publish_log(tenant, kind.replace("_", "-"), kind)
    orders = [Order(tenant=tenant, number=str(n)) for n in range(50)]

    with django_assert_max_num_queries(8):
        Order.objects.bulk_create(orders)
    with django_assert_max_num_queries(12):
        Order.objects.filter(tenant=tenant).update(status="confirmed")

    events = WorkflowEvent.objects.filter(tenant=tenant)
    assert {
        kind: events.filter(type=kind).count()
        for kind in set(events.values_list("type", flat=True))
    } == {
        "new_order": 50,
        "order_updated": 50,
        "order_status_changed": 50,
    }
    changed = events.filter(type="order_status_changed").first()
    assert (changed.previous["status"], changed.payload["status"]) == ("new", "confirmed")
    assert WorkflowRun.objects.count() == 150


@pytest.mark.django_db(transaction=True)
def test_two_updates_at_once_fire_one_change(tenant):
    order = Order.objects.create(tenant=tenant, number="1")
    both_ready = Barrier(2)

    def confirm():
        both_ready.wait()
        Order.objects.filter(pk=order.pk).update(status="confirmed")
        connection.close()

    threads = [Thread(target=confirm) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert WorkflowEvent.objects.filter(type="order_status_changed").count() == 1


def test_an_update_of_many_records_fires_in_statements_of_bounded_size(tenant, monkeypatch):
    silent = [Order(tenant=tenant, number=str(number)) for number in range(1500)]
    with silence():
        Order.objects.bulk_create(silent)
    publish_log(tenant, "shipped", "order_status_changed")
    sizes, insert = [], fire_module.rows

    def measured(statement, values):
        if "events" in values:
            sizes.append(len(values["events"]) + len(values["runs"]))
        return insert(statement, values)

    monkeypatch.setattr(fire_module, "rows", measured)
    Order.objects.update(status="shipped")

    assert len(sizes) > 2
    assert max(sizes) < fire_module.MAX_STATEMENT_BYTES * 1.1
    counted = WorkflowEvent.objects.values_list("type").annotate(
        n=Count("subject_id", distinct=True)
    )
    assert dict(counted) == {"order_updated": 1500, "order_status_changed": 1500}
    assert WorkflowEvent.objects.count() == 3000
    assert WorkflowRun.objects.count() == 1500


def test_an_event_larger_than_a_statement_goes_alone(tenant, monkeypatch):
    monkeypatch.setattr(fire_module, "MAX_STATEMENT_BYTES", 1)
    drafts = [fire_module.EventDraft("tea", {"cups": cups}) for cups in range(3)]

    fired = fire_module.fire_all(tenant.facts(), drafts)

    events = WorkflowEvent.objects.order_by("id").values_list("id", "payload__cups")
    assert list(events) == [(one.event_id, cups) for cups, one in enumerate(fired)]
