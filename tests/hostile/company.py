"""A company with something of each kind that workers and chores have to do."""

from datetime import timedelta

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate, MessageTemplateVersion
from tenants import tenant_cache
from tenants.models.api_key import ApiKey
from tenants.models.membership import Membership
from tenants.models.order import Order
from tenants.models.tenant import Tenant
from tenants.models.user import User
from tests.support.approvals import ask
from tests.support.people import make_member
from tests.support.tenants import make_tenant
from workflows.models.approval import WorkflowApproval
from workflows.models.bulk_retry import WorkflowBulkRetry, WorkflowBulkRetryItem
from workflows.models.definition import WorkflowDefinition, WorkflowLane, WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.models.idempotency import WorkflowIdempotency
from workflows.models.notification import WorkflowNotification
from workflows.models.problem import WorkflowProblem
from workflows.models.rehearsal import DryRunKind, WorkflowRehearsal
from workflows.models.run import WorkflowRun, WorkflowRunHistory, WorkflowRunStats
from workflows.models.schedule import WorkflowSchedule
from workflows.models.worker import WorkflowWorker
from workflows.runtime.database import database_now
from workflows.runtime.runs.programs import program_of
from workflows.services.bulk_retries import choosing
from workflows.services.definitions.publish import publish
from workflows.services.dry_run import backtest
from workflows.services.events.fire import fire
from workflows.services.messages.publishing import make_template
from workflows.services.problems.fold import refresh

LONG_AGO = timedelta(days=400)
NOTE = {"name": "a", "action": "log_note", "params": {"text": "{{ trigger.n }}!"}}
WAIT = {"type": "answer", "match": {"n": "{{ trigger.n }}"}, "look_back": "1h"}
SET = {
    "table": "orders",
    "id": "{{ trigger.order_id }}",
    "fields": {"status": "confirmed", "note": "{{ trigger.customer_name }}"},
}
POST = {"connection": "slack", "text": "{{ trigger.n }}"}
MAIL = {"to": ["a@b.example"], "template": "hello"}


class Company:
    """One with a row of each model, and with work to be done."""

    def __init__(self, key, parts):
        self.tenant, self.key = make_tenant(key), key
        self.person = make_member(self.tenant, f"boss-{key}", "operations")
        self.person.email = f"boss@{key}.example"
        self.person.save()
        for part in parts:
            getattr(self, part)()

    def publish(self, key, kind, *steps, **more):
        definition = WorkflowDefinition(
            tenant=self.tenant, key=key, is_active=True, owner=self.person
        )
        document = {"name": key.title(), "trigger_type": kind, "steps": list(steps), **more}
        publish(self.tenant, f"user:boss-{self.key}", definition, document)
        return definition

    def runs(self):
        """A run in a lane, that a worker has left behind."""
        self.publish("notes", "note", NOTE, settings={"concurrency_key": "{{ trigger.n }}"})
        fire(self.tenant, "note", {"n": "1"})
        [left] = fire(self.tenant, "note", {"n": "2"}).run_ids
        number = WorkflowWorker.objects.count() + 1_000_000
        WorkflowWorker.objects.create(
            number=number, group=self.key, host="h", pid=1, slots=1, ended_in={str(left): [1, 0, 0]}
        )
        WorkflowRun.objects.filter(pk=left).update(
            status="running", worker=number, lease_token=1, lease_until=Now(),
            pending={"begun": True}, started_at=Now(),
        )  # fmt: skip
        self.lane = WorkflowLane.objects.create(
            tenant=self.tenant, definition=self.of("notes"), key="nobody's", limit=1, version=1
        )

    def waits(self):
        """A run that waits for an event, and the event."""
        self.publish(
            "waits", "begin", {"name": "w", "action": "wait_for_event", "params": WAIT}, NOTE
        )
        fire(self.tenant, "begin", {"n": "7"})

    def ticks(self):
        """A schedule that is due."""
        self.publish("ticked", "tick", NOTE)
        WorkflowSchedule.objects.create(
            tenant=self.tenant, key="s", name="S", cron="* * * * *", event_type="tick",
            next_at=database_now() - timedelta(seconds=1), payload={"n": "3"},
        )  # fmt: skip

    def asks(self):
        """A question of which nobody was told."""
        approvers = [f"boss@{self.key}.example", f"boss-{self.key}", "role:operations", "key:asked"]
        ask(self.tenant, approvers=approvers)

    def failed(self):
        """A failed run, of which its owner was not told, its problem, and a retry under way."""
        self.publish("fails", "fail", NOTE)
        WorkflowRun.objects.create(
            tenant=self.tenant, definition=self.of("fails"), version=1, status="failed",
            error_code="x", error_fingerprint="f", error_step="a", due_at=None,
            completed_at=timezone.now() - timedelta(minutes=5),
        )  # fmt: skip
        refresh([self.tenant.pk])
        failed = WorkflowRun.objects.filter(tenant=self.tenant, status="failed")
        job = choosing.choose(self.tenant, "user:x", failed)
        job.items.update(outcome="")
        choosing.start(job, "user:x", per_minute=60, with_record=True, one_first=False)

    def records(self):
        """An order that a run writes to."""
        self.publish("orders", "new_order", {"name": "a", "action": "update_record", "params": SET})
        Order.objects.create(tenant=self.tenant, number=f"O-{self.key}", customer_name="Rami")

    def sends(self):
        """Runs that post and mail through connections, with a template."""
        make = Connection.objects.create
        base = {"base_url": "http://127.0.0.1:9/slack", "channel": "ops"}
        make(tenant=self.tenant, key="slack", name="C", kind="slack", settings=base,
             secrets={"bot_token": "xoxb-secret"})  # fmt: skip
        server = {"host": "127.0.0.1", "port": 9, "sender": "a@b.example"}
        make(tenant=self.tenant, key="smtp", name="C", kind="smtp", settings=server)
        make_template(
            self.tenant, "x", key="hello", name="H", channel="email", subject="x", text="y"
        )
        steps = [
            {"name": "post", "action": "team_notify", "params": POST, "on_error": "continue"},
            {"name": "mail", "action": "send_email", "params": MAIL, "on_error": "continue"},
        ]
        self.publish("sends", "send", *steps)
        fire(self.tenant, "send", {"n": "4"})

    def tries(self):
        """A backtest that is to be worked on, and a test that is old."""
        definition = self.publish("tried", "tried", NOTE)
        fire(self.tenant, "tried", {"n": "5"})
        fire(self.tenant, "tried", {"n": "6"})
        made = [
            WorkflowRehearsal.objects.create(
                tenant=self.tenant, definition=definition, document=definition.definition,
                kind=kind, version=1, actor="user:x",
            )
            for kind in (DryRunKind.BACKTEST, DryRunKind.TEST)
        ]  # fmt: skip
        backtest.start(made[0])
        WorkflowRehearsal.objects.filter(pk=made[1].pk).update(created_at=Now() - LONG_AGO)

    def keeps(self):
        """What chores forget, and count."""
        WorkflowIdempotency.objects.create(
            tenant=self.tenant, source="x", key=self.key, request_hash=""
        )
        WorkflowIdempotency.objects.update(created_at=Now() - LONG_AGO)
        WorkflowNotification.objects.create(
            tenant=self.tenant, kind="approval", subject=self.key, recipient="x"
        )
        definition = self.publish("kept", "kept", NOTE)
        WorkflowRunStats.objects.create(
            tenant=self.tenant, definition=definition, status="queued", runs=1,
            hour=timezone.now() - LONG_AGO,
        )  # fmt: skip
        ApiKey.objects.create_key(tenant=self.tenant, name="asked", scopes=["approvals:decide"])
        run = WorkflowRun.objects.create(
            tenant=self.tenant, definition=definition, version=1, status="completed", due_at=None
        )
        WorkflowRunHistory.objects.create(
            tenant=self.tenant, run_id=run.pk, seq=1,
            entries=[{"step_name": "a", "action": "log_note", "status": "completed", "number": 1}],
        )  # fmt: skip

    def of(self, key):
        return WorkflowDefinition.objects.get(tenant=self.tenant, key=key)


