"""Orders saved by a plain Django application: what fires runs, or tasks."""

import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from tenants.models.order import Order

_prefix = random.randrange(10**9)
_numbers = itertools.count()


def new_order(tenant):
    """Return an order that is not saved yet."""
    return Order(
        tenant=tenant,
        number=f"{_prefix}-{next(_numbers)}",
        customer_id="C-1019",
        customer_name="Rami Haddad",
        customer_phone="03 123 456",
        customer_email="rami@example.com",
        total_amount="149.90",
    )


def save_many(save, count, threads):
    """Call `save` so often, from so many threads at once."""
    left = itertools.count()

    def work():
        try:
            while next(left) < count:
                save()
        finally:
            connections.close_all()

    ready = threading.Barrier(threads)
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(lambda: (ready.wait(), work())) for _ in range(threads)]:
            done.result()
