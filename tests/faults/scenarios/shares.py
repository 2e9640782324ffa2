"""Companies whose provider never answers, and one that asks nobody."""

import time

from tests.faults.jobs import silent_job
from tests.faults.registry import scenario
from workflows.runtime.runs.store import cancel

RUNS = 40  # of each company: more than all slots
BOUND_MS = 200  # of the waits of a quiet company's runs, at p95
EVERY_SECONDS = 0.5
# How many companies there are, and how long their steps wait for their provider.
PHASES = ((1, "30s"), (1, "300s"), (2, "30s"), (5, "300s"))

LIVE = "SELECT id FROM workflow_runs WHERE tenant_id = %(tenant)s AND due_at IS NOT NULL"
CLOCK = "SELECT clock_timestamp()"
WAITS = """
SELECT extract(epoch FROM coalesce(started_at, clock_timestamp()) - created_at) * 1000
FROM workflow_runs WHERE tenant_id = %(tenant)s AND created_at > %(since)s ORDER BY 1
"""


@scenario
def silent_provider(stage):
    """Companies have forty runs each at a provider that is silent: another's begin at once."""
    stage.world.group()
    told = []
    for companies, timeout in PHASES[-stage.often(1, len(PHASES)) :]:
        greedy = [_greedy(stage, f"{timeout}of{companies}n{n}", timeout) for n in range(companies)]
        for shop in greedy:
            for _ in range(RUNS):
                shop.fire()
        stage.fault()
        time.sleep(2)
        told.append(f"{companies} x {timeout}: {_beside(stage)}")
        _let_go(stage, greedy)
    stage.note = f"p50 / p95 of the waits of quiet runs; {', '.join(told)}"


def _greedy(stage, name, timeout):
    seconds = float(timeout.removesuffix("s"))
    address = stage.world.provider.address("hang", share=1, seconds=seconds)
    return stage.shop(silent_job(address, timeout), name)


def _beside(stage):
    """Let quiet runs begin for a while; return how long they waited."""
    ledger, quiet = stage.world.ledger, stage.quiet
    since = ledger.one(CLOCK)
    for _ in range(stage.often(20, 60)):
        quiet.fire()
        time.sleep(EVERY_SECONDS)
    found = ledger.rows(WAITS, tenant=quiet.tenant.id, since=since)
    waits = [float(row[0]) for row in found]
    p50, p95 = (waits[int(len(waits) * part)] for part in (0.5, 0.95))
    stage.recoveries.append(p95)
    if p95 > BOUND_MS:
        stage.verdict.lost.append(f"quiet runs waited {p95:.0f} ms")
    return f"{p50:.0f} / {p95:.0f} ms"


def _let_go(stage, shops):
    """Cancel what the provider holds, which breaks off."""
    for shop in shops:
        for (run_id,) in stage.world.ledger.rows(LIVE, tenant=shop.tenant.id):
            cancel(shop.tenant.id, run_id)
    stage.world.provider.kill()
    stage.world.provider.start()
    stage.settle()
