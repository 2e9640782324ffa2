"""R3 as a task of django-q2: the same update, the same two calls, nothing recorded."""

import json
import os
import time
from uuid import UUID

import requests
from django.db import transaction

from tenants.models.order import Order

_http = requests.Session()


def r3(order_id, sink):
    """Confirm the order, tell two others; note when this began and ended."""
    begun = time.time()
    with transaction.atomic():
        order = Order.objects.select_for_update().get(id=UUID(order_id))
        order.status = "confirmed"
        order.save(update_fields=["status", "updated_at"])
    body = json.dumps({"order": order_id, "total": str(order.total_amount)})
    for step in (1, 2):
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"{order_id}-{step}"}
        answer = _http.post(f"http://{sink}/orders", data=body, headers=headers, timeout=30)
        answer.raise_for_status()
    # Short enough to be one write: lines of several processes do not mix.
    with open(os.environ["BENCH_ENDS"], "a") as ends:
        ends.write(f"{begun} {time.time()}\n")
