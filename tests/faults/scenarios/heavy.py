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
# On a busy machine the slowest of many tells of the machine: there nineteen in twenty count, and
# each of the probes.
QUIET_MS = 500  # the slowest before, on a machine that has nothing else to do
TOOK = """
SELECT coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY took), 0), coalesce(max(took), 0)
FROM (SELECT extract(epoch FROM coalesce(completed_at, clock_timestamp()) - created_at) * 1000
    AS took FROM workflow_runs WHERE tenant_id = %(tenant)s AND created_at BETWEEN %(since)s
    AND %(until)s) AS runs
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
        fired = ledger.one(CLOCK)
        usual, usual_slowest = _took(ledger, innocent, begun, fired)
        with not_later(stage):
            for _ in range(events):
                guilty.fire()
            stage.fault()
        _let_them_end(stage, guilty, events)
        beside, slowest = _took(ledger, innocent, fired, ledger.one(CLOCK))
    stage.note = f"p95 of the runs beside: {beside:.0f} ms, before {usual:.0f} ms"
    stage.note += f"; the slowest {slowest:.0f} ms, before {usual_slowest:.0f} ms"
    is_quiet = usual_slowest < QUIET_MS
    if beside > usual + LATER_MS or (is_quiet and slowest > usual_slowest + LATER_MS):
        stage.verdict.lost.append(stage.note)
    for code, count in ledger.rows(OTHERS, tenant=guilty.tenant.id):
        stage.verdict.lost.append(f"{count} heavy runs ended with {code}")


def _took(ledger, shop, since, until):
    """Return how many milliseconds a shop's runs took at p95, and the slowest."""
    [(most, slowest)] = ledger.rows(TOOK, tenant=shop.tenant.id, since=since, until=until)
    return float(most), float(slowest)


def _let_them_end(stage, guilty, events):
    until = time.monotonic() + END_SECONDS
    while stage.world.ledger.one(ENDED, tenant=guilty.tenant.id) < events:
        if time.monotonic() > until:
            stage.verdict.lost.append("a template is still being filled in")
            return
        time.sleep(0.2)
