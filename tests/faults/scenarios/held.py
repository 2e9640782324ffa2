"""A run of one company holds the interpreter of a worker, again and again."""

import os
import time

from tests.faults.jobs import call_job, hold_job, order_job, post_job
from tests.faults.ledger import ENDED
from tests.faults.registry import scenario
from tests.support.holding import actions as holding
from tests.support.live import wait_until
from workflows.runtime.workers.held import HAND_OVER_CPU_SECONDS

CALL_SECONDS = 4.0  # so long that the calls beside it are under way when the worker is ended
BESIDE = 6
USUAL_SECONDS = 3
LATER_MS = 1000  # than usual, at most, each of the short runs beside it
# Claimed, put back, claimed again: so often the token of a run changes that met one held process.
TOKENS = 3
END = """
SELECT error_code, crashes FROM workflow_runs
WHERE trigger_payload ->> 'order_number' = %(order)s AND due_at IS NULL
"""
BLAMED = """
SELECT trigger_payload ->> 'order_number' FROM workflow_runs
WHERE tenant_id = ANY(%(tenants)s) AND (crashes > 0 OR error_code = 'poisoned')
"""
MET_TWO = """
SELECT trigger_payload ->> 'order_number', lease_token FROM workflow_runs
WHERE tenant_id = ANY(%(tenants)s) AND lease_token > %(tokens)s
"""
SLOWEST = """
SELECT coalesce(max(extract(epoch FROM coalesce(completed_at, clock_timestamp()) - created_at)
    * 1000), 0)
FROM workflow_runs WHERE tenant_id = ANY(%(tenants)s) AND created_at BETWEEN %(since)s AND %(until)s
"""
CLOCK = "SELECT clock_timestamp()"
HURRY = """
UPDATE workflow_runs SET due_at = now() WHERE trigger_payload ->> 'order_number' = %(order)s
    AND status = 'queued' AND due_at > now() RETURNING 1
"""


@scenario
def held_interpreter(stage):
    """Those beside it end right, or as unknown; none is blamed, and it ends as poisoned."""
    holding.declare()  # who publishes has to know it, too
    world = stage.world
    world.stop_workers()
    world.new_group(DJANGO_SETTINGS_MODULE="tests.support.holding.settings", slots=20)
    guilty = stage.shop(hold_job(), "guilty")
    posts = stage.posting_shop(post_job(), "slow", "posts")
    calls = stage.shop(order_job(world.provider.address("ok", delay=CALL_SECONDS)), "calls")
    # What a transaction of the held process has locked goes on only when that is ended.
    short = stage.shop(call_job(world.provider.address("ok")), "short")
    others = [stage.quiet.tenant.id, short.tenant.id]
    with stage.load(short, every=0.1):
        begun = world.ledger.one(CLOCK)
        time.sleep(USUAL_SECONDS)
        for _ in range(BESIDE):
            posts.fire()
            calls.fire()
        time.sleep(1)
        fired = world.ledger.one(CLOCK)
        usual = float(world.ledger.one(SLOWEST, tenants=others, since=begun, until=fired))
        order, end, blamed = _hold_again_and_again(stage, guilty, [posts, calls])
    over = world.ledger.one(CLOCK)
    stage.settle()
    slowest = float(world.ledger.one(SLOWEST, tenants=others, since=fired, until=over))
    stage.recoveries.append(slowest)
    stage.note = f"the slowest of the short runs beside it, before {usual:.0f} ms"
    if end != [("poisoned", 5)]:
        stage.verdict.lost.append(f"{order} ended as {end}")
    stage.verdict.lost += [f"{one} was blamed" for one in sorted(blamed)]
    tenants = [*others, posts.tenant.id, calls.tenant.id]
    for one, token in world.ledger.rows(MET_TWO, tenants=tenants, tokens=TOKENS):
        stage.verdict.lost.append(f"{one} met {token // 2} held processes")
    # What a thread uses of the processor is the sign: that takes longer where others want it, too.
    waits = max(0.0, os.getloadavg()[0] / (os.cpu_count() or 1) - 1)
    if slowest > usual + LATER_MS + 1000 * HAND_OVER_CPU_SECONDS * waits:
        stage.verdict.lost.append(f"another company's run took {slowest:.0f} ms, not {usual:.0f}")


def _hold_again_and_again(stage, guilty, beside):
    """Let a run hold its workers until it ends; return it, how it ended, and who was blamed."""
    ledger, tenants = stage.world.ledger, [shop.tenant.id for shop in beside]
    order, since = guilty.fire(), stage.fault()
    blamed, end = set(), []
    while not end and time.monotonic() - since < 90:
        quick = stage.quiet.fire()
        wait_until(lambda one=quick: ledger.one(ENDED, order=one), 30)
        blamed |= {row[0] for row in ledger.rows(BLAMED, tenants=tenants)}
        ledger.rows(HURRY, order=order)
        end = ledger.rows(END, order=order)
        time.sleep(0.2)
    return order, end, blamed
