"""A company with everything case C0 needs: connections to the sandbox, templates, the workflow."""

import itertools
import json
from pathlib import Path
from uuid import uuid4

from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from actions.sandbox.registration import registrations
from tenants.models.order import Order
from tenants.models.tenant import Tenant
from tests.support.live import wait_until
from tests.support.tenants import make_tenant
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish

CASES = Path(__file__).resolve().parents[1] / "acceptance" / "cases"
_numbers = itertools.count(1)


def case(name):
    """Return a case's document."""
    return json.loads((CASES / f"{name}.json").read_text())


class Company:
    """A tenant and what tests do in its name."""

    def __init__(self, tenant: Tenant, outside):
        self.tenant, self.outside = tenant, outside

    @classmethod
    def found(cls, outside):
        """Make a new company, connected to the sandbox."""
        company = cls(make_tenant(f"company-{uuid4().hex[:12]}"), outside)
        company.connect()
        company.write_templates()
        return company

    def connect(self):
        """Make its connections."""
        base = self.outside.base_url
        kinds = [
            (
                "whatsapp",
                {"base_url": base, "phone_number_id": "1234"},
                {"access_token": "wa-secret"},
            ),
            (
                "smtp",
                {
                    "host": "127.0.0.1",
                    "port": self.outside.smtp_port,
                    "sender": "ops@cedar.example",
                },
                {},
            ),
        ]
        slack = {"base_url": f"{base}/slack", "channel": "ops"}
        kinds.append(("slack", slack, {"bot_token": "xoxb-secret"}))
        for kind, settings, secrets in kinds:
            Connection.objects.create(
                tenant=self.tenant,
                key=kind,
                name=kind,
                kind=kind,
                settings=settings,
                secrets=secrets,
            )

    def write_templates(self):
        """Make its message templates."""
        MessageTemplate.objects.create(
            tenant=self.tenant,
            key="order_confirmed",
            channel="whatsapp",
            name="Order confirmed",
            provider_name="order_confirmed",
            parameters=["order_id", "total"],
            language="en",
        )
        self.register_templates()
        MessageTemplate.objects.create(
            tenant=self.tenant,
            key="ops_new_order_summary",
            channel="email",
            name="Summary of a new order",
            subject="New order",
            text=(
                "Order {{ trigger.order_number }}: "
                "{{ trigger.total_amount }} {{ trigger.currency }}"
            ),
            html="<p>Order {{ trigger.order_number }} of {{ trigger.customer_name }}</p>",
        )

    def register_templates(self):
        """Let WhatsApp know its templates, as if Meta had approved them."""
        rows = MessageTemplate.objects.filter(tenant=self.tenant)
        self.outside.register(registrations(rows))

    def publish(self, document, key=None):
        """Publish a document as an active workflow."""
        definition = WorkflowDefinition(
            tenant=self.tenant, key=key or f"w{uuid4().hex[:8]}", is_active=True
        )
        publish(self.tenant, "tester", definition, document)
        return definition

    def order(self, **values):
        """Save an order, as an application would."""
        defaults = {
            "number": f"T{next(_numbers)}",
            "customer_name": "Rami Haddad",
            "customer_phone": "03 123 456",
            "total_amount": "149.90",
        }
        return Order.objects.create(tenant=self.tenant, **{**defaults, **values})

    def runs(self):
        """Return its runs, the oldest first."""
        return WorkflowRun.objects.filter(tenant=self.tenant).order_by("id")

    def ended(self, count=1, seconds=20):
        """Wait until `count` runs have ended; return them."""

        def all_ended():
            runs = list(self.runs())
            return runs if len(runs) >= count and all(r.due_at is None for r in runs) else None

        return wait_until(all_ended, seconds)

    def received(self, channel):
        """Return what the sandbox received on a channel."""
        return self.outside.received(channel)
