"""The limit: R3 as a plain script, with psycopg and requests, and no engine.

It writes the same rows in the same transactions as Sayr: the claim, the order with the two events
of its change and the first result, the second result, the end. `python -m tests.benchmarks.bare
PLAN` measures; with a second argument it is one of the processes that execute.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from threading import Lock, Thread
from uuid import uuid4

import psycopg
import requests

from tests.benchmarks.plan import given_plan, measure, percentile
from tests.benchmarks.processes import Patience, running, without_limits

# A process a core, with threads enough for the waits.
PROCESSES, THREADS, BATCH = 2, 4, 16

CLAIM = """
UPDATE workflow_runs SET status = 'running', lease_token = lease_token + 1,
    lease_until = now() + interval '30 s', worker = 0, started_at = now(),
    pending = '{"begun": true}'
WHERE id IN (SELECT id FROM workflow_runs WHERE tenant_id = %(tenant)s AND due_at <= now()
    AND status = 'queued' ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING id, trigger_payload, lease_token
"""
LOCK_ORDER = "SELECT * FROM orders WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE"
CONFIRM = (
    "UPDATE orders SET status = 'confirmed', updated_at = now()"
    " WHERE tenant_id = %(tenant)s AND id = %(id)s"
)
INSERT_EVENT = """
INSERT INTO workflow_events (id, tenant_id, type, payload, previous, subject_type, subject_id,
    source, actor, caused_by_run, depth, evaluations, search_keys)
VALUES (%(id)s, %(tenant)s, %(type)s, %(payload)s, %(previous)s, 'orders', %(subject)s, 'record',
    %(actor)s, %(run)s, 1, '[]', %(keys)s)
"""
INSERT_RUN = """
INSERT INTO workflow_runs (id, tenant_id, definition_id, version, event_id, trigger_payload,
    subject_type, subject_id, actor, status, due_at)
VALUES (%(id)s, %(tenant)s, %(definition)s, 1, %(event)s, %(payload)s, 'orders', %(subject)s, '',
    'queued', now())
"""
INSERT_ORDER = """
INSERT INTO orders (id, tenant_id, number, status, source, customer_id, customer_name,
    customer_phone, customer_email, total_amount, currency, note, created_at, updated_at)
VALUES (%(id)s, %(tenant)s, %(number)s, 'new', 'web', 'C-1019', 'Rami Haddad', '03 123 456',
    'rami@example.com', '149.90', 'USD', '', now(), now())
"""
CHECKPOINT = """
UPDATE workflow_runs SET step_results = step_results || %(entry)s::jsonb, current_step = %(step)s,
    pending = %(pending)s::jsonb
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
"""
FINISH = """
UPDATE workflow_runs SET status = 'completed', step_results = step_results || %(entry)s::jsonb,
    current_step = 3, pending = NULL, due_at = NULL, completed_at = now(), worker = NULL,
    lease_until = NULL
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
"""


def search_keys(tenant, payload):
    """Return what an event is found by, as many keys as Sayr's."""
    words = [*payload.values(), "rami", "haddad", "1019", "+9613123456", "149"]
    return [f"{tenant}:{word}" for word in words]


class Script:
    """What each thread does: its own connection, its own session."""

    def __init__(self, tenant, sink):
        self.tenant, self.url = tenant, f"http://{sink}/orders"
        self.database = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
        self.http = requests.Session()

    def do(self, statement, **values):
        return self.database.execute(statement, values, prepare=True)

    def claim(self, limit):
        return self.do(CLAIM, tenant=self.tenant, limit=limit).fetchall()

    def execute(self, run):
        """Do R3 for one claimed run."""
        run_id, payload, token = run
        order = payload["order_id"]
        body = json.dumps({"order": order, "total": payload["total_amount"]})
        call = {"input": {"url": self.url, "body": json.loads(body)}}
        mark = {"id": run_id, "token": token}
        begun = json.dumps({"step_name": "tell_shop", "action": "webhook", **call, "begun": True})
        with self.database.transaction():
            self.do(LOCK_ORDER, tenant=self.tenant, id=order).fetchone()
            self.do(CONFIRM, tenant=self.tenant, id=order)
            after = {**payload, "status": "confirmed"}
            for kind in ("order_updated", "order_status_changed"):
                self.event(kind, after, previous=payload, run=run_id)
            changed = {"status": {"from": "new", "to": "confirmed"}}
            output = {"table": "orders", "id": order, "changed": changed}
            given = {"table": "orders", "id": order, "fields": {"status": "confirmed"}}
            done = self.entry("confirm", "update_record", {"input": given}, output)
            self.do(CHECKPOINT, entry=done, step=1, pending=begun, **mark)
        output = self.post(body, run_id, 1)
        done = self.entry("tell_shop", "webhook", call, output)
        self.do(CHECKPOINT, entry=done, step=2, pending=begun, **mark)
        output = self.post(body, run_id, 2)
        self.do(FINISH, entry=self.entry("tell_store", "webhook", call, output), **mark)

    def post(self, body, run_id, step):
        """Call the receiver; return what is kept of its answer."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"{run_id}-{step}"}
        answer = self.http.post(self.url, data=body, headers=headers, timeout=30)
        kept = {"content-type": answer.headers["content-type"]}
        return {"status": answer.status_code, "headers": kept, "body": answer.json()}

    def event(self, kind, payload, *, previous=None, run=None):
        """Write an event; return its id."""
        event_id = uuid4()
        self.do(
            INSERT_EVENT,
            id=event_id,
            tenant=self.tenant,
            type=kind,
            payload=json.dumps(payload),
            previous=previous and json.dumps(previous),
            subject=payload["order_id"],
            actor=f"run:{run}" if run else "",
            run=run,
            keys=search_keys(self.tenant, payload),
        )
        return event_id

    def fire(self, definition):
        """Save an order with its event and its run; return the run's id."""
        order, run = uuid4(), uuid4()
        payload = {
            "order_id": str(order),
            "order_number": str(order)[:13],
            "status": "new",
            "source": "web",
            "customer_id": "C-1019",
            "customer_name": "Rami Haddad",
            "customer_phone": "03 123 456",
            "customer_email": "rami@example.com",
            "total_amount": "149.90",
            "currency": "USD",
        }
        with self.database.transaction():
            self.do(INSERT_ORDER, id=order, tenant=self.tenant, number=payload["order_number"])
            event = self.event("new_order", payload)
            self.do(
                INSERT_RUN,
                id=run,
                tenant=self.tenant,
                definition=definition,
                event=event,
                payload=json.dumps(payload),
                subject=str(order),
            )
        self.database.execute("NOTIFY bare")
        return run

    def entry(self, step, action, given, output):
        """Return a step's result as it is stored."""
        began = {"started_at": "2026-01-01T00:00:00.000000+00:00", "duration_ms": 1}
        named = {"step_name": step, "action": action, **given, "status": "completed"}
        return json.dumps([{**named, **began, "output": output}])


def loop(tenant, sink, threads):
    """Execute on so many threads until nothing is queued, each time a line comes in."""
    scripts = [Script(tenant, sink) for _ in range(threads)]
    claiming = Script(tenant, sink)
    found, lock = [], Lock()

    def work(script):
        while True:
            with lock:
                if not found:
                    found.extend(claiming.claim(BATCH))
                if not found:
                    return
                run = found.pop()
            script.execute(run)

    print("ready", flush=True)
    for _line in sys.stdin:
        workers = [Thread(target=work, args=[script]) for script in scripts]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        print("done", flush=True)


def listen(tenant, sink):
    """Execute each run as soon as somebody notifies, on one thread."""
    script = Script(tenant, sink)
    ear = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    ear.execute("LISTEN bare")
    print("ready", flush=True)
    for _told in ear.notifies():
        for run in script.claim(BATCH):
            script.execute(run)


def drain(world, plan):
    """Return the runs a second that the script makes of what is queued."""
    with ExitStack() as stack:
        loops = [stack.enter_context(_process("loop", world, plan)) for _ in range(PROCESSES)]
        for count in (plan.warm_up, plan.runs):
            world.save_many(count)
            begun = time.perf_counter()
            for one in loops:
                one.stdin.write("go\n")
                one.stdin.flush()
            for one in loops:
                one.stdout.readline()
            taken = time.perf_counter() - begun
    world.end_of_all(since=world.now())
    return {"drain_runs_per_s": plan.runs / taken}


def latency(world, plan):
    """Fire one run after the other; return the waits until each was seen to have ended."""
    script, waits = Script(world.tenant.id, plan.sink), []
    ended = "SELECT 1 FROM workflow_runs WHERE id = %(id)s AND due_at IS NULL"
    with _process("listen", world, plan):
        for _ in range(plan.warm_up + plan.latencies):
            begun = time.perf_counter()
            run = script.fire(world.definition.id)
            patience = Patience("a run did not end")
            while not script.do(ended, id=run).fetchone():
                patience.look()
                time.sleep(0.001)
            waits.append(time.perf_counter() - begun)
            time.sleep(0.02)
    waits = waits[plan.warm_up :]
    return {
        "latency_p50_ms": percentile(waits, 0.5) * 1000,
        "latency_p95_ms": percentile(waits, 0.95) * 1000,
    }


@contextmanager
def _process(kind, world, plan):
    command = ["-m", "tests.benchmarks.bare", plan.as_argument(), kind, str(world.tenant.id)]
    with running(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield process


def main():
    """Measure, or be one of the processes that execute."""
    plan = given_plan()
    match sys.argv[2:]:
        case ["loop", tenant]:
            return loop(tenant, plan.sink, THREADS)
        case ["listen", tenant]:
            return listen(tenant, plan.sink)
    import django

    django.setup()
    from tests.benchmarks.world import World

    without_limits()
    world = World(plan)
    for part in [part for part in (latency, drain) if part.__name__ in plan.only]:
        measure(part.__name__, part, world, plan)
    return None


if __name__ == "__main__":
    main()
