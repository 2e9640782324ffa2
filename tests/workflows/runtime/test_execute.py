"""Executing claimed runs: transactions, failures of every kind, what is written."""

from time import monotonic

import pytest
from django.db import connection, transaction

from actions import registry
from actions.errors import PermanentFailure, TemporaryFailure
from actions.spec import Effect
from tenants.models.order import Order
from tests.support.machine import LEASE
from tests.support.time_travel import travel
from tests.workflows.runtime.conftest import publish_steps
from workflows.engine.statuses import RunStatus
from workflows.models.definition import WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.runtime.runs.execute import execute
from workflows.runtime.runs.programs import program_of
from workflows.runtime.workers.lease_keeper import Watch
from workflows.services.events.fire import fire
from workflows.services.refusals import NotRetryable, RunHasEnded
from workflows.services.runs.cancel import cancel
from workflows.services.runs.retry import retry_failed_step, start_again

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker(machine):
    return machine


def step(name, action="probe", **more):
    return {"name": name, "action": action, "params": {}, "retry": {"attempts": 2}, **more}


def execute_all(worker, watch=None):
    """Carry what is due as far as it goes, once; return the runs."""
    worker.step(watch)
    return list(WorkflowRun.objects.order_by("id"))


def test_a_database_action_and_its_checkpoint_are_one_commit(tenant, worker, library):
    order = Order.objects.create(tenant=tenant, number="1")

    def write_and_fail(params, context):
        Order.objects.filter(pk=order.pk).update(status="shipped")
        raise PermanentFailure("no_such_thing", id="7")

    library(Effect.DATABASE, write_and_fail)
    publish_steps(tenant, step("a"))
    fire(tenant, "x", {})

    [run] = execute_all(worker)

    order.refresh_from_db()
    assert (run.status, run.error_code) == ("failed", "no_such_thing")
    assert order.status == "new"
    assert not WorkflowEvent.objects.filter(type="order_status_changed").exists()


def test_a_database_that_goes_away_under_a_step_fails_nothing(tenant, worker, library):
    done = []

    def lose_the_server_once(params, context):
        done.append(1)
        if len(done) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    library(Effect.DATABASE, lose_the_server_once)
    publish_steps(tenant, step("a", retry={"attempts": 1}))
    fire(tenant, "x", {})

    [run] = execute_all(worker)

    assert (run.status, len(run.step_results), run.crashes) == ("completed", 1, 0)
    assert len(done) == 2


def test_a_refused_statement_is_recorded_and_undone(tenant, worker, library):
    Order.objects.create(tenant=tenant, number="1")

    def twice(params, context):
        Order.objects.create(tenant=tenant, number="2")
        Order.objects.create(tenant=tenant, number="1")

    library(Effect.DATABASE, twice)
    publish_steps(tenant, step("a", on_error="continue"))
    fire(tenant, "x", {})

    [run] = execute_all(worker)

    assert run.status == "completed_with_errors"
    assert run.step_results[0]["error"]["code"] == "refused_by_database"
    assert Order.objects.count() == 1


def test_a_hook_that_fails_after_the_commit_changes_nothing(tenant, worker, library):
    def with_hook(params, context):
        transaction.on_commit(lambda: 1 / 0)
        return {"done": True}

    library(Effect.DATABASE, with_hook)
    publish_steps(tenant, step("a"), step("b"))
    fire(tenant, "x", {})

    [run] = execute_all(worker)

    assert run.status == "completed"
    assert [entry["output"] for entry in run.step_results] == [{"done": True}] * 2


@pytest.mark.parametrize(
    ("output", "code"),
    [({"x": "y" * 300_000}, "output_too_large"), ({"x": object()}, "output_not_json")],
)
def test_an_output_that_cannot_be_kept_fails_its_step(tenant, worker, library, output, code):
    library(Effect.REPEATABLE, lambda params, context: output)
    publish_steps(tenant, step("a"))
    fire(tenant, "x", {})

    [run] = execute_all(worker)

    assert (run.status, run.error_code) == ("failed", code)


def test_an_output_with_nul_is_kept_without_it(tenant, worker, library):
    library(Effect.REPEATABLE, lambda params, context: {"text": "a\0b"})
    publish_steps(tenant, step("a"))
    fire(tenant, "x", {})

    [run] = execute_all(worker)

    assert run.status == "completed"
    assert run.step_results[0]["output"] == {"text": "a\N{REPLACEMENT CHARACTER}b"}


def test_a_bug_in_an_action_is_a_failed_step(tenant, worker, library):
    library(Effect.REPEATABLE, lambda params, context: 1 / 0)
    publish_steps(tenant, step("a"))
    fire(tenant, "x", {})

    [run] = execute_all(worker)

    assert (run.status, run.error_code) == ("failed", "action_crashed")
    assert "ZeroDivisionError" in run.error_message