EVERYTHING = (*("runs", "waits", "ticks", "asks", "failed", "records", "sends", "tries", "keeps"),)
# What reads a model's rows; of those that stand nowhere, everything does.
PARTS = {
    WorkflowRun: ("runs", "waits", "failed", "tries"),
    WorkflowEvent: ("runs", "waits", "tries"),
    WorkflowVersion: ("runs", "waits", "tries"),
    WorkflowDefinition: ("runs", "waits", "failed"),
    WorkflowProblem: ("failed",),
    WorkflowBulkRetry: ("failed",),
    WorkflowBulkRetryItem: ("failed",),
    WorkflowLane: ("runs",),
    WorkflowWorker: ("runs",),
    WorkflowApproval: ("asks",),
    WorkflowSchedule: ("ticks",),
    WorkflowRehearsal: ("tries",),
    WorkflowIdempotency: ("keeps",),
    WorkflowNotification: ("keeps",),
    WorkflowRunStats: ("keeps",),
    WorkflowRunHistory: ("keeps",),
    ApiKey: ("keeps", "asks"),
    User: ("asks", "failed"),
    Membership: ("asks", "failed"),
    Connection: ("sends",),
    MessageTemplate: ("sends",),
    MessageTemplateVersion: ("sends",),
    Order: ("records",),
    Tenant: EVERYTHING,
}


def superuser(name):
    """One who is told that nobody works."""
    address = f"{name}@root.example"
    return get_user_model().objects.create_superuser(name, address, "x")


def settle(machine):
    """Let the runs that wait park, and bring what they wait for."""
    due = WorkflowRun.objects.filter(status__in=["queued", "running"])
    due.exclude(definition__key="waits").update(due_at=F("due_at") + LONG_AGO)
    machine.work()
    due.update(due_at=F("due_at") - LONG_AGO)
    for waiting in WorkflowDefinition.objects.filter(key="waits").select_related("tenant"):
        fire(waiting.tenant, "answer", {"n": "7"})


class Snapshot:
    """All rows as they stand, to be put back."""

    def __init__(self):
        self._tables = [
            model._meta.db_table
            for model in apps.get_models(include_auto_created=True)
            if model._meta.managed and not model._meta.proxy
        ]
        self._execute(*(f'CREATE TABLE kept_{one} AS TABLE "{one}"' for one in self._tables))

    def put_back(self):
        """Let all rows be what they were, and forget what this process remembers of them."""
        everything = ", ".join(f'"{one}"' for one in self._tables)
        self._execute(
            "SET CONSTRAINTS ALL DEFERRED",
            f"TRUNCATE {everything}",
            *(f'INSERT INTO "{one}" SELECT * FROM kept_{one}' for one in self._tables),
        )
        program_of.cache_clear()
        tenant_cache._facts.cache_clear()

    def drop(self):
        """Leave no table behind."""
        self._execute(*(f"DROP TABLE kept_{one}" for one in self._tables))

    def _execute(self, *statements):
        with connection.cursor() as cursor:
            cursor.execute("; ".join(("BEGIN", *statements, "COMMIT")))
