"""Case C1: an order is paid, fetched and shipped; what goes wrong is told, and put right."""

from datetime import timedelta

import pytest

from tenants.models.order import Order
from tests.support.company import case
from tests.support.live import wait_until
from tests.support.time_travel import travel
from workflows.models.run import WorkflowRun
from workflows.services.events.fire import fire
from workflows.services.runs.retry import start_again

pytestmark = pytest.mark.worker


@pytest.fixture
def company(live):
    """A company with the workflow and the order it is about."""
    company, _ = live
    company.publish(case("c1_order_fulfilment"))
    company.fulfilled = company.order(number="1234", status="confirmed")
    return company


def receive(company, value="99"):
    payload = {
        "orderId": "1234",
        "orderValue": value,
        "customer": {"phone": "+9613123456", "email": "a@b.example"},
        "payment_url": f"{company.outside.base_url}/hook/pay",
    }
    fire(company.tenant, "order.received", payload)


def parked(company):
    """Return the run once it waits for the goods."""
    waiting = company.runs().filter(status="waiting", wait_type__startswith="event:")
    return wait_until(waiting.first)


def subjects(company):
    return [mail.subject for mail in company.received("smtp")]


def test_c1_a_refused_payment_is_told_cancels_the_order_and_is_the_end(company, worker_groups):
    company.outside.behave("hook", "fail", status=402, path="/hook/pay")

    receive(company)

    [run] = company.ended()
    # The author wanted this end, and yet a step failed on the way.
    assert (run.status, run.error_step, run.error_code) == (
        "completed_with_errors",
        "charge",
        "http_402",
    )
    assert [entry["step_name"] for entry in run.step_results][-4:] == [
        "charge",
        "tell_refused",
        "cancel_order",
        "refused",
    ]
    [mail] = company.received("smtp")
    assert (mail.to, mail.subject) == ("a@b.example", "Your payment for order 1234")
    assert Order.objects.get(pk=company.fulfilled.pk).status == "cancelled"
    assert len(company.received("hook")) == 1
    assert company.received("whatsapp") == []


def test_c1_another_trouble_with_the_payment_is_a_failure(company, worker_groups):
    company.outside.behave("hook", "fail", status=403, path="/hook/pay")

    receive(company)

    [run] = company.ended()
    assert (run.status, run.error_code) == ("failed", "http_403")
    assert company.received("smtp") == []
    assert Order.objects.get(pk=company.fulfilled.pk).status == "confirmed"


def test_c1_a_delay_is_told_after_two_days_and_the_wait_goes_on(company, live, worker_groups):
    _, other = live
    receive(company)
    run = parked(company)
    assert abs(run.due_at - run.started_at - timedelta(days=2)) < timedelta(minutes=1)
    assert (run.worker, subjects(company)) == (None, [])

    travel(company.runs())
    wait_until(lambda: subjects(company))

    run = parked(company)
    assert subjects(company) == ["Order 1234 is late"]
    assert Order.objects.get(pk=company.fulfilled.pk).status == "confirmed"
    # Nothing is due any more but the end of the whole.
    assert run.due_at == run.deadline_at

    fire(company.tenant, "goods.fetched", {"orderId": "1235", "parcel": "P-8"})
    fire(other.tenant, "goods.fetched", {"orderId": "1234", "parcel": "P-7"})
    fire(company.tenant, "goods.fetched", {"orderId": "1234", "parcel": "P-9"})
    [run] = company.ended()

    assert run.status == "completed"
    order = Order.objects.get(pk=company.fulfilled.pk)
    assert (order.status, order.note) == ("shipped", "Parcel P-9")
    [message] = company.received("whatsapp")
    assert message.body["to"].lstrip("+") == "9613123456"
    assert subjects(company) == ["Order 1234 is late"]
    assert len(company.received("hook")) == 1


def test_c1_goods_that_come_in_time_are_shipped_without_a_notice(company, worker_groups):
    receive(company)
    parked(company)

    fire(company.tenant, "goods.fetched", {"orderId": 1234})

    [run] = company.ended()
    assert run.status == "completed"
    assert Order.objects.get(pk=company.fulfilled.pk).note == "Parcel without a number"
    assert company.received("smtp") == []


def test_c1_a_value_that_is_no_number_is_named_corrected_and_the_run_goes_on(
    company, worker_groups
):
    receive(company, "99 SAR")
    [failed] = company.ended()
    assert (failed.status, failed.error_step, failed.error_code) == (
        "failed",
        "by_value",
        "not_a_number",
    )
    error = failed.step_results[-1]["error"]
    assert (error["params"]["path"], error["params"]["value"]) == ("trigger.orderValue", "99 SAR")
    assert "trigger.orderValue" in failed.error_message
    assert "99 SAR" in failed.error_message
    assert company.received("hook") == []

    corrected = {**failed.trigger_payload, "orderValue": "99"}
    again = start_again(
        company.tenant, failed.pk, "user:rana", from_step="by_value", payload=corrected
    )
    parked(company)
    fire(company.tenant, "goods.fetched", {"orderId": "1234"})
    company.ended(2)

    run = WorkflowRun.objects.get(pk=again)
    assert (run.status, run.retried_from, run.actor) == ("completed", failed.pk, "user:rana")
    assert [entry["status"] for entry in run.step_results[:2]] == ["reused", "completed"]
    [charge] = company.received("hook")
    assert charge.body == {"order": "1234", "amount": "99"}
    assert Order.objects.get(pk=company.fulfilled.pk).status == "shipped"
