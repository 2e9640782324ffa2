"""A person says whether a step was done of which nobody knew."""

import pytest

from actions.errors import PermanentFailure, TemporaryFailure
from actions.spec import Effect
from workflows.models.run import WorkflowRun
from workflows.services.events.fire import fire
from workflows.services.refusals import NotRetryable
from workflows.services.runs.one_step import do_again, mark_done

pytestmark = pytest.mark.django_db(transaction=True)


def step(name, action="probe", **more):
    return {"name": name, "action": action, "params": {}, **more}


@pytest.fixture
def sent(library):
    """A step that loses its answer the first time, and the keys under which it was sent."""
    keys = []

    def send(params, context):
        keys.append((context.step_name, context.idempotency_key))
        if context.step_name == "send" and len([k for k in keys if k[0] == "send"]) == 1:
            raise TemporaryFailure("no_answer")
        return {"ok": True}

    library(Effect.NOT_REPEATABLE, send)
    return keys


def entries(run):
    return [(one["step_name"], one["status"]) for one in run.step_results]


def test_a_step_that_was_done_is_not_done_again_and_the_run_goes_on_behind_it(
    tenant, worker, publish_steps, sent
):
    publish_steps(tenant, step("first"), step("send"), step("last"))
    fire(tenant, "x", {})
    [run] = worker.work()
    assert (run.status, run.error_code) == ("failed", "outcome_unknown")

    mark_done(tenant, run.pk, "user:rana")

    [run] = worker.work()
    assert (run.status, run.error_code, run.error_fingerprint) == ("completed", None, None)
    assert entries(run) == [("first", "completed"), ("send", "completed"), ("last", "completed")]
    settled = run.step_results[1]
    assert (settled["settled_by"], settled["output"]) == ("user:rana", None)
    assert [one["error"]["code"] for one in settled["attempts"]] == ["outcome_unknown"]
    assert [name for name, _key in sent] == ["first", "send", "last"]


def test_a_step_that_was_not_done_is_sent_again_with_the_same_key(
    tenant, worker, publish_steps, sent
):
    publish_steps(tenant, step("send"), step("last"))
    fire(tenant, "x", {})
    [run] = worker.work()

    do_again(tenant, run.pk, "user:rana")

    [run] = worker.work()
    assert run.status == "completed"
    assert sent == [("send", f"{run.pk}-0"), ("send", f"{run.pk}-0"), ("last", f"{run.pk}-1")]


def test_behind_the_last_step_the_run_has_ended_well(tenant, worker, publish_steps, sent):
    publish_steps(tenant, step("first"), step("send"))
    fire(tenant, "x", {})
    [run] = worker.work()
    ended = run.completed_at

    mark_done(tenant, run.pk, "user:rana")

    [run] = worker.work()
    assert (run.status, run.due_at, run.error_code, run.pending) == ("completed", None, None, None)
    assert (run.completed_at, run.current_step) == (ended, 2)
    assert entries(run) == [("first", "completed"), ("send", "completed")]
    with pytest.raises(NotRetryable) as refused:
        mark_done(tenant, run.pk, "user:rana")
    assert refused.value.code == "not_failed"


def test_what_went_wrong_before_stays_wrong(tenant, worker, publish_steps, sent, library):
    def fail(params, context):
        raise PermanentFailure("no_such_thing")

    library(Effect.REPEATABLE, fail, name="broken")
    publish_steps(tenant, step("first", "broken", on_error="continue"), step("send"))
    fire(tenant, "x", {})
    [run] = worker.work()
    assert run.error_step == "send"

    mark_done(tenant, run.pk, "user:rana")

    [run] = worker.work()
    assert (run.status, run.error_step, run.error_code) == (
        "completed_with_errors",
        "first",
        "no_such_thing",
    )


def test_the_worker_that_dies_behind_a_settled_step_does_not_send_the_next_one_twice(
    tenant, worker, publish_steps, sent
):
    publish_steps(tenant, step("send"), step("last"), step("end"))
    fire(tenant, "x", {})
    [run] = worker.work()
    mark_done(tenant, run.pk, "user:rana")
    [claim] = worker.claim()
    WorkflowRun.objects.filter(pk=claim.run_id).update(
        status="queued", lease_token=claim.token + 1, worker=None, crashes=1
    )

    [run] = worker.work()

    assert (run.status, run.error_step, run.error_code) == ("failed", "last", "outcome_unknown")
    assert [name for name, _key in sent] == ["send"]


@pytest.mark.parametrize("done", [True, False])
def test_what_was_completed_is_not_settled(done, tenant, worker, publish_steps, sent):
    publish_steps(tenant, step("last"))
    fire(tenant, "x", {})
    [run] = worker.work()
    before = WorkflowRun.objects.values().get()

    with pytest.raises(NotRetryable) as refused:
        (mark_done if done else do_again)(tenant, run.pk, "user:rana")

    assert refused.value.code == "not_failed"
    assert WorkflowRun.objects.values().get() == before


def test_nobody_settles_another_tenants_step(tenant, other_tenant, worker, publish_steps, sent):
    publish_steps(tenant, step("send"))
    fire(tenant, "x", {})
    [run] = worker.work()

    with pytest.raises(NotRetryable) as refused:
        mark_done(other_tenant, run.pk, "user:rana")

    assert refused.value.code == "unknown_run"
    assert WorkflowRun.objects.get().status == "failed"
