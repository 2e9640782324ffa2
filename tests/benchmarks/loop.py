"""What a round of a long loop costs, at its beginning and at its end."""

import json
import os
import time

import django
from django.db import connection

ROUNDS = 1000
EDGE = 100  # rounds at each end that are compared
RESULT_BYTES = 2000


def main():
    """Measure, and print it."""
    from tests.benchmarks.plan import given_plan
    from tests.benchmarks.world import World
    from workflows.services.events.fire import fire

    world = World(given_plan())
    rounds = ROUNDS if world.plan.runs >= ROUNDS else 2 * EDGE  # --quick
    publish_loop(world.tenant, rounds)
    fire(world.tenant, "bench_loop", {})
    before = wal_position()
    times, run = go_round()
    written = wal_position() - before
    assert len(times) == rounds, run.error_message
    first, last = (sum(part) / len(part) * 1000 for part in (times[:EDGE], times[-EDGE:]))
    found = {
        "loop_first_ms": first,
        "loop_last_ms": last,
        "loop_ratio": last / first,
        "loop_row_kb": len(json.dumps(run.step_results, default=str)) / 1024,
        "loop_wal_kb_per_round": written / rounds / 1024,
    }
    print(json.dumps({"figures": found}))


def publish_loop(tenant, rounds):
    """Publish a workflow that asks in vain, `rounds` times."""
    from actions import registry
    from actions.registry import action
    from actions.spec import Effect
    from workflows.models.definition import WorkflowDefinition
    from workflows.services.definitions.publish import publish

    def answer(params, context):
        # Nothing that compresses to nothing.
        return {"ok": "no", "text": os.urandom(RESULT_BYTES // 2).hex()}

    registry.load()
    none = {"type": "object", "properties": {}, "additionalProperties": False}
    named = {"label": "x", "description": "x", "params": none, "effect": Effect.REPEATABLE}
    action("bench_answer", **named)(answer)
    never = {"all": [{"field": "steps.ask.output.ok", "operator": "equals", "value": "never"}]}
    ask = {"name": "ask", "action": "bench_answer", "params": {}}
    asks = {"steps": [ask], "until": never, "every": "1m", "at_most": rounds}
    loop = {"name": "again", "action": "repeat", "params": asks, "on_error": "continue"}
    document = {"name": "Loop", "trigger_type": "bench_loop", "steps": [loop]}
    definition = WorkflowDefinition(tenant=tenant, key="loop", is_active=True)
    publish(tenant, "bench", definition, document)


def go_round():
    """Carry the run to its end in this process; return the seconds of each round, and the run."""
    from datetime import timedelta

    from workflows.models.run import WorkflowRun
    from workflows.runtime.runs.execute import execute
    from workflows.runtime.workers.lease_keeper import Watch
    from workflows.runtime.workers.session import DispatcherSession

    lease = timedelta(minutes=1)
    session, watch, times = DispatcherSession("bench", 1, lease), Watch(lease), []
    while True:
        begun = time.perf_counter()
        claims = session.claim(1)
        for claim in claims:
            watch.take(claim, time.monotonic())
            execute(claim, watch)
            times.append(time.perf_counter() - begun)
        if not claims:
            break
        with connection.cursor() as cursor:
            # The rest between two rounds is over.
            cursor.execute("UPDATE workflow_runs SET due_at = created_at WHERE status = 'waiting'")
    session.close()
    return times, WorkflowRun.objects.get()


def wal_position():
    """Return how many bytes PostgreSQL has written to its log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    django.setup()
    main()
