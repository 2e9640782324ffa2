"""Case C0: an order is saved; it is confirmed, the customer and operations are told."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from tenants.models.order import Order
from tests.support.company import case
from tests.support.live import wait_until
from workflows.services.events.fire import fire

pytestmark = pytest.mark.worker

SUPPORT_SQL = """
SELECT wr.id, wd.name AS workflow_name, wr.status, wr.trigger_payload->>'order_id' AS order_id,
       wr.started_at, wr.completed_at, jsonb_array_length(wr.step_results) AS steps_completed
FROM workflow_runs wr JOIN workflow_definitions wd ON wd.id = wr.definition_id
WHERE wr.trigger_payload->>'order_id' = %s
ORDER BY wr.started_at DESC;
"""


def test_a_plain_save_confirms_the_order_and_tells_everybody(live, worker_groups):
    company, other = live
    for one in live:
        one.publish(case("seed_new_order"))

    order = company.order()

    [run] = company.ended()
    assert run.status == "completed"
    assert [entry["status"] for entry in run.step_results] == ["completed"] * 3
    assert Order.objects.get(pk=order.pk).status == "confirmed"
    [message] = company.received("whatsapp")
    assert message.body["to"].lstrip("+") == "9613123456"
    assert [p["text"] for p in message.body["template"]["components"][0]["parameters"]] == [
        str(order.id),
        "149.90",
    ]
    [mail] = company.received("smtp")
    assert f"Order {order.number}: 149.90 USD" in mail.text
    assert not other.runs().exists()


def test_the_support_sql_finds_the_run(live, worker_groups):
    company, _ = live
    company.publish(case("seed_new_order"))
    order = company.order()
    [run] = company.ended()

    with connection.cursor() as cursor:
        cursor.execute(SUPPORT_SQL, [str(order.id)])
        found = cursor.fetchall()

    assert found == [
        (
            run.id,
            "New Order Processing",
            "completed",
            str(order.id),
            run.started_at,
            run.completed_at,
            3,
        )
    ]


def test_a_failed_whatsapp_message_stops_nothing(live, worker_groups):
    company, _ = live
    company.publish(case("seed_new_order"))
    undeliverable = {"error": {"code": 131026, "message": "Message undeliverable"}}
    company.outside.behave("whatsapp", "answer", status=400, body=undeliverable)

    order = company.order()

    [run] = company.ended()
    assert run.status == "completed_with_errors"
    assert [entry["status"] for entry in run.step_results] == ["completed", "failed", "completed"]
    assert (run.error_step, run.error_code) == ("notify_customer", "whatsapp_undeliverable")
    assert run.error_message
    assert run.error_fingerprint
    assert Order.objects.get(pk=order.pk).status == "confirmed"
    assert len(company.received("smtp")) == 1


def test_an_order_without_a_phone_fails_that_step_and_names_the_path(live, worker_groups):
    company, _ = live
    document = case("seed_new_order")
    document["trigger_type"] = "imported_order"
    company.publish(document)
    order = company.order()

    fire(
        company.tenant,
        "imported_order",
        {
            "order_id": order.id,
            "order_number": order.number,
            "total_amount": "1",
            "currency": "USD",
            "customer_name": "Rami",
        },
    )

    [run] = company.ended()
    failed = run.step_results[1]
    assert (failed["status"], failed["error"]["code"]) == ("failed", "missing_value")
    assert failed["error"]["params"]["path"] == "trigger.customer_phone"
    assert run.status == "completed_with_errors"


def test_a_rate_limit_is_waited_out_without_holding_a_worker(live, worker_groups):
    company, _ = live
    document = case("seed_new_order")
    document["steps"][1]["retry"] = {"attempts": 3, "delay": "1s"}
    company.publish(document)
    company.outside.behave("whatsapp", "rate_limit", retry_after=2, times=1)
    company.order()

    parked = wait_until(lambda: company.runs().filter(status="waiting").first())
    [run] = company.ended()

    assert (parked.worker, parked.lease_until, parked.wait_type) == (None, None, "retry")
    assert run.status == "completed"
    first, second = run.step_results[1]["attempts"]
    assert (first["error"]["code"], second["error"]) == ("whatsapp_busy", None)
    waited = datetime.fromisoformat(second["started_at"]) - datetime.fromisoformat(
        first["started_at"]
    )
    assert timedelta(seconds=2) <= waited < timedelta(seconds=5)
