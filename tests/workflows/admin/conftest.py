"""One row of everything, for any tenant, and people who look at it."""

import json
from datetime import UTC, datetime
from functools import cached_property
from uuid import uuid4

import pytest
from django.urls import reverse

from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from tenants.models.api_key import ApiKey
from tenants.models.order import Order
from tests.support.approvals import ask
from workflows.models.approval import WorkflowApproval
from workflows.models.bulk_retry import WorkflowBulkRetry
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.models.problem import WorkflowProblem
from workflows.models.run import WorkflowRun
from workflows.models.schedule import WorkflowSchedule
from workflows.services.bulk_retries.choosing import choose
from workflows.services.definitions.publish import publish

DOCUMENT = {
    "name": "New order",
    "trigger_type": "new_order",
    "steps": [
        {
            "name": "confirm",
            "label": "Confirm the order",
            "action": "update_record",
            "params": {
                "table": "orders",
                "id": "{{trigger.order_id}}",
                "fields": {"status": "confirmed"},
            },
        },
        {
            "name": "call",
            "label": "Tell the shop",
            "action": "webhook",
            "params": {"url": "https://example.com/hook"},
        },
    ],
}
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class World:
    """A tenant with a row of every kind. Its words are found on no other tenant's pages."""

    def __init__(self, tenant):
        self.tenant = tenant
        self.secret = f"only-{tenant.key}"
        self.definition = WorkflowDefinition(tenant=tenant, key=self.secret, is_active=True)
        self.version = publish(
            tenant, "user:x", self.definition, {**DOCUMENT, "name": self.secret}, self.secret
        )
        self.order = self.make_order(self.secret)
        self.run = WorkflowRun.objects.get(subject_id=str(self.order.pk))
        self.event = WorkflowEvent.objects.get(pk=self.run.event_id)
        self.connection = Connection.objects.create(
            tenant=tenant,
            key=self.secret,
            name=self.secret,
            kind="slack",
            secrets={"bot_token": "x"},
        )
        self.template = MessageTemplate.objects.create(
            tenant=tenant, key=self.secret, name=self.secret, channel="email", text="Hello"
        )
        self.schedule = WorkflowSchedule.objects.create(
            tenant=tenant,
            key=self.secret,
            name=self.secret,
            event_type="time_to_report",
            cron="0 8 * * *",
        )
        self.approval = ask(tenant, run=self.run, title=self.secret, approvers=["nobody"])
        self.api_key, _key = ApiKey.objects.create_key(tenant=tenant, name=self.secret)

    @property
    def rows(self):
        """One row of every model that belongs to a tenant."""
        return {
            Connection: self.connection,
            MessageTemplate: self.template,
            Order: self.order,
            ApiKey: self.api_key,
            WorkflowDefinition: self.definition,
            WorkflowVersion: self.version,
            WorkflowRun: self.run,
            WorkflowEvent: self.event,
            WorkflowSchedule: self.schedule,
            WorkflowApproval: self.approval,
            WorkflowProblem: self.problem,
            WorkflowBulkRetry: self.bulk_retry,
        }

    @cached_property
    def problem(self):
        """A problem to which the run belongs, which goes on."""
        self.run.problem = uuid4()
        self.run.save(update_fields=["problem"])
        return WorkflowProblem.objects.create(
            tenant=self.tenant,
            definition=self.definition,
            fingerprint="f",
            step="call",
            code="x",
            members=self.run.problem,
            example=self.run.pk,
            first_at=NOON,
            last_at=NOON,
        )

    @cached_property
    def bulk_retry(self):
        """A retry of several runs that nobody has started."""
        return choose(self.tenant, "user:x", WorkflowRun.objects.filter(tenant=self.tenant))

    def make_order(self, number, **values):
        """Create an order, and with it an event and a run."""
        values = {"customer_phone": "03 123 456", "customer_name": number, **values}
        return Order.objects.create(
            tenant=self.tenant, number=number, total_amount="9.90", **values
        )

    def end_run(self, run, status="completed", **values):
        """Write a run as a worker would have left it."""
        failed = {"code": "action_crashed", "params": {"reason": "boom"}}
        results = [
            result("confirm", "update_record", "completed", input={"id": "1"}, output={"ok": True}),
            result("call", "webhook", "completed", input={"url": "https://example.com/hook"}),
        ]
        if status in {"failed", "completed_with_errors"}:
            results[-1] = {**results[-1], "status": "failed", "error": failed}
            values = {
                "error_step": "call",
                "error_code": "action_crashed",
                "error_message": "boom",
                "error_fingerprint": "f",
                **values,
            }
        values = {"step_results": results, "started_at": NOON, "completed_at": NOON, **values}
        WorkflowRun.objects.filter(pk=run.pk).update(status=status, due_at=None, **values)
        run.refresh_from_db()
        return run


def result(name, action, status, **more):
    """Return a step's result as the engine writes it."""
    times = {"started_at": NOON.isoformat(), "duration_ms": 12}
    return {"step_name": name, "action": action, "status": status, **times, **more}


@pytest.fixture
def world(tenant):
    """The first tenant's rows."""
    return World(tenant)


@pytest.fixture
def other_world(other_tenant):
    """The second tenant's rows."""
    return World(other_tenant)


@pytest.fixture
def ops(client, ops_user):
    """A browser in which somebody of Operations is logged in."""
    client.force_login(ops_user)
    return client


@pytest.fixture
def support(client, support_user):
    """A browser in which somebody of Support is logged in."""
    client.force_login(support_user)
    return client


@pytest.fixture
def document():
    """A document without mistakes, to be changed."""
    return json.loads(json.dumps(DOCUMENT))


@pytest.fixture
def page():
    """Return the address of an admin page: `page(row)` of a row, `page(Model)` of a list."""

    def address(target, name=None):
        meta = target._meta
        view = name or ("changelist" if isinstance(target, type) else "change")
        args = [] if isinstance(target, type) else [target.pk]
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_{view}", args=args)

    return address
