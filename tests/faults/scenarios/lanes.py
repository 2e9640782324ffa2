"""Runs that take turns, and one of them is called off."""

import time

from tests.faults.jobs import turns_job
from tests.faults.registry import scenario
from tests.support.live import wait_until
from workflows.services.events.fire import fire
from workflows.services.runs.cancel import cancel
from workflows.services.runs.cancel_all import cancel_live

RUNS = 5
CALL_SECONDS = 1
IN_ITS_LAST_STEP = """
SELECT count(*) FROM workflow_runs WHERE tenant_id = %(tenant)s AND status = 'running'
    AND current_step = 1
"""
WHOSE_TURN_IT_IS = """
SELECT id, trigger_payload ->> 'order_number' FROM workflow_runs
WHERE tenant_id = %(tenant)s AND due_at <= now()
"""
OPEN = "SELECT id FROM workflow_runs WHERE tenant_id = ANY(%(tenants)s) AND due_at IS NOT NULL"
NEXT_SECONDS = 30


@scenario
def cancelled_turn(stage):
    """The runs whose turn it is are cancelled before a worker takes them: the others go on."""
    world = stage.world
    address = world.provider.address("ok", delay=CALL_SECONDS)
    shops = [
        stage.shop(turns_job(address, concurrency_key="one"), "key"),
        stage.shop(turns_job(address, max_running=1), "limit"),
    ]
    tenants = [shop.tenant.id for shop in shops]
    for _ in range(stage.often(1, 5)):
        group = world.group()
        for shop in shops:
            _fire(shop, RUNS)
        wait_until(lambda: all(world.ledger.one(IN_ITS_LAST_STEP, tenant=t) for t in tenants), 60)
        # Each finishes its step and wakes the next; nobody claims that.
        world.stop(group)
        world.stop_workers()
        for shop in shops:
            called = world.ledger.rows(WHOSE_TURN_IT_IS, tenant=shop.tenant.id)
            if not called:
                raise AssertionError("it is nobody's turn")
            for run, number in called:
                cancel(shop.tenant, run)
                shop.known.discard(number)
        since = stage.fault()
        world.group()
        stage.recovered(since)
        try:
            wait_until(lambda: not world.ledger.rows(OPEN, tenants=tenants), NEXT_SECONDS)
        except AssertionError:
            asleep = [row[0] for row in world.ledger.rows(OPEN, tenants=tenants)]
            stage.verdict.lost.append(f"{len(asleep)} runs sleep behind a cancelled one")
            for shop in shops:
                cancel_live(shop.tenant, shop.definition)
        stage.recoveries.append((time.monotonic() - since) * 1000)
    stage.note = "slowest: until the last has ended"


def _fire(shop, count):
    numbers = [shop.next_number() for _ in range(count)]
    for number in numbers:
        fire(shop.tenant, "fault.noise", {"order_number": number})
    shop.known.update(numbers)
