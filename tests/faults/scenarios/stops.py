"""Workers that are frozen, asked to stop, or gone with their host."""

import os
import signal
import time

import psutil

from tests.faults.jobs import order_job, post_job
from tests.faults.registry import scenario
from tests.faults.verdict import COMPLETED
from tests.support.live import wait_until

LEASE = 3
GRACE_SECONDS = 30
SETTLED_SECONDS = 2  # in which a thawed worker would have written what it has in hand

ENDED_ROWS = """
SELECT id, md5(run::text) FROM workflow_runs run WHERE tenant_id = ANY(%(tenants)s)
    AND due_at IS NULL
"""
TORN = """
SELECT count(*) FROM workflow_runs WHERE tenant_id = ANY(%(tenants)s)
    AND (status = 'running' OR worker IS NOT NULL OR crashes > 0
        OR (due_at IS NOT NULL AND pending ->> 'begun' IS NOT NULL))
"""


@scenario
def frozen_worker(stage):
    """A worker is frozen past its lease; others do its work; it thaws and changes nothing."""
    stage.zombies = True
    world = stage.world
    world.stop_workers()
    shop = stage.shop(order_job(world.provider.address("ok", delay=0.3)))
    tenants = [one.tenant.id for one in stage.shops]
    groups = world.new_groups(2, lease=LEASE)
    # They would shoot the silent worker, and this is about the lease.
    supervisors = [psutil.Process(group.process.pid) for group in groups]
    for supervisor in supervisors:
        supervisor.suspend()
    try:
        for turn in range(stage.often(2, 6)):
            with stage.load(shop):
                # Under a light load one worker may take all there is.
                number, pid = wait_until(
                    lambda: next(filter(None, (_busy_one(world, one) for one in groups)), None)
                )
                os.kill(pid, signal.SIGSTOP)
                stage.recovered(stage.fault(), [number])
                if turn % 2:
                    # While others are in the middle of its runs.
                    os.kill(pid, signal.SIGCONT)
            # When every one of its runs has been carried to its end.
            stage.settle()
            before = dict(world.ledger.rows(ENDED_ROWS, tenants=tenants))
            os.kill(pid, signal.SIGCONT)
            time.sleep(SETTLED_SECONDS)
            after = dict(world.ledger.rows(ENDED_ROWS, tenants=tenants))
            changed = [str(run) for run, text in before.items() if after.get(run) != text]
            stage.verdict.doubled += [f"{run} was changed by a zombie" for run in changed]
    finally:
        for supervisor, group in zip(supervisors, groups, strict=True):
            supervisor.resume()
            world.stop(group)


@scenario
def sigterm(stage):
    """The group is asked to stop under load: no step is torn, nothing is called again."""
    world = stage.world
    shop = stage.shop(order_job(world.provider.address("ok", delay=0.3)))
    tenants = [one.tenant.id for one in stage.shops]
    drains = []
    with stage.load(shop):
        for turn in range(stage.often(2, 6)):
            group = world.group()
            stage.rest(1, 3)
            if turn % 2:
                # As an operating system does that does not know better: SIGTERM to every process.
                for process in group.everything():
                    process.terminate()
            since = stage.fault()
            world.stop(group)
            drains.append(time.monotonic() - since)
            if torn := world.ledger.one(TORN, tenants=tenants):
                stage.verdict.doubled.append(f"{torn} runs torn by stop {turn + 1}")
    world.group()
    stage.settle()
    stage.recoveries = [seconds * 1000 for seconds in drains]
    stage.note = "slowest: drain"
    if max(drains) > GRACE_SECONDS:
        stage.verdict.lost.append(f"a drain took {max(drains):.0f} s")
    stage.nothing_is_repeated = True


@scenario
def two_hosts(stage):
    """One of two hosts loses its power; the other takes over."""
    world = stage.world
    shop = stage.shop(order_job(world.provider.address("ok", delay=0.15)))
    groups = [world.group(), world.new_group()]
    with stage.load(shop):
        for _ in range(stage.often(1, 6)):
            stage.rest(1, 2)
            gone = stage.chance.choice(groups)
            numbers = [number for number, _, _ in world.workers(gone)]
            world.end_group(gone)
            stage.recovered(stage.fault(), numbers)
            groups = [one for one in groups if one is not gone] + [world.new_group()]
    world.stop(groups[1])


@scenario
def recycling(stage):
    """Workers come to the end of their lives under steps that outlast their grace."""
    world = stage.world
    world.stop_workers()
    life = {"SAYR_WORKER_LIFE_SECONDS": "3", "SAYR_GRACE_SECONDS": "1"}
    group = world.new_group(**life)
    shop = stage.posting_shop(post_job(COMPLETED), "slow;share=1;seconds=3")
    for _ in range(stage.often(1, 4)):
        known = {number for number, _, _ in world.workers(group)}
        with stage.load(shop, every=0.4):
            wait_until(lambda old=known: not old & _numbers(world, group), 60)
        stage.faults += len(known)
        stage.recovered(time.monotonic())
    stage.settle()
    world.stop(group)
    stage.note = "slowest: another tenant's run"


def _numbers(world, group):
    """Return the dispatchers there are; never none, between two of them."""
    return {number for number, _, _ in wait_until(lambda: world.workers(group), 60)}


def _busy_one(world, group):
    busy = [(number, pid) for number, pid, held in world.workers(group) if held]
    return busy[0] if busy else None
