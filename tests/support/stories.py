"""Runs of every kind with a story to tell, carried out by the real engine in this process."""

from tests.support.machine import Machine
from tests.support.time_travel import travel
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire


def note(name, label="", text="Done", **more):
    """Return a step that always works; one whose text needs a value it has not fails."""
    labelled = {"label": label} if label else {}
    return {"name": name, **labelled, "action": "log_note", "params": {"text": text}, **more}


def step(name, label, action, **params):
    """Return any other step."""
    return {"name": name, "label": label, "action": action, "params": params}


def equals(field, value):
    """Return a condition of one row."""
    return {"all": [{"field": field, "operator": "equals", "value": value}]}


class Storyteller:
    """Publishes workflows of a tenant, starts them, and works until nothing is due."""

    def __init__(self, tenant):
        self.tenant = tenant
        self.machine = Machine()

    def close(self):
        """Leave."""
        self.machine.close()

    def publish(self, key, name, *steps, **more):
        """Publish a workflow that starts on an event of its own name."""
        document = {"name": name, "trigger_type": key, "steps": list(steps), **more}
        definition = WorkflowDefinition(tenant=self.tenant, key=key, is_active=True)
        publish(self.tenant, "user:ops", definition, document)
        return definition

    def start(self, key, **payload):
        """Fire the event, work, and return the newest root run."""
        fire(self.tenant, key, payload)
        self.machine.work()
        return self.newest(key)

    def newest(self, key):
        """Return the newest root run of a workflow."""
        runs = WorkflowRun.objects.filter(definition__key=key, parent_run=None)
        return runs.order_by("id").last()

    def later(self, run):
        """Let whatever waits be due, work, and return the run as it stands then."""
        travel(WorkflowRun.objects.filter(pk=run.pk))
        self.machine.work()
        run.refresh_from_db()
        return run

    def a_list_with_one_failure(self):
        """Return a run with five items, one of which failed."""
        each = step(
            "remind",
            "Send reminders",
            "for_each",
            items="{{ trigger.customers }}",
            steps=[note("write", "Write to the customer", "To {{ item.phone }}")],
            result="{{ steps.write.output.text }}",
        )
        self.publish("reminders", "Payment reminders", each, note("report", "Report it"))
        names = ("Rami Haddad", "Maya Khoury", "Sara Saad", "Omar Aziz", "Lina Nassar")
        customers = [{"name": name, "phone": f"+961 3 12345{i}"} for i, name in enumerate(names)]
        del customers[2]["phone"]
        return self.start("reminders", customers=customers)

    def a_wait_for_an_event(self):
        """Return a run that waits for an event, has reminded once, and will again."""
        notice = {
            "after": "2d",
            "every": "1d",
            "at_most": 3,
            "steps": [note("notice", "Tell the customer that it is late")],
        }
        fetch = step(
            "fetch",
            "Fetch the goods",
            "wait_for_event",
            type="goods.fetched",
            match={"orderId": "{{ trigger.orderId }}"},
            timeout="9d",
            reminders=[notice],
            on_timeout=[note("sorry", "Apologise")],
        )
        steps = (note("charge", "Charge the payment"), fetch, note("ship", "Ship it"))
        self.publish("order.received", "Order fulfilment", *steps, settings={"deadline": "30d"})
        return self.later(self.start("order.received", orderId="1234"))

    def a_decision(self):
        """Return a run that waits for one."""
        ask = step(
            "review",
            "Review the refund",
            "approval",
            title="Refund {{ trigger.price }}?",
            message="Order 42, damaged on the way.",
            approvers=["sara@company.example", "role:operations"],
            choices=[{"key": "refund", "label": "Refund"}, {"key": "refuse", "label": "Refuse"}],
            timeout="7d",
            timeout_choice="refuse",
        )
        self.publish("refund.requested", "Refunds", ask, note("act", "Do what was decided"))
        return self.start("refund.requested", price=1450)

    def a_lane(self):
        """Return a run that waits behind another with the same key, and that other."""
        pause = step("pause", "Wait an hour", "wait", **{"for": "1h"})
        self.publish(
            "stock.changed",
            "Stock of a shop",
            pause,
            note("count", "Count the stock"),
            settings={"concurrency_key": "{{ trigger.shop }}"},
        )
        first = self.start("stock.changed", shop="7")
        return self.start("stock.changed", shop="7"), first

    def branches_at_once(self):
        """Return a run with two branches, one of which failed."""
        arms = [
            {"name": "mail", "label": "By mail", "steps": [note("write", "Write a mail")]},
            {
                "name": "call",
                "label": "By phone",
                "steps": [note("ring", "Ring them up", "{{ trigger.phone }}")],
            },
        ]
        both = step("reach", "Reach the customer", "parallel", branches=arms)
        self.publish("reach", "Reach a customer", note("look", "Look them up"), both, note("end"))
        return self.start("reach", name="Rami")

    def a_branch(self):
        """Return a run that took one of three ways, with a loop in it."""
        rounds = {
            "name": "ask",
            "label": "Ask the bank",
            "action": "repeat",
            "params": {
                "steps": [note("look", "Look at the account", "round")],
                "until": equals("trigger.settled", value="yes"),
                "every": "1h",
                "at_most": 3,
            },
            "on_error": {"steps": [note("tell", "Tell the team")], "then": "continue"},
        }
        cases = [
            {"label": "High risk", "when": equals("trigger.risk", "HIGH"), "steps": [rounds]},
            {
                "label": "Medium risk",
                "when": equals("trigger.risk", "MEDIUM"),
                "steps": [note("mark", "Mark the order")],
            },
        ]
        by_risk = step(
            "by_risk",
            "Sort by risk",
            "branch",
            cases=cases,
            otherwise=[note("capture", "Take the payment")],
        )
        self.publish(
            "order.risk",
            "Risk of an order",
            by_risk,
            note("done", "Close the case"),
            on_failure=[note("alarm", "Raise the alarm")],
        )
        run = self.start("order.risk", risk="HIGH", settled="no")
        for _round in range(3):
            self.later(run)
        return run

    def another_workflow(self):
        """Return a run that another workflow failed for, after which its own steps were done."""
        self.publish(
            "callee", "Refund to the card", note("pay", "Pay it back", "{{ trigger.card }}")
        )
        call = step("call", "Pay back", "run_workflow", workflow="callee", input={"order": "7"})
        alarm = note("alarm", "Raise the alarm")
        self.publish("caller", "Cancelled order", call, note("end"), on_failure=[alarm])
        return self.start("caller", order="7")
