"""A worker whose interpreter is held: the runs beside it go on elsewhere, and are not blamed."""

import pytest
from django.utils import timezone

from actions import registry
from tests.support.holding import actions as holding
from tests.support.live import WorkerGroup, wait_until
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.runs.entries import entries_of

SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.support.holding.settings"}
BESIDE = 6
# So long a call takes that is under way when the worker is ended.
CALL_SECONDS = 8
SLOW_SECONDS = 3


def workflow(tenant, key, *steps):
    definition = WorkflowDefinition(tenant=tenant, key=key, is_active=True)
    document = {"name": key, "trigger_type": f"held.{key}", "steps": list(steps)}
    publish(tenant, "tester", definition, document)


def post():
    text = {"connection": "slack", "text": "hello {{ trigger.n }}"}
    return {"name": "tell", "action": "team_notify", "params": text}


def call(outside):
    params = {"url": f"{outside.base_url}/hook/beside", "body": {"n": "{{ trigger.n }}"}}
    return {"name": "tell", "action": "webhook", "params": params}


def is_over(runs):
    return all(run.due_at is None for run in WorkflowRun.objects.filter(pk__in=runs))


def hurry():
    """Let nobody wait for the rests between two deaths."""
    resting = WorkflowRun.objects.filter(status="queued", crashes__gt=0)
    resting.filter(due_at__gt=timezone.now()).update(due_at=timezone.now())
    return False


@pytest.fixture
def holding_is_known(monkeypatch):
    """Let who publishes know the action, in this test alone."""
    registry.load()
    monkeypatch.setattr(registry, "_specs", dict(registry._specs))
    holding.declare()


@pytest.mark.usefixtures("holding_is_known")
def test_runs_beside_one_that_holds_the_interpreter_are_not_blamed(live, live_database, outside):
    guilty, innocent = live
    workflow(guilty.tenant, "hold", {"name": "hold", "action": "hold_interpreter", "params": {}})
    workflow(innocent.tenant, "post", post())
    workflow(innocent.tenant, "call", call(outside))
    outside.behave("slack", "slow", seconds=CALL_SECONDS)
    outside.behave("hook", "slow", seconds=CALL_SECONDS)
    with WorkerGroup(live_database, slots=20, **SETTINGS):
        posts = [fire(innocent.tenant, "held.post", {"n": n}).run_ids[0] for n in range(BESIDE)]
        calls = [fire(innocent.tenant, "held.call", {"n": n}).run_ids[0] for n in range(BESIDE)]
        beside = [*posts, *calls]
        running = WorkflowRun.objects.filter(pk__in=beside, status="running")
        wait_until(lambda: running.count() == 2 * BESIDE)
        wait_until(lambda: len(outside.journal.received()) >= 2 * BESIDE)

        [hold] = fire(guilty.tenant, "held.hold", {}).run_ids
        wait_until(lambda: WorkflowRun.objects.filter(pk=hold, crashes__gt=0).exists(), 20)
        outside.behave("hook", "ok")
        assert set(WorkflowRun.objects.filter(pk__in=beside).values_list("crashes", flat=True)) == {
            0
        }
        wait_until(lambda: hurry() or is_over([hold, *beside]), 90, 0.2)

    for run in WorkflowRun.objects.filter(pk__in=posts):
        [entry] = entries_of(run)
        assert (run.status, run.error_code, run.crashes) == ("failed", "outcome_unknown", 0)
        assert (entry["status"], entry["error"]["params"]["reason"]) == ("unknown", "worker_held")
        assert "something held it up" in run.error_message
    ends = set(WorkflowRun.objects.filter(pk__in=calls).values_list("status", "crashes"))
    assert ends == {("completed", 0)}
    end = WorkflowRun.objects.get(pk=hold)
    assert (end.status, end.error_code, end.crashes) == ("failed", "poisoned", 5)
    assert end.error_message.startswith("The worker died in this run 5 times")


@pytest.mark.usefixtures("holding_is_known")
def test_what_is_beside_a_call_that_holds_the_interpreter_goes_on_and_nobody_is_ended(
    live, live_database, outside
):
    guilty, innocent = live
    workflow(guilty.tenant, "moment", {"name": "hold", "action": "hold_a_moment", "params": {}})
    workflow(innocent.tenant, "post", post())
    workflow(innocent.tenant, "call", call(outside))
    outside.behave("slack", "slow", seconds=SLOW_SECONDS)
    outside.behave("hook", "slow", seconds=SLOW_SECONDS)
    with WorkerGroup(live_database, slots=20, **SETTINGS) as group:
        pids = group.worker_pids()
        posts = [fire(innocent.tenant, "held.post", {"n": n}).run_ids[0] for n in range(BESIDE)]
        calls = [fire(innocent.tenant, "held.call", {"n": n}).run_ids[0] for n in range(BESIDE)]
        wait_until(lambda: len(outside.journal.received()) >= 2 * BESIDE)

        [hold] = fire(guilty.tenant, "held.moment", {}).run_ids
        wait_until(lambda: is_over([hold, *posts, *calls]), 60, 0.2)
        assert group.worker_pids() == pids

    # The token of a run that went on elsewhere was changed twice: by who gave it, and who took it.
    ends = {
        name: set(
            WorkflowRun.objects.filter(pk__in=runs).values_list("status", "crashes", "lease_token")
        )
        for name, runs in (("hold", [hold]), ("posts", posts), ("calls", calls))
    }
    assert ends == {
        "hold": {("completed", 0, 1)},
        "posts": {("completed", 0, 1)},
        "calls": {("completed", 0, 3)},
    }
    assert len(outside.received("slack")) == BESIDE
    keys = [one.headers["idempotency-key"] for one in outside.received("hook")]
    assert (len(keys), len(set(keys))) == (2 * BESIDE, BESIDE)
