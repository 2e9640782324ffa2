"""A step of which nobody knows whether it was done: said with its reason, and never sent again."""

from typing import Any

import pytest

from actions.errors import PermanentFailure, TemporaryFailure
from actions.models.connection import Connection
from actions.spec import Effect
from tests.support.machine import LEASE
from tests.support.time_travel import travel
from tests.workflows.runtime.conftest import publish_steps
from workflows.models.run import WorkflowRun
from workflows.runtime.workers.reaper import take_over_from_the_dead
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)

HOST: Any = {"host": "graph.example.com"}
GATEWAY: Any = {"status": 504, "answer": "<html>504</html>", **HOST}
# What an action of a provider says, what the step keeps of it, and how its sentence begins.
REASONS = {
    "no answer in time": (
        TemporaryFailure("timed_out", may_have_arrived=True, **HOST),
        {"reason": "no_answer", "code": "timed_out", **HOST},
        "No answer came in time from graph.example.com",
    ),
    "no answer of the mail server": (
        TemporaryFailure("mail_timed_out", **HOST),
        {"reason": "no_answer", "code": "mail_timed_out", **HOST},
        "No answer came in time from graph.example.com",
    ),
    "a connection that broke": (
        TemporaryFailure("connection_lost", may_have_arrived=True, **HOST),
        {"reason": "connection_lost", "code": "connection_lost", **HOST},
        "The connection to graph.example.com was lost before an answer came",
    ),
    "a gateway": (
        TemporaryFailure("http_504", may_have_arrived=True, **GATEWAY),
        {"reason": "gateway_error", "code": "http_504", **GATEWAY},
        "graph.example.com answered with the error 504",
    ),
    "an answer that leaves it open": (
        TemporaryFailure("slack_busy", may_have_arrived=True, answer="internal_error"),
        {"reason": "unclear_answer", "code": "slack_busy", "answer": "internal_error"},
        "An answer came that leaves open whether it was done",
    ),
    "an answer that nobody can read": (
        PermanentFailure("answer_unreadable", reason="its compression is damaged", **HOST),
        {"reason": "unclear_answer", "code": "answer_unreadable", **HOST},
        "An answer came that leaves open whether it was done",
    ),
    "an action that does not say": (
        TemporaryFailure("busy"),
        {"code": "busy"},
        "Nobody knows whether this step was done",
    ),
}


def carry_out(tenant, machine, *steps):
    publish_steps(tenant, *steps)
    fire(tenant, "x", {})
    for _ in range(5):
        machine.work()
        travel()
    return WorkflowRun.objects.get()


def step(name, **more):
    return {"name": name, "action": "probe", "params": {}, "retry": {"attempts": 3}, **more}


@pytest.mark.parametrize("what", REASONS)
def test_a_step_whose_end_is_not_known_keeps_why(tenant, machine, library, caplog, what):
    failure, params, begins = REASONS[what]
    calls = []

    def lose(_params, context):
        calls.append(1)
        raise failure

    library(Effect.NOT_REPEATABLE, lose)
    run = carry_out(tenant, machine, step("a"))

    [entry] = run.step_results
    kept = {key: value for key, value in entry["error"]["params"].items() if key in params}
    assert (run.status, run.error_code, len(calls)) == ("failed", "outcome_unknown", 1)
    assert (entry["status"], entry["error"]["code"], kept) == (
        "unknown",
        "outcome_unknown",
        params,
    )
    assert run.error_message.startswith(begins)
    assert ("The answer:" in run.error_message) == ("answer" in params)
    assert "outcome_unknown" in caplog.text


@pytest.mark.parametrize("what", REASONS)
def test_what_can_be_repeated_is_tried_again_as_its_step_says(tenant, machine, library, what):
    failure, _params, _begins = REASONS[what]
    keys = []

    def lose(_params, context):
        keys.append(context.idempotency_key)
        raise failure

    library(Effect.REPEATABLE, lose)
    run = carry_out(tenant, machine, step("a"))

    tries = 1 if isinstance(failure, PermanentFailure) else 3
    assert (run.status, run.error_code) == ("failed", failure.code)
    assert (len(keys), len(set(keys))) == (tries, 1)


def test_the_worker_died_is_said_where_one_died(tenant, machine, library):
    library(Effect.NOT_REPEATABLE, lambda params, context: {})
    publish_steps(tenant, step("a"))
    fire(tenant, "x", {})
    [claim] = machine.session.claim(1)
    machine.session.end_lease(claim)
    take_over_from_the_dead(machine.session.connection(), LEASE, sweep=True)

    machine.work()

    run = WorkflowRun.objects.get()
    assert run.error_code == "outcome_unknown"
    assert run.step_results[0]["error"]["params"] == {"reason": "worker_died"}
    assert run.error_message.startswith("The worker died in the middle of this step")


def teams(outside):
    return {
        "kind": "teams",
        "settings": {},
        "secrets": {"webhook_url": f"{outside.base_url}/teams/hook"},
    }


def slack(outside):
    return {
        "kind": "slack",
        "settings": {"base_url": f"{outside.base_url}/slack", "channel": "#orders"},
        "secrets": {"bot_token": "xoxb-secret"},
    }


@pytest.fixture
def allowed(outside, settings):
    settings.SAYR = {
        **settings.SAYR,
        "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": [outside.host_and_port]},
    }
    outside.journal.forget()
    for rule in outside.journal.behaviours():
        outside.behave(rule.channel, "ok", path=rule.path)
    return outside


@pytest.mark.parametrize("status", [500, 502, 504])
@pytest.mark.parametrize("channel", ["slack", "teams"])
def test_a_gateways_error_never_sends_a_message_twice(tenant, machine, allowed, channel, status):
    facts = {"slack": slack, "teams": teams}[channel](allowed)
    Connection.objects.create(tenant_id=tenant.id, key=channel, name=channel, **facts)
    allowed.behave(channel, "answer", status=status, body="<html>gateway</html>")

    run = carry_out(tenant, machine, step("a", action="team_notify", params={"text": "Hello"}))

    assert len(allowed.received(channel)) == 1
    assert (run.status, run.error_code) == ("failed", "outcome_unknown")
    assert run.step_results[0]["error"]["params"]["status"] == status


@pytest.mark.parametrize("error", ["service_unavailable", "request_timeout", "ratelimited"])
def test_what_slack_did_not_act_on_is_sent_again(tenant, machine, allowed, error):
    Connection.objects.create(tenant_id=tenant.id, key="slack", name="slack", **slack(allowed))
    allowed.behave("slack", "fail", error=error, times=1)

    run = carry_out(tenant, machine, step("a", action="team_notify", params={"text": "Hello"}))

    assert len(allowed.received("slack")) == 2
    assert (run.status, run.error_code) == ("completed", None)
    assert run.step_results[0]["attempts"][0]["error"]["code"] == "slack_busy"
