"""People let failed runs go on, again and again, while workers die under them."""

import os
import signal
import time

from tests.faults.jobs import batch_job
from tests.faults.registry import scenario
from tests.support.live import wait_until
from workflows.services.refusals import NotRetryable
from workflows.services.runs.retry import retry_failed_step

ITEMS = 6
FAILED = """
SELECT id FROM workflow_runs WHERE tenant_id = %(tenant)s AND status = 'failed'
    AND parent_run IS NULL
"""
OPEN = "SELECT count(*) FROM workflow_runs WHERE tenant_id = %(tenant)s AND due_at IS NOT NULL"
ROUND_SECONDS = 60
MOST_ROUNDS = 40


@scenario
def retry_storm(stage):
    """Items of lists fail or come too late: what is retried is what failed, and nothing else."""
    world = stage.world
    group = world.group()
    refused = world.provider.address("refuse", share=0.25, delay=0.1)
    slow = world.provider.address("ok", delay=0.4)
    shops = [
        stage.shop(batch_job(refused, ITEMS, at_once=2, if_one_fails="stop"), "refused"),
        stage.shop(batch_job(slow, ITEMS, at_once=1, settings={"deadline": "1s"}), "late"),
    ]
    for _ in range(stage.often(3, 10)):
        for shop in shops:
            shop.fire()
    kills = stage.often(2, 10)
    for turn in range(MOST_ROUNDS):
        if turn < kills:
            stage.rest(0.2, 0.8)
            number, pid, _held = wait_until(lambda: world.workers(group))[0]
            os.kill(pid, signal.SIGKILL)
            stage.recovered(stage.fault(), [number])
        for shop in shops:
            wait_until(lambda one=shop: not _is_under_way(world, one), ROUND_SECONDS)
        if not sum([_retry(world, shop) for shop in shops]):
            break
        stage.recovered(time.monotonic())
    stage.note = "retried until everything was done"


def _is_under_way(world, shop):
    return world.ledger.one(OPEN, tenant=shop.tenant.id)


def _retry(world, shop):
    """Let every failed run go on, pressing twice; return how many there were."""
    failed = [row[0] for row in world.ledger.rows(FAILED, tenant=shop.tenant.id)]
    for run in failed:
        retry_failed_step(shop.tenant, run)
        try:
            retry_failed_step(shop.tenant, run)
        except NotRetryable:
            continue
    return len(failed)
