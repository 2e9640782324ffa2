"""Case C0: an order is saved; it is confirmed, the customer and operations are told."""

import pytest
from django.db import connection

from tenants.models.order import Order
from tests.support.company import case

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
