"""Saving works while the engine is down, and nothing is lost."""

import pytest
from django.db import transaction

from tenants.models.order import Order
from tests.support.company import case
from tests.support.live import WorkerGroup
from workflows.models.worker import WorkflowWorker

pytestmark = pytest.mark.worker


def test_orders_saved_while_no_worker_runs_are_all_done_once_one_starts(live, live_database):
    company, other = live
    for one in live:
        one.publish(case("seed_new_order"))
    assert not WorkflowWorker.objects.exists()
    for _ in range(50):
        company.order()
        other.order()
    with transaction.atomic():
        company.order(number="never")
        transaction.set_rollback(True)

    assert company.runs().filter(status="queued").count() == 50
    with WorkerGroup(live_database, workers=2, slots=8):
        runs = company.ended(50, seconds=60) + other.ended(50, seconds=60)

    assert {run.status for run in runs} == {"completed"}
    assert len(runs) == 100
    assert (
        len(
            {
                m.body["template"]["components"][0]["parameters"][0]["text"]
                for m in company.received("whatsapp")
            }
        )
        == 100
    )
    assert len(company.received("whatsapp")) == 100
    assert not Order.objects.filter(number="never").exists()
    assert not company.runs().filter(trigger_payload__order_number="never").exists()
