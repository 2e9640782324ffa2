"""A run of one company holds the interpreter of a worker, again and again."""

import time

from tests.faults.jobs import hold_job, order_job, post_job
from tests.faults.ledger import ENDED
from tests.faults.registry import scenario
from tests.support.holding import actions as holding
from tests.support.live import wait_until

CALL_SECONDS = 4.0  # so long that the calls beside it are under way when the worker is ended
BESIDE = 6
# A held process is ended once it has used a second of the processor, which takes long on a machine
# that is busy with other things; else the slowest start takes two to five seconds.
LATER_SECONDS = 20.0
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
    for _ in range(BESIDE):
        posts.fire()
        calls.fire()
    time.sleep(1)
    order, since = guilty.fire(), stage.fault()
    tenants = [posts.tenant.id, calls.tenant.id]
    blamed, slowest, end = set(), 0.0, []
    while not end and time.monotonic() - since < 90:
        quick, fired = stage.quiet.fire(), time.monotonic()
        wait_until(lambda one=quick: world.ledger.one(ENDED, order=one), 30)
        slowest = max(slowest, time.monotonic() - fired)
        blamed |= {row[0] for row in world.ledger.rows(BLAMED, tenants=tenants)}
        world.ledger.rows(HURRY, order=order)
        end = world.ledger.rows(END, order=order)
        time.sleep(0.2)
    stage.recoveries.append(slowest * 1000)
    stage.note = "the slowest start of another company"
    if end != [("poisoned", 5)]:
        stage.verdict.lost.append(f"{order} ended as {end}")
    stage.verdict.lost += [f"{one} was blamed" for one in sorted(blamed)]
    tenants.append(stage.quiet.tenant.id)
    for one, token in world.ledger.rows(MET_TWO, tenants=tenants, tokens=TOKENS):
        stage.verdict.lost.append(f"{one} met {token // 2} held processes")
    if slowest > LATER_SECONDS:
        stage.verdict.lost.append(f"another company's run took {slowest:.1f} s")
