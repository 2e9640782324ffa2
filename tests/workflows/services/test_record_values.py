"""A retry with what the record says today: of one step, or from the start."""

from decimal import Decimal

import pytest

from actions.errors import PermanentFailure
from actions.spec import Effect
from tenants.models.order import Order
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.refusals import NotRetryable
from workflows.services.runs.record_values import record_values
from workflows.services.runs.retry import retry_failed_step, start_again

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = "70 88 12", "03 881 234"


@pytest.fixture
def calls(library):
    """The calls that were made: (step, number, key). The old number is refused."""
    made = []

    def call(params, context):
        made.append((context.step_name, params["to"], context.idempotency_key))
        if params["to"] == OLD:
            raise PermanentFailure("bad_phone")
        return {}

    library(Effect.NOT_REPEATABLE, call)
    return made


def call(name, to="{{ trigger.customer_phone }}"):
    return {"name": name, "action": "probe", "params": {"to": to}}


def publish_on_orders(tenant, *steps):
    document = {"name": "W", "trigger_type": "new_order", "steps": list(steps)}
    definition = WorkflowDefinition(tenant=tenant, key="w", is_active=True)
    publish(tenant, "tester", definition, document)


def failed_run(tenant, worker, *steps):
    """Make an order with a wrong number, let its run fail, and correct the order."""
    publish_on_orders(tenant, *steps)
    order = Order.objects.create(
        tenant=tenant, number="1", customer_phone=OLD, total_amount=Decimal("10.00")
    )
    worker.work()
    run = WorkflowRun.objects.get(parent_run=None)
    assert run.status == "failed"
    order.customer_phone = NEW
    order.save()
    return run


def test_the_failed_step_alone_is_done_with_what_the_order_says_now(tenant, worker, calls):
    run = failed_run(tenant, worker, call("first", "ok"), call("tell"), call("again"))

    retry_failed_step(tenant, run.pk, with_record=True)
    worker.work()

    run.refresh_from_db()
    assert [name_and_number[:2] for name_and_number in calls] == [
        ("first", "ok"),
        ("tell", OLD),
        ("tell", NEW),
        ("again", OLD),  # the payload is what it was
    ]
    # Other content is another call: the provider must not take it for the first one.
    assert [key for name, _, key in calls if name == "tell"] == [f"{run.pk}-1", f"{run.pk}-1-r1"]
    told = run.step_results[1]["record_values"]
    assert told["changed"] == {"customer_phone": [OLD, NEW]}
    assert run.step_results[1]["attempts"][0]["error"]["code"] == "bad_phone"
    assert "record_values" not in run.step_results[2]
    assert run.trigger_payload["customer_phone"] == OLD


def test_each_try_with_other_values_is_another_call_and_a_plain_retry_is_not(tenant, worker, calls):
    run = failed_run(tenant, worker, call("tell"))
    Order.objects.update(customer_phone=OLD)

    retry_failed_step(tenant, run.pk, with_record=True)
    worker.work()
    retry_failed_step(tenant, run.pk)
    worker.work()
    Order.objects.update(customer_phone=NEW)
    retry_failed_step(tenant, run.pk, with_record=True)
    worker.work()

    keys = [key for _, _, key in calls]
    assert keys == [f"{run.pk}-0", *[f"{run.pk}-0-r1"] * 2, f"{run.pk}-0-r2"]
    assert calls[-1][1] == NEW


def test_an_item_of_a_list_reads_the_order_too(tenant, worker, calls):
    steps = [call("done", "ok"), call("tell")]
    each = {
        "name": "each",
        "action": "for_each",
        "params": {"items": ["a"], "steps": steps, "if_one_fails": "stop"},
    }
    run = failed_run(tenant, worker, each)

    retry_failed_step(tenant, run.pk, with_record=True)
    worker.work()

    run.refresh_from_db()
    assert run.status == "completed"
    assert [made[:2] for made in calls] == [("done", "ok"), ("tell", OLD), ("tell", NEW)]
    item = WorkflowRun.objects.exclude(parent_run=None).get()
    assert item.step_results[1]["record_values"]["changed"] == {"customer_phone": [OLD, NEW]}


def test_a_worker_that_dies_afterwards_repeats_the_same_content(tenant, worker, library):
    made = []
    library(
        Effect.REPEATABLE,
        lambda params, context: made.append((params["to"], context.idempotency_key)) or {},
        "other",
    )

    def refuse(params, context):
        raise PermanentFailure("bad_phone")

    library(Effect.REPEATABLE, refuse)
    run = failed_run(tenant, worker, call("tell"))
    library(Effect.REPEATABLE, lambda params, context: made.append(params["to"]) or {})
    retry_failed_step(tenant, run.pk, with_record=True)
    worker.work_until_before("tell")
    Order.objects.update(customer_phone="changed again")
    worker.lose()

    worker.work()

    assert made == [NEW]


def test_a_new_run_has_the_values_of_today_as_its_payload(tenant, worker, calls):
    run = failed_run(tenant, worker, call("tell"), call("again"))
    today = record_values(tenant, run.pk)

    new = start_again(tenant, run.pk, "user:rana", payload=today.payload)
    worker.work()

    started = WorkflowRun.objects.get(pk=new)
    assert (started.status, started.trigger_payload["customer_phone"]) == ("completed", NEW)
    assert today.changed == {"customer_phone": (OLD, NEW)}


def test_what_was_not_started_by_a_record_has_no_values_of_today(
    tenant, worker, calls, publish_steps
):
    publish_steps(tenant, call("tell", OLD))
    fire(tenant, "x", {})
    worker.work()
    before = WorkflowRun.objects.values().get()

    with pytest.raises(NotRetryable) as refused:
        retry_failed_step(tenant, before["id"], with_record=True)

    assert refused.value.code == "not_from_a_record"
    assert WorkflowRun.objects.values().get() == before


def test_a_record_that_is_gone_has_none_either(tenant, worker, calls):
    run = failed_run(tenant, worker, call("tell"))
    Order.objects.all().delete()

    with pytest.raises(NotRetryable) as refused:
        retry_failed_step(tenant, run.pk, with_record=True)

    assert refused.value.code == "record_gone"


def test_a_called_workflow_has_the_values_it_was_handed(tenant, worker, calls):
    callee = WorkflowDefinition(tenant=tenant, key="callee", is_active=True)
    document = {"name": "C", "trigger_type": "never", "steps": [call("tell", "{{ trigger.to }}")]}
    publish(tenant, "t", callee, document)
    handed = {"workflow": "callee", "input": {"to": "{{ trigger.customer_phone }}"}}
    run = failed_run(tenant, worker, {"name": "sub", "action": "run_workflow", "params": handed})

    with pytest.raises(NotRetryable) as refused:
        retry_failed_step(tenant, run.pk, with_record=True)

    assert refused.value.code == "values_handed_over"


def test_another_company_reads_no_record(tenant, other_tenant, worker, calls):
    run = failed_run(tenant, worker, call("tell"))

    with pytest.raises(NotRetryable) as refused:
        record_values(other_tenant, run.pk)

    assert refused.value.code == "unknown_run"
