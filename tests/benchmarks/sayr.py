"""Sayr itself: `manage.py run_worker`, fired by saving orders."""

import time

import django

from tests.benchmarks.plan import given_plan, measure, named, percentile
from tests.benchmarks.processes import without_limits


def main():
    """Measure what the plan asks for, and print it."""
    from tests.benchmarks.world import World

    plan = given_plan()
    world = World(plan)
    if "fire" in plan.only:
        measure("fire", fire_cost, world, plan)
    busy = [part for part in (latency, burst, drain) if part.__name__ in plan.only]
    if busy:
        with named("workers"), world.workers() as group:
            for part in busy:
                measure(part.__name__, part, world, plan, group)
    if "io" in plan.only:
        measure("io", io_limit, world, plan)
    if "rehearse" in plan.only:
        measure("rehearse", rehearsals, world, plan)


def fire_cost(world, plan):
    """Compare saving an order with saving it when nothing listens to saves at all."""
    bare, fired = [], []
    for _ in range(plan.saves):
        bare.append(_timed(world.save_bare))
        fired.append(_timed(world.save))
    bare_p50, fired_p50 = percentile(bare, 0.5), percentile(fired, 0.5)
    return {
        "bare_save_p50_ms": bare_p50 * 1000,
        "fired_save_p50_ms": fired_p50 * 1000,
        "fire_ratio": fired_p50 / bare_p50 - 1,
    }


def latency(world, plan, group):
    """Fire one run after the other, each when the last has ended."""
    waits = [world.fire_and_wait() for _ in range(plan.latencies)]
    return {
        "latency_p50_ms": percentile(waits, 0.5) * 1000,
        "latency_p95_ms": percentile(waits, 0.95) * 1000,
    }


def burst(world, plan, group):
    """Fire while workers run: from the first save to the last finish."""
    begun = world.now()
    world.save_many(plan.runs)
    ended = world.end_of_all(since=begun)
    return {"burst_runs_per_s": plan.runs / (ended - begun).total_seconds()}


def drain(world, plan, group):
    """Let workers loose on what is queued."""
    world.pause()
    world.save_many(plan.runs)
    before = group.cpu_seconds()
    begun = world.resume()
    ended = world.end_of_all(since=begun)
    cpu = [now - then for now, then in zip(group.cpu_seconds(), before, strict=True)]
    return {
        "drain_runs_per_s": plan.runs / (ended - begun).total_seconds(),
        "cpu_ms_per_run": cpu[0] / plan.runs * 1000,
        "postgres_cpu_ms_per_run": cpu[1] / plan.runs * 1000,
    }


def io_limit(world, plan):
    """Execute runs that mostly wait, on slots that are all taken."""
    slots = plan.workers * plan.io_slots
    limit = plan.io_runs * 2 * plan.io_delay_seconds / slots
    with world.workers(slots=plan.io_slots, sink=plan.slow_sink) as group:
        world.pause()
        world.save_many(plan.io_runs)
        begun = world.resume()
        time.sleep(limit / 2)
        memory, sessions = group.pss_mb(), group.connections()
        ended = world.end_of_all(since=begun)
    return {
        "io_limit_ratio": (ended - begun).total_seconds() / limit,
        "io_pss_mb": memory,
        "io_connections": sessions,
    }


def rehearsals(world, plan):
    """Rehearse the published R3 on one order after the other, as a backtest does."""
    from workflows.services.dry_run.run import Occasion, in_dry_run, script_of

    payloads = world.payloads(plan.rehearsals)
    begun = time.perf_counter()
    script = script_of(world.tenant, world.version())
    with in_dry_run(world.tenant) as perform:
        statuses = {perform(script, Occasion(payload)).status for payload in payloads}
    taken = time.perf_counter() - begun
    if statuses != {"completed"}:
        raise AssertionError(f"not completed: {statuses}")
    return {"rehearsal_per_minute": len(payloads) / taken * 60}


def _timed(act):
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


if __name__ == "__main__":
    django.setup()
    without_limits()
    main()