def test_an_action_that_no_longer_exists_fails_the_run_and_says_so(tenant, worker, library):
    library(Effect.REPEATABLE, lambda params, context: {}, name="fax_send")
    publish_steps(tenant, step("a", action="fax_send"))
    fire(tenant, "x", {})
    del registry._specs["fax_send"]

    [run] = execute_all(worker)

    assert (run.status, run.error_code) == ("failed", "unknown_action")
    assert "fax_send" in run.error_message


def test_a_program_that_cannot_be_read_fails_the_run_and_says_so(tenant, worker, library):
    library(Effect.REPEATABLE, lambda params, context: {})
    definition = publish_steps(tenant, step("a"))
    fire(tenant, "x", {})
    WorkflowVersion.objects.filter(definition=definition).update(program={"language_version": 99})
    program_of.cache_clear()

    [run] = execute_all(worker)

    assert (run.status, run.error_code, run.due_at) == ("failed", "program_unreadable", None)


@pytest.mark.parametrize(
    ("effect", "params", "code"),
    [
        (Effect.NOT_REPEATABLE, {"may_have_arrived": True}, "outcome_unknown"),
        (Effect.NOT_REPEATABLE, {"may_have_arrived": True, "status": 503}, "outcome_unknown"),
        (Effect.NOT_REPEATABLE, {"may_have_arrived": False, "status": 503}, None),
        (Effect.NOT_REPEATABLE, {"status": 500}, "outcome_unknown"),
        (Effect.REPEATABLE, {"may_have_arrived": True, "status": 504}, None),
        (Effect.NOT_REPEATABLE, {"may_have_arrived": False}, None),
        (Effect.REPEATABLE, {"may_have_arrived": True}, None),
    ],
)
def test_what_may_have_arrived_and_cannot_be_repeated_is_unknown(
    tenant, worker, library, effect, params, code
):
    def lose(_params, context):
        raise TemporaryFailure("timed_out", **params)

    library(effect, lose)
    publish_steps(tenant, step("a"))
    fire(tenant, "x", {})

    [run] = execute_all(worker)

    assert (run.status, run.error_code) == (("failed", code) if code else ("waiting", None))


def test_a_cancelled_run_stops_before_its_next_step(tenant, worker, library):
    def ask_to_cancel(params, context):
        WorkflowRun.objects.filter(pk=context.run_id).update(
            cancel_requested_at=WorkflowRun.objects.get().created_at
        )
        return {}

    library(Effect.REPEATABLE, ask_to_cancel)
    publish_steps(tenant, step("a"), step("b"))
    fire(tenant, "x", {})

    [run] = execute_all(worker)

    assert (run.status, len(run.step_results), run.due_at) == ("cancelled", 1, None)


def test_a_worker_about_to_stop_finishes_its_step_and_puts_the_run_down(tenant, worker, library):
    watch = Watch(LEASE)

    def stop_meanwhile(params, context):
        watch.stop()
        return {}

    library(Effect.REPEATABLE, stop_meanwhile)
    publish_steps(tenant, step("a"), step("b"))
    fire(tenant, "x", {})

    [run] = execute_all(worker, watch)

    assert (run.status, run.current_step, run.worker) == ("queued", 1, None)
    assert "begun" not in run.pending
    assert execute_all(worker)[0].status == "completed"


def test_the_key_is_the_same_on_every_try_and_differs_by_step(tenant, worker, library):
    keys = []

    def remember(params, context):
        keys.append(context.idempotency_key)
        if len(keys) == 1:
            raise TemporaryFailure("unreachable")
        return {}

    library(Effect.REPEATABLE, remember)
    publish_steps(tenant, step("a"), step("b"))
    fire(tenant, "x", {})
    [run] = execute_all(worker)
    travel()
    execute_all(worker)

    assert keys == [f"{run.id}-0", f"{run.id}-0", f"{run.id}-1"]


def test_steps_skipped_before_the_first_one_done_are_recorded(tenant, worker, library):
    library(Effect.REPEATABLE, lambda params, context: {})
    never = {"all": [{"field": "trigger.n", "operator": "equals", "value": "1"}]}
    publish_steps(tenant, step("a", condition=never), step("b"))
    fire(tenant, "x", {"n": "2"})

    [run] = execute_all(worker)

    assert [(e["step_name"], e["status"]) for e in run.step_results] == [
        ("a", "skipped"),
        ("b", "completed"),
    ]


def test_templates_see_the_values_before_a_change(tenant, worker, library):
    seen = []
    library(Effect.REPEATABLE, lambda params, context: seen.append(params) or {})
    was_new = {"all": [{"field": "previous.status", "operator": "equals", "value": "new"}]}
    publish_steps(
        tenant,
        step("a", params={"from": "{{previous.status}}", "to": "{{trigger.status}}"}),
        trigger_filter=was_new,
        trigger_type="order_status_changed",
    )
    Order.objects.create(tenant=tenant, number="1")

    Order.objects.update(status="confirmed")
    execute_all(worker)

    assert seen == [{"from": "new", "to": "confirmed"}]


