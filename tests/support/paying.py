"""A company that pays once somebody has said yes, and the doors to start its runs again."""

import json

from django.urls import reverse
from rest_framework.test import APIClient

from actions.errors import PermanentFailure, TemporaryFailure
from tenants.models.api_key import ApiKey
from tests.support.people import make_member
from workflows.models.approval import WorkflowApproval
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.services.approvals.approvers import Via, user_decider
from workflows.services.approvals.decide import GivenAnswer, decide
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.refusals import NotRetryable
from workflows.services.runs.retry import start_again

CHOICES = [{"key": "yes", "label": "Yes"}, {"key": "no", "label": "No"}]


def step(name, to="{{ trigger.amount }}", **more):
    return {"name": name, "action": "probe", "params": {"to": to}, **more}


def ask(name="ask", **params):
    asked = {"title": "Pay {{ trigger.amount }}?", "approvers": ["boss"], "choices": CHOICES}
    return {"name": name, "action": "approval", "params": {**asked, **params}}


def where(field, operator, value):
    return {"all": [{"field": field, "operator": operator, "value": value}]}


YES = where("steps.ask.output.choice", "equals", "yes")
LARGE = where("trigger.amount", "greater_than", 1000)


def branch(name, when, steps, otherwise=()):
    cases = [{"label": "so", "when": when, "steps": list(steps)}]
    params = {"cases": cases, "otherwise": list(otherwise)}
    return {"name": name, "action": "branch", "params": params}


def kind(name, action, **params):
    return {"name": name, "action": action, "params": params}


def refuse():
    return kind("refuse", "stop")


class Bench:
    """A company whose workflow pays, once somebody has said yes."""

    def __init__(self, tenant, worker, boss):
        self.tenant, self.worker, self.boss = tenant, worker, boss
        self.definition = None
        self.failing = set()  # names of steps, or with whom they pay
        self.is_lost = False  # nobody knows whether a call arrived
        self.calls = []

    def act(self, params, context):
        name, to = context.step_name, str(params["to"])
        self.calls.append((name, to))
        if self.is_lost:
            raise TemporaryFailure("timed_out", may_have_arrived=True)
        if name in self.failing or (name, to) in self.failing:
            raise PermanentFailure("bank_away")
        return {"to": to}

    def publish(self, *steps, key="w", **document):
        shape = {"name": "W", "trigger_type": "x", "steps": list(steps), **document}
        if key != "w" or self.definition is None:
            definition = WorkflowDefinition(tenant=self.tenant, key=key, is_active=True)
        else:
            definition = self.definition
            definition.refresh_from_db()
        publish(self.tenant, "tester", definition, shape)
        if key == "w":
            self.definition = definition

    def run(self, answer="", amount=10, *, fails=()):
        """Fire, answer whatever is asked, and carry the run to its end."""
        self.failing = set(fails)
        fire(self.tenant, "x", {"amount": amount})
        self.go_on(answer)
        self.failing = set()
        self.calls.clear()
        return WorkflowRun.objects.get(parent_run=None)

    def go_on(self, answer=""):
        self.worker.work()
        while answer and self.answer(answer):
            self.worker.work()

    def answer(self, choice):
        open_ones = WorkflowApproval.objects.filter(decided_at=None, closed_at=None)
        found = list(open_ones)
        for one in found:
            decide(
                self.tenant,
                one.pk,
                user_decider(self.tenant, self.boss, Via.ADMIN),
                GivenAnswer(choice),
            )
        return len(found)

    def paid(self):
        return [to for name, to in self.calls if name == "pay"]


# Three doors; each returns the code, or the sentence, of a refusal, and "" if a new run began.


def by_service(tenant, run, client, **wish):
    try:
        start_again(tenant, run.pk, "user:ops", **wish)
    except NotRetryable as refused:
        return refused.code
    return ""


def by_api(tenant, run, client, *, from_step="", newest=False, payload=None):
    scopes = ["runs:read", "runs:operate", "events:fire"]
    _key, secret = ApiKey.objects.create_key(tenant=tenant, name="robot", scopes=scopes)
    body = {"from": from_step or "start", "version": "newest" if newest else "own"}
    answer = APIClient().post(
        f"/api/v1/runs/{run.pk}/retry/",
        {**body, **({"payload": payload} if payload is not None else {})},
        format="json",
        headers={"Authorization": f"Api-Key {secret}"},
    )
    assert answer.status_code in {201, 422}, answer.content
    return "" if answer.status_code == 201 else answer.json()["code"]


def by_admin(tenant, run, client, *, from_step="", newest=False, payload=None):
    client.force_login(make_member(tenant, "clerk", "operations"))
    version = {"version": "newest" if newest else "own"}
    if payload is None:
        begin = {"from": "step:", "step": from_step} if from_step else {"from": "start"}
        page = reverse("admin:workflows_workflowrun_retry", args=[run.pk])
    else:
        begin = {"from": "failed_step" if from_step else "start", "whole": json.dumps(payload)}
        page = reverse("admin:workflows_workflowrun_correct", args=[run.pk]) + "?as=json"
    answer = client.post(page, {**begin, **version}, follow=True)
    assert answer.status_code == 200
    told = [str(one) for one in answer.context["messages"]]
    is_new = "new run" in " ".join(told)
    return "" if is_new else " ".join(told)
