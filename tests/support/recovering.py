"""A shop whose customers get a WhatsApp message, and what its people see when one fails."""

from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from tests.support.company import Company
from tests.support.machine import Machine
from workflows.models.run import WorkflowRun

OLD, NEW = "70 88 12", "03 881 234"
# As the first workflow of most shops: the run goes on behind a message that failed.
STEPS = [
    {
        "name": "confirm_order",
        "label": "Confirm order",
        "action": "update_record",
        "params": {
            "table": "orders",
            "id": "{{trigger.order_id}}",
            "fields": {"status": "confirmed"},
        },
    },
    {
        "name": "notify_customer",
        "label": "Notify customer",
        "action": "whatsapp_notify",
        "params": {
            "phone": "{{trigger.customer_phone}}",
            "template": "confirmed",
            "template_vars": {"order_id": "{{trigger.order_number}}"},
        },
        "on_error": "continue",
    },
    {
        "name": "alert_operations",
        "label": "Alert operations",
        "action": "send_email",
        "params": {
            "to": ["ops@cedar.example"],
            "subject": "New order {{trigger.order_number}}",
            "text": "{{trigger.customer_name}}",
        },
    },
]


class Shop(Company):
    """A company whose worker is the test itself."""

    def __init__(self, tenant, outside, settings):
        super().__init__(tenant, outside)
        allowed = [f"{outside.host_and_port}", f"127.0.0.1:{outside.smtp_port}"]
        actions = {**settings.SAYR.get("ACTIONS", {}), "ALLOWED_PRIVATE_HOSTS": allowed}
        settings.SAYR = {**settings.SAYR, "ACTIONS": actions}
        outside.journal.forget()
        self.machine = Machine()

    def open(self):
        """Connect it to the sandbox, and publish its workflow."""
        Connection.objects.filter(tenant=self.tenant).delete()
        self.connect()
        MessageTemplate.objects.create(
            tenant=self.tenant,
            key="confirmed",
            channel="whatsapp",
            name="Order confirmed",
            provider_name="order_confirmed",
            parameters=["order_id"],
            language="en",
        )
        self.register_templates()
        self.publish({"name": "New orders", "trigger_type": "new_order", "steps": STEPS}, "orders")
        return self

    def close(self):
        """Leave."""
        self.machine.close()

    def run_of(self, phone=OLD, number="C-1019", **values):
        """Take an order, carry its run out, and return both."""
        order = self.order(number=number, customer_phone=phone, **values)
        self.work()
        return order, WorkflowRun.objects.get(subject_id=str(order.pk), definition__key="orders")

    def work(self):
        """Do all that is due."""
        self.machine.work()

    def correct(self, order, phone=NEW):
        """Write another number into an order, as its own form does."""
        order.refresh_from_db()
        order.customer_phone = phone
        order.save()
        self.work()
