"""What the doors open to: a company with a row of everything, and another that must not notice."""

import json

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from tenants.models.api_key import KeyScope
from tests.support.people import make_member
from tests.workflows.admin.conftest import World
from tests.workflows.api.callers import make_caller
from tests.workflows.runtime.machine import Machine
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.rehearsal import WorkflowRehearsal
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire


def step(name, action, **params):
    return {"name": name, "action": action, "params": params, "on_error": "continue"}


BOTH = "{{ trigger.v | json }} {{ steps.read.output.v | default: 0 | json }}"
# Takes whatever comes as `v`, and JSON text as `s`.
TAKES = {
    "name": "Takes anything",
    "trigger_type": "hostile",
    "steps": [
        step("take", "set_values", values={"v": "{{ trigger.v }}"}),
        step("read", "set_values", values={"v": "{{ trigger.s | parse_json }}"}),
        step("again", "set_values", values={"v": ["{{ steps.take.output.v | default: 0 }}"]}),
        step("text", "log_note", text=BOTH),
    ],
}


def publish_for(tenant, key, document):
    definition = WorkflowDefinition(tenant=tenant, key=key, is_active=True)
    publish(tenant, "tester", definition, document)
    return definition


class Site:
    """Both companies, a person of Operations of the first, a key of it, and a worker."""

    def __init__(self, tenant, other_tenant):
        self.tenant, self.other = tenant, other_tenant
        self.world = World(tenant)
        self.world.end_run(self.world.run, "failed")
        self.user = make_member(tenant, "ops", "operations")
        self.web = Client()
        self.web.force_login(self.user)
        self.superuser = Client()
        self.superuser.force_login(
            get_user_model().objects.create_superuser("root", "root@example.com", "x")
        )
        self.caller = make_caller(tenant, scopes=KeyScope.values)
        self.workflow = publish_for(tenant, "takes", TAKES)
        publish_for(
            other_tenant,
            "probe",
            {"name": "Probe", "trigger_type": "probe", "steps": [step("a", "log_note", text="x")]},
        )
        self.machine = Machine()

    def post(self, address, values, **query):
        """Press the button of a page of the admin."""
        return self.web.post(address, values, query_params=query or None)

    def ask_editor(self, name, body):
        """Ask what the editor asks; `body` is text."""
        address = reverse(f"admin:workflows_editor_{name}")
        return self.web.post(address, body, content_type="application/json")

    def ended(self, run_id):
        """Let the worker do everything, and return the run."""
        self.machine.work()
        return WorkflowRun.objects.get(pk=run_id)

    def assert_the_other_goes_on(self):
        """A run of the other company ends, whatever is due of the first."""
        [run_id] = fire(self.other, "probe", {}).run_ids
        self.machine.work()
        assert WorkflowRun.objects.get(pk=run_id).status == "completed"

    def pages(self):
        """Yield the address of every page that shows rows."""
        yield reverse("admin:index")
        for model, page in admin.site._registry.items():
            meta = model._meta
            if meta.app_label not in {"workflows", "actions", "tenants"}:
                continue
            yield reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
            newest = model._base_manager.order_by("-pk")[:3] if page else ()
            for row in newest:
                name = getattr(row, "prefix", row.pk)  # of an API key
                yield reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[name])
        for run in WorkflowRun.objects.filter(tenant=self.tenant).order_by("-id")[:3]:
            for name in ("correct", "retry", "cancel", "recover", "take"):
                yield reverse(f"admin:workflows_workflowrun_{name}", args=[run.pk])
            yield reverse("admin:workflows_workflowrun_correct", args=[run.pk]) + "?as=json"
        for trial in WorkflowRehearsal.objects.filter(tenant=self.tenant).order_by("-id")[:2]:
            yield reverse("admin:workflows_workflowdefinition_test", args=[trial.pk])

    def assert_every_page_comes_up(self):
        """No page fails because of what a row holds."""
        faults = {}
        for address in self.pages():
            try:
                status = self.web.get(address).status_code
            except Exception as fault:  # noqa: BLE001  # told together
                faults[address] = repr(fault)[:300]
                continue
            if status >= 500:
                faults[address] = status
        for kind, rows in (("runs", WorkflowRun), ("events", WorkflowEvent)):
            for row in rows.objects.filter(tenant=self.tenant).order_by("-id")[:3]:
                answer = self.caller.get(f"{kind}/{row.pk}/")
                if answer.status_code != 200:
                    faults[f"{kind}/{row.pk}"] = (answer.status_code, answer.content[:300])
        assert faults == {}

    def close(self):
        self.machine.close()


def refusal_in(answer):
    """Return what an answer of a door says no with; None if it took what it was given."""
    if answer.status_code in {301, 302}:
        return None
    if answer["Content-Type"].startswith("application/"):
        body = json.loads(answer.content)
        return body.get("code") or body.get("error") or body.get("problems")
    return "a page" if answer.status_code == 200 else str(answer.status_code)
