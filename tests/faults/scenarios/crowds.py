"""Very many at once."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

from tests.faults.jobs import ANSWER, noise_job, waiting_job
from tests.faults.registry import scenario
from tests.faults.site import Site, key_of
from tests.support.live import wait_until
from workflows.services.events.drafts import EventDraft
from workflows.services.events.fire import fire_all

BATCH = 500
# What a quiet tenant's run may wait for its start beside a noisy one.
BOUND_MS = 2_000
DRAIN_SECONDS = 300

# Runs that wait at once, and how often each is answered, each time in another order.
WAITING_RUNS, ANSWERS, PART = 150, 4, 30
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
STATISTICS_SECONDS = 2  # until what a session counts is seen by others
ARE_WAITING = """
SELECT count(*) FROM workflow_runs WHERE tenant_id = %(tenant)s AND wait_match IS NOT NULL
"""

WAITS = """
SELECT extract(epoch FROM started_at - created_at) * 1000 FROM workflow_runs
WHERE tenant_id = %(tenant)s ORDER BY 1
"""
AHEAD = """
SELECT count(*) FROM workflow_runs WHERE tenant_id = %(tenant)s AND due_at IS NOT NULL
"""


@scenario
def noisy_tenant(stage):
    """A tenant has ten thousand runs queued; a quiet one's begin as if it were alone."""
    world = stage.world
    noisy = stage.shop(noise_job(), "noisy")
    count = stage.often(1_000, 10_000)
    world.stop_workers()
    for _ in range(count // BATCH):
        numbers = [noisy.next_number() for _ in range(BATCH)]
        drafts = [EventDraft("fault.noise", {"order_number": number}) for number in numbers]
        fire_all(noisy.tenant.facts(), drafts)
        noisy.known.update(numbers)
    world.group()
    stage.fault()
    beside, end = 0, time.monotonic() + DRAIN_SECONDS
    while world.ledger.one(AHEAD, tenant=noisy.tenant.id) and time.monotonic() < end:
        stage.quiet.fire()
        beside += 1
        time.sleep(0.1)
    stage.settle()
    waits = [float(row[0]) for row in world.ledger.rows(WAITS, tenant=stage.quiet.tenant.id)]
    p95 = waits[int(len(waits) * 0.95)] if len(waits) > 1 else 0.0
    stage.recoveries.append(p95)
    stage.note = f"p95 of the waits of {beside} quiet runs"
    if p95 > BOUND_MS:
        stage.verdict.lost.append(f"quiet runs waited {p95:.0f} ms")


@scenario
def same_event(stage):
    """One event is sent a hundred times at once: one event, one run, one answer."""
    world = stage.world
    world.group()
    shop = stage.shop(noise_job())
    times = stage.often(40, 100)
    with Site(world) as site, ThreadPoolExecutor(times) as callers:
        key = key_of(shop)
        for _ in range(stage.often(2, 10)):
            number, gate, begun = shop.next_number(), Barrier(times), time.monotonic()

            def ask(_turn, number=number, gate=gate):
                gate.wait()
                return site.fire(key, number)

            answers = list(callers.map(ask, range(times)))
            stage.fault()
            stage.recoveries.append((time.monotonic() - begun) * 1000)
            statuses = {status for status, _ in answers}
            events = {body.get("event_id") for _, body in answers}
            if statuses != {202} or len(events) != 1:
                stage.verdict.doubled.append(f"{number}: answers {statuses}, {len(events)} events")
            shop.known.add(number)
    stage.note = f"each sent {times} times; slowest: until all have their answer"


@scenario
def two_matchers(stage):
    """Two workers bring the same runs what they wait for, in another order: neither ends."""
    world = stage.world
    group = world.group()
    shop = stage.shop(waiting_job())
    before, workers = world.ledger.one(DEADLOCKS), _numbers(world, group)
    for _ in range(stage.often(3, 12)):
        orders = [shop.fire() for _ in range(WAITING_RUNS)]
        wait_until(lambda: world.ledger.one(ARE_WAITING, tenant=shop.tenant.id) >= WAITING_RUNS, 60)
        gate = Barrier(ANSWERS)
        with ThreadPoolExecutor(ANSWERS) as sources:
            mixed = [stage.chance.sample(orders, len(orders)) for _ in range(ANSWERS)]
            list(sources.map(lambda some, at=gate: _answer_all(shop, some, at), mixed))
        stage.recovered(stage.fault())
        stage.settle()
    time.sleep(STATISTICS_SECONDS)
    if deadlocks := world.ledger.one(DEADLOCKS) - before:
        stage.verdict.lost.append(f"{deadlocks} deadlocks")
    if gone := workers - _numbers(world, group):
        stage.verdict.lost.append(f"workers {sorted(gone)} were replaced")


def _answer_all(shop, orders, gate):
    """Fire what all of these wait for, a part in a transaction."""
    drafts = [EventDraft(ANSWER, {"order_number": order}) for order in orders]
    gate.wait()
    for part in range(0, len(drafts), PART):
        fire_all(shop.tenant.facts(), drafts[part : part + PART])
    connections.close_all()


def _numbers(world, group):
    return {number for number, _, _ in world.workers(group)}
