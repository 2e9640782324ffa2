"""Mails of runs, carried out in the test's own process against the sandbox's mail server."""

from datetime import timedelta

from actions.models.connection import Connection
from tests.support.machine import Machine
from tests.support.time_travel import travel
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.runtime.database import database_now
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire

NOUR, RANA, SAMI = "nour@example.com", "rana@example.com", "sami@example.com"


class Mailer:
    """A company with a mail server, and a worker."""

    def __init__(self, tenant, outside, settings):
        self.tenant, self.outside, self.machine = tenant, outside, Machine()
        allowed = [outside.host_and_port, f"127.0.0.1:{outside.smtp_port}"]
        settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": allowed}}
        outside.journal.forget()
        for rule in outside.journal.behaviours():
            outside.behave(rule.channel, "ok", path=rule.path)
        where = {"host": "127.0.0.1", "port": outside.smtp_port, "sender": "shop@cedar.example"}
        self.connection = Connection.objects.create(
            tenant=tenant, key="mail", name="Mail", kind="smtp", settings=where
        )

    def publish(self, *steps, **more):
        """Publish a workflow that starts with `x`."""
        document = {"name": "Mails", "trigger_type": "x", **more, "steps": list(steps)}
        definition = WorkflowDefinition(tenant=self.tenant, key="mails", is_active=True)
        publish(self.tenant, "tester", definition, document)
        return definition

    def run(self, *steps, payload=None, **more):
        """Publish, start it once, and work until nothing is due."""
        self.publish(*steps, **more)
        fire(self.tenant, "x", payload or {})
        self.machine.work()
        return WorkflowRun.objects.get()

    def wait(self, run):
        """Let the time pass until a waiting run is due, here and outside; return how long."""
        run.refresh_from_db()
        passed = max(run.due_at - database_now(), timedelta(0))
        self.outside.travel(passed.total_seconds())
        travel()
        self.machine.work()
        run.refresh_from_db()
        return passed

    def wait_on(self, run, most=40):
        """Let time pass until the run has ended; return how long that took, and how many waits."""
        passed, waits = timedelta(0), 0
        while run.due_at is not None:
            passed, waits = passed + self.wait(run), waits + 1
            assert waits < most
        return passed, waits

    def got(self, address):
        """Return the mails that the server took for an address."""
        mails = self.outside.received("smtp")
        return [one for one in mails if one.status == 250 and address in one.to.split(", ")]

    def tell(self, address, *answer, **details):
        """Let the server answer so to a recipient: a status and words; none: as usual."""
        if not answer:
            self.outside.behave("smtp", "ok", path=f"RCPT {address}")
            return
        status, words = answer
        rule = {"path": f"RCPT {address}", "status": status, "error": words, **details}
        self.outside.behave("smtp", "fail", **rule)


def mail(*to, name="mail", **more):
    """Return a step that sends a mail."""
    params = {"to": list(to), "subject": "Your order", "text": "It is on its way."}
    keys = ("on_error", "retry", "after_crash", "condition", "label")
    own = {key: more.pop(key) for key in keys if key in more}
    return {"name": name, "action": "send_email", "params": {**params, **more}, **own}


def note(name, text="."):
    """Return a step that only notes something."""
    return {"name": name, "action": "log_note", "params": {"text": text}}
