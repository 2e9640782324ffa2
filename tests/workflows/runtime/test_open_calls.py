"""No run ends with a begun call that its entries do not name: every way of ending, every doubt."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from actions import registry
from actions.spec import Effect
from tests.support.machine import LEASE
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.runtime.runs import execute as executing
from workflows.runtime.runs import fence
from workflows.runtime.runs.programs import program_of
from workflows.runtime.workers import reaper
from workflows.runtime.workers.reaper import (
    UNREADABLE_CRASHES,
    take_from_the_held,
    take_over_from_the_dead,
)
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.runs.cancel import cancel
from workflows.services.runs.cancel_all import cancel_live
from workflows.services.runs.entries import entries_of
from workflows.services.runs.retry import retry_failed_step

pytestmark = pytest.mark.django_db(transaction=True)

OUTSIDE = [Effect.NOT_REPEATABLE, Effect.REPEATABLE]


def held(which):
    return WorkflowRun.objects.filter(pk=which)


# How a call is left open: what a run's row says of it, and why nobody knows.


def by_a_death(machine, claim):
    machine.session.end_lease(claim)
    take_over_from_the_dead(machine.session.connection(), LEASE, sweep=True)
    return "worker_died"


def by_an_end(machine, claim):
    left: reaper.Left = {str(claim.run_id): [claim.token, True, False]}
    take_from_the_held(machine.session.connection(), machine.session.worker, left)
    return "worker_held"


def by_trouble(machine, claim):
    fence.give_up(claim, {"left": "not_recorded"}, is_begun=True)
    return "not_recorded"


LEFT = [by_a_death, by_an_end, by_trouble]

# How such a run ends.


def cancelled(run, machine, _monkeypatch):
    cancel(run.tenant, run.pk)


def cancelled_with_all(run, machine, _monkeypatch):
    cancel_live(run.tenant, run.definition)


def deadline(run, machine, _monkeypatch):
    held(run.pk).update(deadline_at=F("created_at"))


def poisoned(run, machine, _monkeypatch):
    held(run.pk).update(crashes=5)


def buried(run, machine, _monkeypatch):
    held(run.pk).update(crashes=UNREADABLE_CRASHES, due_at=F("created_at"))
    [claim] = machine.session.claim(1)
    machine.session.end_lease(claim)
    take_over_from_the_dead(machine.session.connection(), LEASE, sweep=True)


def write(column, value, run):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE workflow_runs SET {column} = {value} WHERE id = %s", [run.pk])


def payload_unreadable(run, machine, _monkeypatch):
    write("trigger_payload", """'{"a": 1e5000}'""", run)


def results_unreadable(run, machine, _monkeypatch):
    write("step_results", """'[{"a": 1e5000}]'""", run)


def results_of_no_steps(run, machine, _monkeypatch):
    write("step_results", "'[7]'", run)


def pending_unreadable(run, machine, _monkeypatch):
    write("pending", """pending || '{"a": 1e5000}'""", run)


def program_unreadable(run, machine, _monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE workflow_versions SET program = program || '{"schemas": 5}'
            WHERE definition_id = %s""",
            [run.definition_id],
        )
    program_of.cache_clear()


def action_gone(run, machine, monkeypatch):
    monkeypatch.setattr(
        registry, "_specs", {name: one for name, one in registry._specs.items() if name != "probe"}
    )


def fault_of_the_engine(run, machine, monkeypatch):
    def fault(_claim):
        raise RuntimeError("no")

    monkeypatch.setattr(executing, "surroundings_of", fault)


ENDS = [
    cancelled,
    cancelled_with_all,
    deadline,
    poisoned,
    buried,
    payload_unreadable,
    results_unreadable,
    results_of_no_steps,
    pending_unreadable,
    program_unreadable,
    action_gone,
    fault_of_the_engine,
]
CANCELLED = {cancelled, cancelled_with_all}


def left_open(tenant, machine, library, effect, left, **more):
    """Let a worker leave the call of a run open; return the run, why, and the calls made since."""
    calls = []
    library(effect, lambda params, context: calls.append(context.idempotency_key) or {})
    definition = WorkflowDefinition(tenant=tenant, key="w", is_active=True)
    step = {"name": "a", "action": "probe", "params": {}}
    first = {"name": "note", "action": "log_note", "params": {"text": "x"}}
    document = {"name": "W", "trigger_type": "x", "steps": [first, step], **more}
    publish(tenant, "tester", definition, document)
    [run_id] = fire(tenant, "x", {}).run_ids

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            executing.LiveExecutor, "should_put_down", lambda executor: bool(executor.results)
        )
        machine.turn()
    [claim] = machine.session.claim(1)
    assert (claim.run_id, claim.step) == (run_id, 1)
    reason = left(machine, claim)
    run = WorkflowRun.objects.get(pk=run_id)
    assert run.pending["begun"]
    return run, reason, calls


def work(machine):
    for _ in range(8):
        machine.turn()
        WorkflowRun.objects.filter(status="queued").update(due_at=F("created_at"))


