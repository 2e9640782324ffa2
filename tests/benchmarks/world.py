"""A tenant with the reference job R3 published, in the database this process was given."""

import os
import time
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, models, transaction
from django.db.models import Max
from django.utils import timezone

from tenants.models.tenant import Tenant
from tests.benchmarks import orders
from tests.benchmarks.processes import Patience, cpu_seconds, pss_mb, running
from workflows.event_types import all_event_types
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.models.worker import WorkflowWorker
from workflows.runtime.waits.notify import wake_workers
from workflows.services.definitions.publish import publish

# Runs that were queued beforehand are older than the moment at which they were let loose.
BEFORE = timedelta(minutes=30)


def r3(host_and_port):
    """Return the reference job: one write to this database and two calls."""
    call = {
        "action": "webhook",
        "params": {
            "url": f"http://{host_and_port}/orders",
            "body": {"order": "{{trigger.order_id}}", "total": "{{trigger.total_amount}}"},
        },
    }
    confirm = {
        "name": "confirm",
        "action": "update_record",
        "params": {
            "table": "orders",
            "id": "{{trigger.order_id}}",
            "fields": {"status": "confirmed"},
        },
    }
    steps = [confirm, {"name": "tell_shop", **call}, {"name": "tell_store", **call}]
    return {"name": "R3", "trigger_type": "new_order", "steps": steps}


class World:
    """What a measurement does in the tenant's name."""

    def __init__(self, plan):
        self.plan = plan
        self.tenant, _ = Tenant.objects.get_or_create(key="bench", defaults={"name": "Bench"})
        self.definition = WorkflowDefinition(tenant=self.tenant, key="r3", is_active=True)
        self.call(plan.sink)

    def call(self, host_and_port):
        """Publish R3 with this receiver."""
        publish(self.tenant, "bench", self.definition, r3(host_and_port))

    def save(self):
        """Save an order, which fires; return it."""
        order = orders.new_order(self.tenant)
        order.save()
        return order

    def save_bare(self):
        """Save an order in its own transaction, past the tracking."""
        order = orders.new_order(self.tenant)
        with transaction.atomic():
            models.Model.save(order)

    def payloads(self, count):
        """Save orders that fire nothing; return what their events would say."""
        saved = [orders.new_order(self.tenant) for _ in range(count)]
        for order in saved:
            models.Model.save(order)
        [event] = [one for one in all_event_types() if one.name == "new_order"]
        return [{key: getattr(one, field) for key, field in event.payload.items()} for one in saved]

    def version(self):
        """Return the version of R3 that is published."""
        return self.definition.versions.get(version=self.definition.version)

    def save_many(self, count):
        """Save orders as a busy web process does."""
        orders.save_many(self.save, count, self.plan.firing_threads)

    def fire_and_wait(self):
        """Save an order; return the seconds until its run is seen to have ended."""
        begun, patience = time.perf_counter(), Patience("a run did not end")
        order = self.save()
        ended = WorkflowRun.objects.filter(
            tenant=self.tenant, subject_type="orders", subject_id=str(order.id), due_at=None
        )
        statement, values = ended.values("id").query.sql_with_params()
        with connection.cursor() as cursor:
            while not cursor.execute(statement, values).fetchone():
                patience.look()
                time.sleep(0.001)
        taken = time.perf_counter() - begun
        time.sleep(0.02)  # low load: nothing of one run is left when the next is fired
        return taken

    def pause(self):
        """Let nothing start."""
        Tenant.objects.filter(id=self.tenant.id).update(paused_at=timezone.now())

    def resume(self):
        """Let everything start; return when."""
        begun = self.now()
        Tenant.objects.filter(id=self.tenant.id).update(paused_at=None)
        wake_workers()
        return begun

    def now(self):
        """Return the database's time."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            return cursor.fetchone()[0]

    def end_of_all(self, since):
        """Wait until no run is left; return when the last one ended. All must have completed."""
        runs = WorkflowRun.objects.filter(tenant=self.tenant)
        patience = Patience("runs are left")
        while left := runs.filter(due_at__isnull=False).count():
            patience.look(left)
            time.sleep(0.1)
        recent = runs.filter(created_at__gte=since - BEFORE)
        not_well = recent.exclude(status="completed").values_list("error_message", flat=True)
        if not_well:
            raise AssertionError(f"not completed: {not_well[0]}")
        return recent.aggregate(Max("completed_at"))["completed_at__max"]

    @contextmanager
    def workers(self, *, slots=None, sink=None):
        """Run `manage.py run_worker`, warm, for the block."""
        sink = sink or self.plan.sink
        self.call(sink)
        environment = worker_environment(self.plan, slots or self.plan.slots)
        before = WorkflowWorker.objects.count()
        with running(["manage.py", "run_worker"], environment) as process:
            patience = Patience("the workers did not start")
            while (there := WorkflowWorker.objects.count()) < before + self.plan.workers:
                if process.poll() is not None:
                    raise AssertionError(f"the workers ended with code {process.returncode}")
                patience.look(there)
                time.sleep(0.05)
            begun = self.now()
            self.save_many(self.plan.warm_up)
            self.end_of_all(since=begun)
            yield Group(process.pid)


class Group:
    """The worker group under test."""

    def __init__(self, pid):
        self.pid = pid

    def cpu_seconds(self):
        """Return what the workers and PostgreSQL have used."""
        return cpu_seconds(self.pid), cpu_seconds(_postmaster())

    def pss_mb(self):
        """Return the memory of all its processes."""
        return pss_mb(self.pid)

    def connections(self):
        """Return how many sessions the database has, without this process's own."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            return cursor.fetchone()[0]


def worker_environment(plan, slots):
    """Return the environment of a `run_worker` as the plan wants it."""
    return {
        **os.environ,
        "SAYR_WORKERS": str(plan.workers),
        "SAYR_SLOTS": str(slots),
        "LOG_LEVEL": "WARNING",
    }


def _postmaster():
    from config.postgres.address import data_directory, postmaster_lines

    lines = postmaster_lines(data_directory())
    return int(lines[0]) if lines else 0
