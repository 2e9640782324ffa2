"""django-q2 alone: R3 as a task, sent with `async_task` after saving an order, no history."""

import os
import sys
import time

import django

from tests.benchmarks.plan import given_plan, measure, percentile
from tests.benchmarks.processes import Patience, running, without_limits

SETTINGS = "tests.benchmarks.queue_settings"
TASK = "tests.benchmarks.queue_tasks.r3"


class Queue:
    """Orders saved, and a task for each."""

    def __init__(self, plan):
        from tenants.models.tenant import Tenant

        self.plan = plan
        self.tenant, _ = Tenant.objects.get_or_create(key="bench", defaults={"name": "Bench"})
        self.ends = f"{os.environ['BENCH_DIRECTORY']}/ends"
        os.environ["BENCH_ENDS"] = self.ends

    def fire(self):
        """Save an order and send its task."""
        from django_q.tasks import async_task

        from tests.benchmarks import orders

        order = orders.new_order(self.tenant)
        order.save()
        async_task(TASK, str(order.id), self.plan.sink)

    def fire_many(self, count):
        """Fire as a busy web process does."""
        from tests.benchmarks import orders

        orders.save_many(self.fire, count, self.plan.firing_threads)

    def forget(self):
        """Forget what has ended."""
        open(self.ends, "w").close()

    def ended(self, count):
        """Wait until so many tasks have ended; return when the first began and the last ended."""
        patience = Patience(f"not all of {count} tasks ended")
        while True:
            with open(self.ends) as file:
                lines = [line.split() for line in file if line.endswith("\n")]
            if len(lines) >= count:
                return min(float(one) for one, _ in lines), max(float(two) for _, two in lines)
            patience.look(len(lines))
            time.sleep(0.001)

    def cluster(self):
        """Run the cluster for the block."""
        return running(["manage.py", "qcluster"], {**os.environ})


def drain(queue):
    """Return the tasks a second of what is queued, from the first's beginning."""
    queue.forget()
    queue.fire_many(queue.plan.runs)
    with queue.cluster():
        begun, ended = queue.ended(queue.plan.runs)
    return {"drain_runs_per_s": queue.plan.runs / (ended - begun)}


def burst(queue):
    """Return the tasks a second while they are fired."""
    with queue.cluster():
        _warm(queue)
        begun = time.time()
        queue.fire_many(queue.plan.runs)
        _, ended = queue.ended(queue.plan.runs)
    return {"burst_runs_per_s": queue.plan.runs / (ended - begun)}


def latency(queue):
    """Fire one after the other; return the waits until each had ended."""
    waits = []
    with queue.cluster():
        _warm(queue)
        for _ in range(queue.plan.latencies):
            queue.forget()
            begun = time.time()
            queue.fire()
            waits.append(queue.ended(1)[1] - begun)
            time.sleep(0.02)
    return {
        "latency_p50_ms": percentile(waits, 0.5) * 1000,
        "latency_p95_ms": percentile(waits, 0.95) * 1000,
    }


def _warm(queue):
    queue.forget()
    queue.fire_many(queue.plan.warm_up)
    queue.ended(queue.plan.warm_up)
    queue.forget()


def main():
    """Measure what the plan asks for, and print it."""
    plan = given_plan()
    queue = Queue(plan)
    for part in [part for part in (latency, burst, drain) if part.__name__ in plan.only]:
        measure(part.__name__, part, queue)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    django.setup()
    without_limits()
    sys.exit(main())
