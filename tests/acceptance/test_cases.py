"""Further jobs of operations teams, through the real worker and the sandbox."""

import pytest

from tenants.models.order import Order
from tests.support.company import case
from tests.support.live import wait_until
from tests.support.time_travel import travel
from workflows.models.event import WorkflowEvent
from workflows.runtime.runs.programs import program_of
from workflows.services.events.fire import fire
from workflows.services.events.search import search_runs

pytestmark = pytest.mark.worker


def slack_texts(company):
    return [message.text for message in company.received("slack")]


def test_c2_a_refund_is_told_once_though_the_order_is_saved_again(live, worker_groups):
    company, other = live
    company.publish(case("c2_refund_alert"))
    order = company.order(number="727", total_amount="129.00", status="confirmed")
    small = company.order(number="728", total_amount="99.99", status="confirmed")

    for one in (order, small):
        one.status = "refunded"
        one.save()
    order.note = "saved again"
    order.save()

    [run] = company.ended()
    assert slack_texts(company) == ["Refunded: order 727, 129.00 USD"]
    assert list(search_runs([company.tenant], "727").ids) == [run.id]
    assert list(search_runs([other.tenant], "727").ids) == []
    reasons = WorkflowEvent.objects.filter(tenant=company.tenant, type="order_updated")
    assert [event.evaluations[0]["reason"] for event in reasons.order_by("id")] == [
        "started",
        "filtered_out",
        "filtered_out",
    ]


@pytest.mark.parametrize(("before", "now", "starts"), [(6, 5, 1), (5, 4, 0), (8, 3, 1), (3, 8, 0)])
def test_c5_low_stock_is_told_on_crossing_only(live, worker_groups, before, now, starts):
    company, _ = live
    company.publish(case("c5_low_stock"))
    payload = {
        "variant_id": "TS-M",
        "title": "T-shirt M",
        "quantity": now,
        "quantity_prior": before,
        "supplier_email": "s@x.example",
    }

    fired = fire(company.tenant, "inventory.changed", payload)

    assert len(fired.run_ids) == starts
    if starts:
        [run] = company.ended()
        assert run.status == "completed"
        [mail] = company.received("smtp")
        assert mail.text.strip() == f"Only {now} of TS-M are left."
        assert slack_texts(company) == ["Reordered T-shirt M"]


def test_c6_a_risky_order_is_held_and_told_after_a_wait(live, worker_groups):
    company, _ = live
    company.publish(case("c6_risk_without_approval"))
    order = company.order(number="1001", total_amount="480.00")

    fire(company.tenant, "order.risk_analyzed", {"order_number": "1001", "risk_level": "HIGH"})
    parked = wait_until(lambda: company.runs().filter(status="waiting").first())

    assert (parked.wait_type, parked.worker) == ("time", None)
    assert Order.objects.get(pk=order.pk).note == "Held for review: risk HIGH"
    travel(company.runs())
    [run] = company.ended()

    assert run.status == "completed"
    assert [entry["step_name"] for entry in run.step_results] == [
        "find_order",
        "by_risk",
        "hold",
        "think",
        "tell_support",
        "done",
    ]
    assert slack_texts(company) == ["Review order 1001"]
    event = WorkflowEvent.objects.get(tenant=company.tenant, type="order.reviewed")
    assert (event.caused_by_run, event.payload) == (run.id, {"order_number": "1001"})


def test_c6_another_order_is_captured_and_a_failure_is_told(live, worker_groups):
    company, _ = live
    company.publish(case("c6_risk_without_approval"))
    company.order(number="1002", total_amount="20.00")
    fine = {
        "order_number": "1002",
        "risk_level": "LOW",
        "capture_url": f"{company.outside.base_url}/hook/capture",
    }

    fire(company.tenant, "order.risk_analyzed", fine)
    [run] = company.ended()
    fire(company.tenant, "order.risk_analyzed", {**fine, "order_number": "9999"})
    [_, failed] = company.ended(2)

    assert run.status == "completed"
    [call] = company.received("hook")
    assert call.body == {"order": "1002", "total": "20.00"}
    assert call.idempotency_key == f"{run.id}-{run_step(run, 'capture')}"
    assert (failed.status, failed.error_step, failed.error_code) == (
        "failed",
        "find_order",
        "no_record_found",
    )
    assert slack_texts(company) == ["Review failed: no_record_found"]


def run_step(run, name):
    """Return where a step stands in the run's program."""
    instructions = program_of(run.definition_id, run.version).program.instructions
    return next(one.index for one in instructions if one.name == name)
