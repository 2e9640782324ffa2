"""One company's templates that multiply their work, under the load of another."""

import time

from tests.faults.jobs import heavy_job, order_job
from tests.faults.registry import scenario
from tests.faults.scenarios.hostile import LATER_MS, not_later

EVENTS = 40
END_SECONDS = 240  # each of them takes two seconds, one after the other in each worker
ENDED = """
SELECT count(*) FROM workflow_runs WHERE tenant_id = %(tenant)s AND due_at IS NULL
"""
OTHERS = """
SELECT error_code, count(*) FROM workflow_runs
WHERE tenant_id = %(tenant)s AND (status <> 'failed' OR error_code <> 'too_much_work'
    OR coalesce(error_message, '') = '') GROUP BY 1
"""
# On a busy machine the slowest of many tells of the machine: of the probes each one is looked at.
P95 = """
SELECT coalesce(percentile_cont(0.95) WITHIN GROUP (
    ORDER BY extract(epoch FROM coalesce(completed_at, clock_timestamp()) - created_at) * 1000), 0)
FROM workflow_runs WHERE tenant_id = %(tenant)s AND created_at > %(since)s
"""
CLOCK = "SELECT clock_timestamp()"


@scenario
def hostile_template(stage):
    """Events whose template sorts a long list ten thousand times, and more of the kind."""
    ledger = stage.world.ledger
    stage.world.group()
    innocent = stage.shop(order_job(stage.world.provider.address("ok")))
    guilty = stage.shop(heavy_job(), "guilty")
    events = stage.often(6, EVENTS)
    with stage.load(innocent, every=0.1):
        begun = ledger.one(CLOCK)
        time.sleep(stage.often(1, 5))
        usual = float(ledger.one(P95, tenant=innocent.tenant.id, since=begun))
        fired = ledger.one(CLOCK)
        with not_later(stage):
            for _ in range(events):
                guilty.fire()
            stage.fault()
        _let_them_end(stage, guilty, events)
        beside = float(ledger.one(P95, tenant=innocent.tenant.id, since=fired))
    stage.note = f"p95 of the runs beside: {beside:.0f} ms, before {usual:.0f} ms"
    if beside > usual + LATER_MS:
        stage.verdict.lost.append(stage.note)
    for code, count in ledger.rows(OTHERS, tenant=guilty.tenant.id):
        stage.verdict.lost.append(f"{count} heavy runs ended with {code}")


def _let_them_end(stage, guilty, events):
    until = time.monotonic() + END_SECONDS
    while stage.world.ledger.one(ENDED, tenant=guilty.tenant.id) < events:
        if time.monotonic() > until:
            stage.verdict.lost.append("a template is still being filled in")
            return
        time.sleep(0.2)
