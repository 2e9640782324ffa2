"""Runs that wait for others: their children, an event."""

import os
import signal
import time

from tests.faults.jobs import ANSWER, answer_job, batch_job
from tests.faults.registry import scenario
from tests.support.live import wait_until
from workflows.services.fire import fire

ITEMS = 50
WAITING = """
SELECT count(*) FROM workflow_runs WHERE tenant_id = %(tenant)s AND wait_match IS NOT NULL
"""


@scenario
def child_runs(stage):
    """Runs for each of fifty items; workers die meanwhile."""
    world = stage.world
    group = world.group()
    shop = stage.shop(batch_job(world.provider.address("ok", delay=0.1), ITEMS))
    for _ in range(stage.often(1, 5)):
        for _ in range(stage.often(2, 4)):
            shop.fire()
        for _ in range(stage.often(2, 4)):
            stage.rest(0.1, 0.4)
            number, pid, _held = world.workers(group)[0]
            os.kill(pid, signal.SIGKILL)
            stage.recovered(stage.fault(), [number])
        stage.settle()
    stage.note = f"each with {ITEMS} child runs"


@scenario
def awaited_event(stage):
    """Runs wait for an event; it comes while workers and database are away, or before they wait."""
    world = stage.world
    shop = stage.shop(answer_job(world.provider.address("ok", delay=0.1)))
    count = stage.often(15, 60)
    for _ in range(stage.often(1, 4)):
        world.group()
        orders = [shop.fire() for _ in range(count)]
        early, rest = orders[: count // 3], orders[count // 3 :]
        _answer(shop, early)
        _until_they_wait(world, shop, len(rest))
        world.end_group(world.group())
        _answer(shop, rest[::2])
        world.break_database()
        world.mend_database()
        stage.fault()
        group = world.group()
        _answer(shop, rest[1::2])
        stage.recovered(time.monotonic())
        os.kill(stage.chance.choice(world.workers(group))[1], signal.SIGKILL)
        stage.recovered(stage.fault())
        stage.settle()


def _until_they_wait(world, shop, count):
    wait_until(lambda: world.ledger.one(WAITING, tenant=shop.tenant.id) >= count, 60)


def _answer(shop, orders):
    """Fire what runs wait for; some of it twice."""
    for place, order in enumerate(orders):
        for _ in range(2 if place % 3 == 0 else 1):
            fire(shop.tenant, ANSWER, {"order_number": order})
