"""A run that ends its worker, again and again."""

import os
import signal

from tests.faults.jobs import order_job, poison_job
from tests.faults.registry import scenario
from tests.support.live import wait_until

DEATHS = 5

HOLDER = """
SELECT worker.pid, worker.number FROM workflow_runs run
JOIN workflow_workers worker ON worker.number = run.worker
WHERE run.trigger_payload ->> 'order_number' = %(order)s AND run.status = 'running'
    AND run.crashes < 5
"""
END = """
SELECT error_code, crashes FROM workflow_runs
WHERE trigger_payload ->> 'order_number' = %(order)s AND due_at IS NULL
"""
# The rests between its deaths grow to 16 s; a short dry run of the suite does not wait for them.
HURRY = """
UPDATE workflow_runs SET due_at = now() WHERE trigger_payload ->> 'order_number' = %(order)s
    AND status = 'queued' AND due_at > now() RETURNING 1
"""


@scenario
def poison(stage):
    """Its worker is killed whenever the call is out: after five deaths it fails, alone."""
    world = stage.world
    world.group()
    innocent = stage.shop(order_job(world.provider.address("ok", delay=0.15)))
    guilty = stage.shop(poison_job(world.provider.address("slow", share=1, seconds=60)), "poison")
    with stage.load(innocent, every=0.1):
        order = guilty.fire()
        for death in range(1, DEATHS + 1):
            wait_until(lambda calls=death: _calls(world, order) >= calls, 40)
            pid, number = world.ledger.rows(HOLDER, order=order)[0]
            os.kill(pid, signal.SIGKILL)
            stage.recovered(stage.fault(), [number])
            if world.is_short:
                wait_until(lambda: _hurried(world, order), 5)
        code, crashes = wait_until(lambda: world.ledger.rows(END, order=order), 60)[0]
    if code != "poisoned":
        stage.verdict.lost.append(f"{order} ended as {code} after {crashes} crashes")
    if (calls := _calls(world, order)) != DEATHS:
        stage.verdict.doubled.append(f"{order} called {calls} times in {DEATHS} lives")


def _calls(world, order):
    return sum(one.order == order for one in world.provider.deliveries())


def _hurried(world, order):
    rested = world.ledger.rows(HURRY, order=order)
    return rested or world.ledger.rows(HOLDER, order=order) or world.ledger.rows(END, order=order)
