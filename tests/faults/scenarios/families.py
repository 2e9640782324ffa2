"""Runs that wait for others: their children, an event."""

import os
import signal
import time
from contextlib import contextmanager

import psycopg

from tests.faults.jobs import ANSWER, answer_job, batch_job
from tests.faults.ledger import ENDED
from tests.faults.registry import scenario
from tests.support.live import wait_until
from workflows.services.events.fire import fire

ITEMS = 50
FIRST_STEP_SECONDS = 3  # longer than it takes until an event for which nobody waits is looked at
HEARD_SECONDS = 15
UNMATCHED = """
SELECT count(*) FROM workflow_events WHERE tenant_id = %(tenant)s AND matched_at IS NULL
"""
STOPPED = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')
"""
WORKER_OF = """
SELECT worker.pid, worker.number FROM workflow_runs run
JOIN workflow_workers worker ON worker.number = run.worker
WHERE run.trigger_payload ->> 'order_number' = %(order)s AND run.status = 'running'
"""
REFER_TO = """
SELECT 1 FROM workflow_runs WHERE trigger_payload ->> 'order_number' = %(order)s FOR KEY SHARE
"""
ASKS = """
SELECT wait_match IS NOT NULL FROM workflow_runs
WHERE trigger_payload ->> 'order_number' = %(order)s
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
            number, pid, _held = wait_until(lambda: world.workers(group))[0]
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
    """A worker dies while a run that is about to wait looks for what has come already."""
    world = stage.world
    world.group()
    slow = world.provider.address("ok", delay=FIRST_STEP_SECONDS)
    shop = stage.shop(answer_job(slow, world.provider.address("ok")))
    for _ in range(stage.often(2, 8)):
        order = shop.fire()
        pid, number = wait_until(lambda now=order: _worker_of(world, now))
        # It comes while the first step is under way, and nobody waits for it yet.
        fire(shop.tenant, ANSWER, {"order_number": order})
        wait_until(lambda: not world.ledger.one(UNMATCHED, tenant=shop.tenant.id))
        with _held_where_it_looks_back(world, order):
            wait_until(lambda now=order: _looks_back(world, now))
            os.kill(pid, signal.SIGKILL)
        stage.recovered(stage.fault(), [number])
        try:
            wait_until(lambda now=order: world.ledger.one(ENDED, order=now), HEARD_SECONDS)
        except AssertionError:
            stage.verdict.lost.append(f"{order} never hears of what came while it was parked")
            _answer(shop, [order])


@contextmanager
def _held_where_it_looks_back(world, order):
    """Let a run's row be written, and not be locked, as one that refers to it does meanwhile."""
    with psycopg.connect(world.database.owner_url) as session:
        session.execute(REFER_TO, {"order": order})
        yield


def _worker_of(world, order):
    rows = world.ledger.rows(WORKER_OF, order=order)
    return rows[0] if rows else None


def _looks_back(world, order):
    """Whether the run's row says what it waits for, and its worker waits for the row itself."""
    return world.ledger.one(ASKS, order=order) and world.ledger.one(STOPPED)


def _until_they_wait(world, shop, count):
    wait_until(lambda: world.ledger.one(WAITING, tenant=shop.tenant.id) >= count, 60)


def _answer(shop, orders):
    """Fire what runs wait for; some of it twice."""
    for place, order in enumerate(orders):
        for _ in range(2 if place % 3 == 0 else 1):
            fire(shop.tenant, ANSWER, {"order_number": order})