def test_an_r3_like_run_takes_few_statements(
    tenant, worker, library, django_assert_max_num_queries
):
    """The hot path is raw SQL: what Django's own cursors see of it is BEGIN, COMMIT and the ORM."""
    library(Effect.REPEATABLE, lambda params, context: {})
    publish_steps(tenant, step("a"), step("b"))
    fire(tenant, "x", {})
    execute_all(worker)
    fire(tenant, "x", {})

    with django_assert_max_num_queries(0, connection=connection):
        watch = Watch(LEASE)
        [claim] = worker.claim()
        watch.take(claim, monotonic())
        execute(claim, watch)


@pytest.mark.parametrize("status", ["queued", "waiting"])
def test_a_run_that_no_worker_holds_is_cancelled_at_once(tenant, worker, library, status):
    library(Effect.REPEATABLE, lambda params, context: {})
    publish_steps(tenant, step("a"))
    [run_id] = fire(tenant, "x", {}).run_ids
    WorkflowRun.objects.update(status=status)

    assert cancel(tenant, run_id) is RunStatus.CANCELLED

    [run] = execute_all(worker)
    assert (run.status, run.step_results, run.due_at) == ("cancelled", [], None)
    with pytest.raises(RunHasEnded):
        cancel(tenant, run_id)


def test_nobody_cancels_another_tenants_run(tenant, other_tenant, worker, library):
    library(Effect.REPEATABLE, lambda params, context: {})
    publish_steps(tenant, step("a"))
    [run_id] = fire(tenant, "x", {}).run_ids

    with pytest.raises(RunHasEnded):
        cancel(other_tenant, run_id)

    assert WorkflowRun.objects.get().status == "queued"


def test_a_run_that_parks_after_it_was_asked_to_end_is_cancelled_at_once(tenant, worker, library):
    def cancel_and_fail(params, context):
        cancel(tenant, context.run_id)
        raise TemporaryFailure("unreachable", may_have_arrived=False)

    library(Effect.REPEATABLE, cancel_and_fail)
    publish_steps(tenant, step("a"))
    fire(tenant, "x", {})
    execute_all(worker)

    assert execute_all(worker)[0].status == "cancelled"


def test_a_failed_step_is_retried_with_the_same_input_and_key(tenant, worker, library):
    calls = []

    def fail_at_first(params, context):
        calls.append((params, context.idempotency_key))
        if len(calls) == 1:
            raise PermanentFailure("refused")
        return {}

    library(Effect.REPEATABLE, fail_at_first)
    publish_steps(tenant, step("a", params={"to": "{{now}}"}), step("b"), step("c"))
    fire(tenant, "x", {})
    [failed] = execute_all(worker)

    retry_failed_step(tenant, failed.id)
    [run] = execute_all(worker)

    assert (failed.status, failed.error_code, len(failed.step_results)) == ("failed", "refused", 1)
    assert (run.status, run.error_code, len(run.step_results)) == ("completed", None, 3)
    assert calls[0] == calls[1]
    assert [a["error"] and a["error"]["code"] for a in run.step_results[0]["attempts"]] == [
        "refused",
        None,
    ]
    with pytest.raises(NotRetryable):
        retry_failed_step(tenant, run.id)


def test_a_retried_step_has_all_its_tries_again(tenant, worker, library):
    def always(params, context):
        raise TemporaryFailure("unreachable", may_have_arrived=False)

    library(Effect.REPEATABLE, always)
    publish_steps(tenant, step("a"))
    fire(tenant, "x", {})
    [waiting] = execute_all(worker)
    travel()
    [failed] = execute_all(worker)

    retry_failed_step(tenant, failed.id)
    [again] = execute_all(worker)

    assert (waiting.status, failed.status, again.status) == ("waiting", "failed", "waiting")
    assert len(again.pending["attempts"]) == 3


def test_a_run_started_again_from_a_step_reuses_what_was_done(tenant, worker, library):
    done = []
    library(
        Effect.REPEATABLE,
        lambda params, context: (
            done.append((context.step_name, context.run_id)) or {"n": len(done)}
        ),
    )
    publish_steps(tenant, step("a"), step("b"), step("c"))
    fire(tenant, "x", {})
    [first] = execute_all(worker)

    new_id = start_again(tenant, first.id, "user:rana", from_step="b")
    execute_all(worker)

    run = WorkflowRun.objects.get(pk=new_id)
    assert (run.retried_from, run.actor, run.status) == (first.id, "user:rana", "completed")
    assert [(e["step_name"], e["status"]) for e in run.step_results] == [
        ("a", "reused"),
        ("b", "completed"),
        ("c", "completed"),
    ]
    assert [name for name, run_id in done if run_id == new_id] == ["b", "c"]


@pytest.mark.parametrize("from_step", ["", "b"])
def test_a_run_under_way_is_not_started_again(tenant, worker, library, from_step):
    library(Effect.REPEATABLE, lambda params, context: {})
    publish_steps(tenant, step("a"), step("b"))
    [run_id] = fire(tenant, "x", {}).run_ids

    with pytest.raises(NotRetryable) as refused:
        start_again(tenant, run_id, "user:rana", from_step=from_step)

    assert refused.value.code == "still_running"
    assert WorkflowRun.objects.count() == 1