@pytest.mark.parametrize("effect", OUTSIDE)
@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("end", ENDS)
def test_a_run_that_ends_names_the_call_that_is_open(
    tenant, machine, library, monkeypatch, end, left, effect
):
    run, reason, calls = left_open(tenant, machine, library, effect, left)

    end(run, machine, monkeypatch)
    work(machine)

    monkeypatch.undo()
    program_of.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT status, error_code, error_step, step_results -> -1 ->> 'step_name',
            step_results -> -1 ->> 'status', step_results -> -1 #>> '{error,params,reason}',
            step_results -> -1 ? 'in_doubt', due_at FROM workflow_runs WHERE id = %s""",
            [run.pk],
        )
        status, code, step, named, said, why, in_doubt, due_at = cursor.fetchone()
    assert (due_at, calls) == (None, [])
    assert (status == "cancelled") == (end in CANCELLED)
    if effect is Effect.REPEATABLE and end in {poisoned, buried}:
        assert (code, step) == ("poisoned", "a")
    elif effect is Effect.REPEATABLE and end is deadline:
        assert (named, said, in_doubt) == ("a", "failed", True)
    else:
        assert (named, said) == ("a", "unknown")
        # Of who is buried the last worker has died in it, too.
        assert why == ("worker_died" if end is buried else reason)


@pytest.mark.parametrize("effect", OUTSIDE)
@pytest.mark.parametrize("left", LEFT)
def test_a_cancelled_run_that_is_retried_calls_again_or_asks(
    tenant, machine, library, left, effect
):
    run, reason, calls = left_open(tenant, machine, library, effect, left)
    cancel(tenant, run.pk)
    machine.work()
    assert [one["status"] for one in entries_of(WorkflowRun.objects.get())] == [
        "completed",
        "unknown",
    ]

    retry_failed_step(tenant, run.pk)
    machine.work()

    run.refresh_from_db()
    told = entries_of(run)[-1]
    first = told["attempts"][0]["error"]["params"]["reason"]
    if effect is Effect.NOT_REPEATABLE:
        assert (run.status, run.error_code, calls) == ("failed", "outcome_unknown", [])
        assert (told["status"], first) == ("unknown", reason)
    else:
        assert (run.status, calls) == ("completed", [f"{run.pk}-1"])
        assert (told["status"], first) == ("completed", reason)
    assert [one["step_name"] for one in entries_of(run)] == ["note", "a"]


@pytest.mark.parametrize("left", LEFT)
def test_what_is_rolled_back_is_in_no_doubt(tenant, machine, library, left):
    run, _reason, calls = left_open(tenant, machine, library, Effect.DATABASE, left)

    cancel(tenant, run.pk)
    work(machine)

    run.refresh_from_db()
    assert (run.status, run.due_at, calls) == ("cancelled", None, [])
    assert [one["step_name"] for one in entries_of(run)] == ["note"]


@pytest.mark.parametrize("end", [cancelled, deadline, buried, payload_unreadable])
def test_who_was_not_let_into_its_lane_has_begun_nothing(tenant, machine, library, end):
    calls = []
    library(Effect.NOT_REPEATABLE, lambda params, context: calls.append(1) or {})
    definition = WorkflowDefinition(tenant=tenant, key="w", is_active=True)
    document = {"name": "W", "trigger_type": "x", "settings": {"concurrency_key": "one"}}
    step = {"name": "a", "action": "probe", "params": {}}
    publish(tenant, "tester", definition, {**document, "steps": [step]})
    [run_id] = fire(tenant, "x", {}).run_ids
    [claim] = machine.session.claim(1)
    by_a_death(machine, claim)

    end(WorkflowRun.objects.get(pk=run_id), machine, None)
    work(machine)

    with connection.cursor() as cursor:
        cursor.execute("SELECT due_at, step_results::text FROM workflow_runs")
        due_at, results = cursor.fetchone()
    assert (due_at, calls, "unknown" in results) == (None, [], False)


def test_a_run_of_a_lane_that_a_newer_one_replaces_names_its_open_call(tenant, machine, library):
    settings = {"concurrency_key": "one", "when_busy": "replace"}
    run, reason, calls = left_open(
        tenant, machine, library, Effect.NOT_REPEATABLE, by_a_death, settings=settings
    )

    held(run.pk).update(due_at=timezone.now() + timedelta(hours=1))
    fire(tenant, "x", {})
    machine.turn()  # the newer one

    machine.work()
    run.refresh_from_db()
    [_note, named] = entries_of(run)
    assert (run.status, run.error_code) == ("cancelled", "replaced_by_newer")
    assert (named["status"], named["error"]["params"]["reason"]) == ("unknown", reason)
    assert len(calls) == 1  # of the newer one


def test_a_child_run_that_ends_with_its_parent_names_its_open_call(tenant, machine, library):
    calls = []
    library(Effect.NOT_REPEATABLE, lambda params, context: calls.append(1) or {})
    definition = WorkflowDefinition(tenant=tenant, key="w", is_active=True)
    step = {"name": "a", "action": "probe", "params": {}}
    each = {"name": "each", "action": "for_each", "params": {"items": [1], "steps": [step]}}
    publish(tenant, "tester", definition, {"name": "W", "trigger_type": "x", "steps": [each]})
    [run_id] = fire(tenant, "x", {}).run_ids
    machine.turn()
    [claim] = machine.session.claim(1)
    by_a_death(machine, claim)

    cancel(tenant, run_id)
    machine.work()

    child = WorkflowRun.objects.get(pk=claim.run_id)
    assert (child.parent_run, child.status, calls) == (run_id, "cancelled", [])
    assert [one["status"] for one in entries_of(child)] == ["unknown"]
    assert WorkflowRun.objects.get(pk=run_id).status == "cancelled"
