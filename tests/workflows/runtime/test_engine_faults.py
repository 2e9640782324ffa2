"""A fault of the engine itself ends a run with a code of its own: no worker has died."""

from time import monotonic

import pytest
from django.db.models import F

from actions.spec import Effect
from tests.support.machine import LEASE
from tests.workflows.runtime.conftest import publish_steps
from workflows.definition.programs.instructions import CallInstruction
from workflows.engine.advance import Walker
from workflows.models.run import WorkflowRun
from workflows.runtime.runs import children
from workflows.runtime.runs import execute as executing
from workflows.runtime.runs.execute import execute
from workflows.runtime.workers.lease_keeper import Watch
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)


def fault(*arguments, **named):
    raise IndexError("list index out of range")


def step(name, **more):
    return {"name": name, "action": "probe", "params": {}, **more}


def rested():
    """Let the rest of a run be over that was given back."""
    WorkflowRun.objects.filter(status="queued").update(due_at=F("created_at"))


def work(machine):
    for _ in range(10):
        machine.work()
        rested()
    return WorkflowRun.objects.get(parent_run=None)


LOG = {"name": "log", "action": "log_note", "params": {"text": "it failed"}}
EACH = {"items": [1], "steps": [step("item")]}


@pytest.mark.parametrize("on_error", ["stop", "continue"])
def test_a_step_that_the_engine_fails_at_has_failed(
    tenant, machine, library, monkeypatch, on_error
):
    calls = []
    library(Effect.NOT_REPEATABLE, lambda params, context: calls.append(context.step_name) or {})
    each = {"name": "each", "action": "for_each", "params": EACH, "on_error": on_error}
    publish_steps(tenant, step("a"), each, step("b"))
    fire(tenant, "x", {})
    monkeypatch.setattr(children, "start", fault)

    run = work(machine)

    expected = ["a", "b"] if on_error == "continue" else ["a"]
    assert run.status == ("completed_with_errors" if on_error == "continue" else "failed")
    assert (run.error_step, run.error_code, run.crashes) == ("each", "engine_error", 0)
    assert calls == expected
    assert "died" not in run.error_message


@pytest.mark.parametrize("effect", Effect)
def test_a_fault_in_working_out_the_next_step_is_its_own(
    tenant, machine, library, monkeypatch, effect
):
    calls = []
    library(effect, lambda params, context: calls.append(context.step_name) or {})
    publish_steps(tenant, step("a"), step("b", on_error="continue"), step("c"))
    fire(tenant, "x", {})
    real = CallInstruction.render
    faulty = lambda call, scope: fault() if call.name == "b" else real(call, scope)  # noqa: E731
    monkeypatch.setattr(CallInstruction, "render", faulty)

    run = work(machine)

    assert [(one["step_name"], one["status"]) for one in run.step_results] == [
        ("a", "completed"),
        ("b", "failed"),
        ("c", "completed"),
    ]
    assert (run.error_code, run.crashes, calls) == ("engine_error", 0, ["a", "c"])


def test_an_answered_call_is_not_made_again_only_to_meet_the_same_fault(
    tenant, machine, library, monkeypatch
):
    calls = []
    library(Effect.REPEATABLE, lambda params, context: calls.append(1) or {})
    publish_steps(tenant, step("a"))
    fire(tenant, "x", {})
    monkeypatch.setattr(Walker, "settle", fault)

    run = work(machine)

    assert (run.status, run.error_code, len(calls)) == ("failed", "engine_error", 1)
    assert [entry["step_name"] for entry in run.step_results] == ["a"]


@pytest.mark.parametrize(
    "more", [{"on_error": "continue"}, {"on_error": {"steps": [LOG], "then": "continue"}}]
)
def test_the_steps_after_it_are_carried_out_at_once(tenant, machine, library, monkeypatch, more):
    calls = []
    library(Effect.NOT_REPEATABLE, lambda params, context: calls.append(context.step_name) or {})
    publish_steps(tenant, step("a", **more), step("b"))
    fire(tenant, "x", {})
    real = Walker.settle
    faulty = lambda walker, job, *rest, **named: (  # noqa: E731
        fault() if job.instruction.name == "a" else real(walker, job, *rest, **named)
    )
    monkeypatch.setattr(Walker, "settle", faulty)

    machine.turn()

    run = WorkflowRun.objects.get()
    assert (run.status, run.error_step) == ("completed_with_errors", "a")
    assert (run.error_code, calls) == ("engine_error", ["a", "b"])


def test_a_fault_at_each_step_ends_the_run(tenant, machine, library, monkeypatch):
    calls = []
    library(Effect.REPEATABLE, lambda params, context: calls.append(context.step_name) or {})
    publish_steps(tenant, step("a", on_error="continue"), step("b"), on_failure=[step("n")])
    fire(tenant, "x", {})
    monkeypatch.setattr(Walker, "settle", fault)

    machine.turn()

    run = WorkflowRun.objects.get()
    told = [(one["step_name"], one["error"]["code"]) for one in run.step_results]
    assert (run.status, run.error_step, calls) == ("failed", "b", ["a", "b", "n"])
    assert told == [(name, "engine_error") for name in "abn"]


def test_a_run_that_cannot_even_be_read_rests_and_ends_after_three_tries(
    tenant, machine, library, monkeypatch
):
    library(Effect.REPEATABLE, lambda params, context: {})
    publish_steps(tenant, step("a"))
    fire(tenant, "x", {})
    monkeypatch.setattr(executing, "surroundings_of", fault)
    states = []
    for _ in range(3):
        [claim] = machine.session.claim(1)
        watch = Watch(LEASE)
        watch.take(claim, monotonic())
        execute(claim, watch)
        run = WorkflowRun.objects.get()
        states.append((run.status, run.crashes, run.error_code))
        rested()

    assert states == [("queued", 0, None)] * 2 + [("failed", 0, "engine_error")]
    assert machine.session.claim(1) == []


def test_a_fault_that_passes_leaves_no_trace(tenant, machine, library, monkeypatch):
    calls = []
    library(Effect.NOT_REPEATABLE, lambda params, context: calls.append(1) or {})
    publish_steps(tenant, step("a"), step("b"))
    fire(tenant, "x", {})
    with monkeypatch.context() as patch:
        patch.setattr(executing, "surroundings_of", fault)
        machine.turn()

    run = work(machine)

    assert (run.status, run.error_code, run.crashes, len(calls)) == ("completed", None, 0, 2)
