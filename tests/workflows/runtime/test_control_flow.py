"""Control flow through the database: parks, wakes, fires, goes on."""

from datetime import timedelta
from time import monotonic

import pytest

from actions.errors import PermanentFailure
from actions.spec import Effect
from tests.support.definitions import publish_log
from tests.support.time_travel import travel
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.runtime.runs.execute import execute
from workflows.runtime.workers.lease_keeper import Watch
from workflows.runtime.workers.session import DispatcherSession
from workflows.services.events.fire import fire
from workflows.services.runs.retry import retry_failed_step

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=30)


@pytest.fixture
def work(tenant):
    """Claim and execute what is due; return the runs of the workflow under test."""
    session = DispatcherSession("north", 4, LEASE)

    def execute_all():
        watch = Watch(LEASE)
        for claim in session.claim(4):
            watch.take(claim, monotonic())
            execute(claim, watch)
        return list(WorkflowRun.objects.filter(definition__key="w").order_by("id"))

    yield execute_all
    session.close()


def probe(name, **more):
    return {"name": name, "action": "probe", "params": {}, **more}


@pytest.fixture(autouse=True)
def quiet_probe(library):
    library(Effect.REPEATABLE, lambda params, context: {"ok": "yes"})


def names_and_statuses(run):
    return [(entry["step_name"], entry["status"]) for entry in run.step_results]


def test_a_wait_parks_the_row_and_holds_no_worker(tenant, work, publish_steps):
    pause = {"name": "pause", "action": "wait", "params": {"for": "2h"}}
    publish_steps(tenant, probe("a"), pause, probe("b"))
    fire(tenant, "x", {})

    [parked] = work()
    assert (parked.status, parked.wait_type, parked.worker) == ("waiting", "time", None)
    assert parked.due_at - parked.started_at > timedelta(hours=1, minutes=59)
    assert names_and_statuses(parked) == [("a", "completed")]

    work()
    assert WorkflowRun.objects.get().status == "waiting"
    travel()
    [run] = work()
    assert run.status == "completed"
    assert names_and_statuses(run) == [(n, "completed") for n in ("a", "pause", "b")]
    assert run.wait_type is None


def test_a_loop_parks_between_rounds(tenant, work, publish_steps):
    never = {"all": [{"field": "steps.poll.output.ok", "operator": "equals", "value": "never"}]}
    loop = {
        "name": "loop",
        "action": "repeat",
        "params": {"steps": [probe("poll")], "until": never, "every": "1m", "at_most": 2},
        "on_error": "continue",
    }
    publish_steps(tenant, loop, probe("after"))
    fire(tenant, "x", {})

    [parked] = work()
    assert (parked.status, parked.wait_type, parked.pending) == ("waiting", "time", None)
    travel()
    [run] = work()

    assert run.status == "completed_with_errors"
    assert [entry["step_name"] for entry in run.step_results] == [
        "loop",
        "poll",
        "loop",
        "poll",
        "loop",
        "after",
    ]
    assert run.error_code == "not_in_time"


def test_a_step_fires_an_event_once_with_its_checkpoint(tenant, other_tenant, work, publish_steps):
    emit = {
        "name": "tell",
        "action": "emit_event",
        "params": {
            "type": "order_checked",
            "payload": {"number": "{{trigger.number}}"},
            "subject_type": "orders",
            "subject_id": "{{trigger.number}}",
        },
    }
    publish_steps(tenant, emit, probe("b"))
    listener = publish_log(tenant, "listener", "order_checked")
    publish_log(other_tenant, "listener", "order_checked")
    fire(tenant, "x", {"number": "17"})

    [run] = work()

    event = WorkflowEvent.objects.get(type="order_checked")
    assert (event.tenant_id, event.payload, event.subject_id) == (
        tenant.id,
        {"number": "17"},
        "17",
    )
    assert (event.caused_by_run, event.depth, event.source) == (run.id, 1, "step")
    assert run.step_results[0]["output"]["event_id"] == str(event.id)
    started = WorkflowRun.objects.exclude(definition__key="w").get()
    assert started.definition_id == listener.pk


def test_a_failed_run_tells_and_its_step_can_still_be_retried(tenant, work, publish_steps, library):
    answers = iter(["fail", "ok"])

    def fail_first(params, context):
        if context.step_name == "a" and next(answers) == "fail":
            raise PermanentFailure("no_such_thing")
        return {}

    library(Effect.REPEATABLE, fail_first)
    publish_steps(tenant, probe("a"), probe("b"), on_failure=[probe("tell")])
    fire(tenant, "x", {})

    [failed] = work()
    assert (failed.status, failed.error_step, failed.current_step) == ("failed", "a", 0)
    assert names_and_statuses(failed) == [("a", "failed"), ("tell", "completed")]

    retry_failed_step(tenant, failed.id)
    [run] = work()
    assert run.status == "completed"
    assert names_and_statuses(run) == [
        ("tell", "completed"),
        ("a", "completed"),
        ("b", "completed"),
    ]


def test_each_round_of_a_loop_calls_with_a_key_of_its_own(tenant, work, library, publish_steps):
    keys = []

    def count(params, context):
        keys.append(context.idempotency_key)
        return {"n": len(keys)}

    library(Effect.REPEATABLE, count, "count")
    twice = {"all": [{"field": "steps.ask.output.n", "operator": "equals", "value": 2}]}
    inside = [{"name": "ask", "action": "count", "params": {}}]
    params = {"steps": inside, "until": twice, "every": "1m", "at_most": 3}
    publish_steps(tenant, {"name": "again", "action": "repeat", "params": params})
    fire(tenant, "x", {})

    work()
    travel()
    [run] = work()

    assert run.status == "completed"
    assert keys == [f"{run.id}-1", f"{run.id}-1-2"]
