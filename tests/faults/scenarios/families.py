"""Runs that wait for others: their children, an event."""

import os
import signal
import time

import psycopg

from tests.faults.jobs import ANSWER, answer_job, batch_job
from tests.faults.ledger import ENDED
from tests.faults.registry import scenario
from tests.support.live import wait_until
from workflows.models.definition import WorkflowDefinition
from workflows.services.cancel import cancel
from workflows.services.fire import fire
from workflows.services.publish import publish

ITEMS = 50
BYSTANDER = "fault.bystander"
HEARD_SECONDS = 15
UNMATCHED = """
SELECT count(*) FROM workflow_events WHERE tenant_id = %(tenant)s AND matched_at IS NULL
"""
STOPPED = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')
"""
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


@scenario
def parked_and_gone(stage):
    """A worker dies when it has parked a run, before it has looked for the event that came."""
    world = stage.world
    world.stop_workers()
    shop = stage.shop(answer_job(world.provider.address("ok", delay=3)))
    _let_somebody_wait_too(shop)
    for _ in range(stage.often(2, 6)):
        group = world.new_group(workers=1)
        order = shop.fire()
        # It came while the first step was under way, and nobody waited for it yet.
        fire(shop.tenant, ANSWER, {"order_number": order})
        wait_until(lambda: not world.ledger.one(UNMATCHED, tenant=shop.tenant.id))
        other = fire(shop.tenant, BYSTANDER, {"number": order}).run_ids[0]
        wait_until(lambda: world.ledger.one(WAITING, tenant=shop.tenant.id))
        with psycopg.connect(world.database.owner_url) as session:
            # Whoever looks back looks at all who wait for the same, and stops at this one.
            session.execute("SELECT 1 FROM workflow_runs WHERE id = %s FOR UPDATE", [other])
            wait_until(lambda now=order: _has_stopped_or_ended(world, now))
            world.end_group(group)
        since = stage.fault()
        group = world.new_group(workers=1)
        stage.recovered(since)
        try:
            wait_until(lambda now=order: world.ledger.one(ENDED, order=now), HEARD_SECONDS)
        except AssertionError:
            stage.verdict.lost.append(f"{order} never hears of what came while it was parked")
        cancel(shop.tenant, other)
        _answer(shop, [order])
        world.stop(group)
    world.group()
    stage.note = "from the kill, with the start of another worker"


def _let_somebody_wait_too(shop):
    """Publish a workflow whose runs wait for the same event, and for nothing that came before."""
    asked = {"type": ANSWER, "match": {"order_number": "{{trigger.number}}"}}
    step = {"name": "wait", "action": "wait_for_event", "params": asked}
    document = {"name": "Bystander", "trigger_type": BYSTANDER, "steps": [step]}
    definition = WorkflowDefinition(tenant=shop.tenant, key="bystander", is_active=True)
    publish(shop.tenant, "faults", definition, document)


def _has_stopped_or_ended(world, order):
    """Whether the worker waits for the row that is held, or has ended the run without it."""
    return world.ledger.one(STOPPED) or world.ledger.one(ENDED, order=order)


def _until_they_wait(world, shop, count):
    wait_until(lambda: world.ledger.one(WAITING, tenant=shop.tenant.id) >= count, 60)


def _answer(shop, orders):
    """Fire what runs wait for; some of it twice."""
    for place, order in enumerate(orders):
        for _ in range(2 if place % 3 == 0 else 1):
            fire(shop.tenant, ANSWER, {"order_number": order})
