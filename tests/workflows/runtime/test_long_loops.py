"""Loops that go on for long: what they keep, what they move away, how far they may go."""

import json
from unittest import mock

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from actions.errors import PermanentFailure
from actions.spec import Effect
from tests.support.machine import LEASE, Machine
from tests.support.time_travel import travel
from tests.workflows.runtime.fates import Death, Fate, die
from tests.workflows.runtime.test_crash_points import story
from workflows.engine import limits
from workflows.engine.history import folding
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun, WorkflowRunHistory
from workflows.runtime.runs import fence, store
from workflows.runtime.workers.reaper import take_over_from_the_dead
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.runs.entries import entries_of
from workflows.services.runs.retry import retry_failed_step, start_again

pytestmark = pytest.mark.django_db(transaction=True)

NEVER = {"all": [{"field": "trigger.never", "operator": "is_true"}]}
TEXT = "x" * 2000
KEPT_ROW = (
    8 * 1024 + folding.MAX_SUPERSEDED_BYTES
)  # three entries of 2 KB, and what is not moved yet


@pytest.fixture
def move_at_once(monkeypatch):
    monkeypatch.setattr(folding, "MAX_SUPERSEDED", 0)
    monkeypatch.setattr(folding, "MAX_SUPERSEDED_BYTES", 0)


def probe(name, to="ok", **more):
    return {"name": name, "action": "probe", "params": {"to": to}, **more}


def loop(name, *steps, at_most, **more):
    asks = {"steps": list(steps), "until": NEVER, "every": "1s", "at_most": at_most}
    return {"name": name, "action": "repeat", "params": asks, "on_error": "continue", **more}


def go_on(machine, turns=3000):
    """Work until nothing is due; what waits for the clock waits no longer."""
    for _ in range(turns):
        if not machine.turn() and not travel():
            return
    raise AssertionError("the runs go on for ever")


def row_bytes(run):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT octet_length(step_results::text) FROM workflow_runs WHERE id = %s", [run.pk]
        )
        return cursor.fetchone()[0]


def steps_of(run):
    run.refresh_from_db()
    return [entry["step_name"] for entry in entries_of(run)]


@pytest.mark.parametrize("rounds", [30, 120])
def test_the_row_of_a_loop_does_not_grow(rounds, tenant, machine, library, publish_steps):
    sizes, written = [], []
    library(Effect.REPEATABLE, lambda params, context: {"text": TEXT, "key": context.step_name})
    publish_steps(
        tenant, probe("first"), loop("again", probe("ask"), at_most=rounds), probe("last")
    )
    fire(tenant, "x", {"never": False})
    real = fence.rows

    def rows(statement, values):
        written.append(sum(len(one) for one in values.values() if isinstance(one, str)))
        return real(statement, values)

    with mock.patch.object(fence, "rows", rows):
        for _ in range(rounds):
            machine.turn()
            sizes.append(row_bytes(WorkflowRun.objects.get()))
            travel()

    run = WorkflowRun.objects.get()
    assert run.status == "completed_with_errors"
    assert max(sizes) < KEPT_ROW
    assert max(written) < KEPT_ROW + folding.MAX_SUPERSEDED_BYTES
    inside = [name for _ in range(rounds) for name in ("again", "ask")]
    assert steps_of(run) == ["first", *inside, "again", "last"]
    marks = [one["output"]["round"] for one in entries_of(run) if "round" in one.get("output", {})]
    assert marks == list(range(1, rounds + 1))


def test_support_finds_the_last_of_every_step_in_the_row(
    tenant, machine, library, publish_steps, move_at_once
):
    answers = iter(range(100))
    library(Effect.REPEATABLE, lambda params, context: {"answer": next(answers)})
    publish_steps(tenant, probe("first"), loop("again", probe("ask"), at_most=4))
    fire(tenant, "x", {"never": False})

    go_on(machine)

    run = WorkflowRun.objects.get()
    kept = [(one["step_name"], (one.get("output") or {}).get("answer")) for one in run.step_results]
    # Of a step that went wrong the time before, too: what a retry would go on from.
    assert kept == [("first", 0), ("again", None), ("ask", 4), ("again", None)]
    assert WorkflowRunHistory.objects.filter(tenant=tenant, run_id=run.pk).exists()


def test_a_run_without_loops_has_its_whole_history_in_the_row(
    tenant, machine, library, publish_steps, move_at_once
):
    library(Effect.REPEATABLE, lambda params, context: {"text": TEXT})
    publish_steps(tenant, *(probe(f"s{number}") for number in range(6)))
    fire(tenant, "x", {"never": False})

    with mock.patch.object(fence, "_folded", None):  # would fail if it was called
        go_on(machine)

    run = WorkflowRun.objects.get()
    assert (run.status, run.entries_numbered, len(run.step_results)) == ("completed", 0, 6)
    assert not WorkflowRunHistory.objects.exists()


def bodies(depth=0):
    """Return lists of steps, without names: calls, waits with a reminder, loops in loops."""
    says = st.sampled_from(["a", "b", "no"])
    calls = says.map(lambda to: {"action": "probe", "params": {"to": to}, "on_error": "continue"})
    emits = st.just({"action": "emit_event", "params": {"type": "told", "payload": {}}})
    kinds = [calls, calls, emits]
    if depth < 2:
        inner = bodies(depth + 1)
        kinds += [st.builds(waiting, inner), st.builds(repeated, inner, st.integers(2, 3))]
    return st.lists(st.one_of(kinds), min_size=1, max_size=2)


def waiting(reminded):
    late = [{"action": "probe", "params": {"to": "late"}}]
    reminder = {"after": "1h", "every": "1h", "at_most": 2, "steps": reminded}
    asked = {"type": "never", "match": {"id": 1}, "timeout": "5h", "on_timeout": late}
    return {"action": "wait_for_event", "params": {**asked, "reminders": [reminder]}}


def repeated(inner, at_most):
    asks = {"steps": inner, "until": NEVER, "every": "1s", "at_most": at_most}
    return {"action": "repeat", "params": asks, "on_error": "continue"}


def named(steps, counter):
    """Return the steps with names, each its own."""
    done = []
    for step in steps:
        counter.append(1)
        name, params = f"s{len(counter)}", dict(step["params"])
        for key in ("steps", "on_timeout"):
            if key in params:
                params[key] = named(params[key], counter)
        if "reminders" in params:
            params["reminders"] = [
                {**one, "steps": named(one["steps"], counter)} for one in params["reminders"]
            ]
        done.append({**step, "name": name, "params": params})
    return done


def carry_out(tenant, fate):
    """Fire and work until nothing is left; a worker that dies is replaced."""
    fire(tenant, "x", {"never": False})
    machine, real_write = Machine(), store.write

    def write(*arguments):
        fate.passes()
        written = real_write(*arguments)
        fate.passes()
        return written

    with mock.patch.object(store, "write", write):
        for _ in range(3000):
            try:
                if not machine.turn(limit=1) and not travel():
                    break
            except Death:
                die(machine)
                machine = Machine("south")
                take_over_from_the_dead(machine.session.connection(), LEASE, sweep=True)
        else:
            raise AssertionError("the runs go on for ever")
    machine.close()
    run = WorkflowRun.objects.get()
    told = story(entries_of(run)), WorkflowEvent.objects.filter(type="told").count(), run.status
    WorkflowRun.objects.all().delete()
    WorkflowRunHistory.objects.all().delete()
    WorkflowEvent.objects.all().delete()
    return told


@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(inner=bodies(), at_most=st.integers(2, 4), where=st.integers(0, 10_000))
def test_nothing_is_lost_or_done_twice_wherever_a_worker_dies(
    tenant, library_of_probes, inner, at_most, where
):
    steps = named([repeated(inner, at_most)], [])
    definition = WorkflowDefinition.objects.filter(tenant=tenant, key="w").first()
    definition = definition or WorkflowDefinition(tenant=tenant, key="w", is_active=True)
    document = {"name": "W", "trigger_type": "x", "steps": steps}
    publish(tenant, "tester", definition, document)
    calm = library_of_probes(Fate())
    expected = carry_out(tenant, calm)
    assert len(calm.calls) == len(set(calm.calls))

    fate = library_of_probes(Fate(at=where % max(calm.moment, 1) + 1))
    with (
        mock.patch.object(folding, "MAX_SUPERSEDED", 0),
        mock.patch.object(folding, "MAX_SUPERSEDED_BYTES", 0),
    ):
        found = carry_out(tenant, fate)

    assert found == expected
    assert set(fate.calls) == set(calm.calls)
    assert len(fate.calls) <= len(calm.calls) + 1


@pytest.fixture
def library_of_probes(library):
    fates = []

    def probe(params, context):
        fate = fates[-1]
        fate.passes()
        fate.calls.append(context.idempotency_key.replace(str(context.run_id), ""))
        fate.passes()
        if params["to"] == "no":
            raise PermanentFailure("refused")
        return {"did": params["to"]}

    library(Effect.REPEATABLE, probe)

    def use(fate):
        fates.append(fate)
        return fate

    return use


@pytest.fixture
def fails_at(library):
    """A step that fails at some calls, and the keys of all its calls."""
    failing, keys = set(), []

    def call(params, context):
        keys.append(context.idempotency_key)
        if len(keys) in failing:
            raise PermanentFailure("refused")
        return {"call": len(keys)}

    library(Effect.REPEATABLE, call)
    return failing, keys


def test_a_retry_in_a_late_round_goes_on_there_with_the_same_key(
    tenant, machine, publish_steps, fails_at, move_at_once
):
    failing, keys = fails_at
    failing.add(5)
    publish_steps(tenant, loop("again", probe("ask", on_error="stop"), at_most=7))
    fire(tenant, "x", {"never": False})
    go_on(machine)
    run = WorkflowRun.objects.get()
    assert (run.status, run.error_step) == ("failed", "ask")

    retry_failed_step(tenant, run.pk)
    go_on(machine)

    assert keys[5] == keys[4]
    assert len(keys) - 1 == len(set(keys)) == 7
    assert steps_of(run) == [*(["again", "ask"] * 7), "again"]
    turns = [one.get("turn", 1) for one in entries_of(run) if one["step_name"] == "ask"]
    assert turns == list(range(1, 8))


def test_a_run_that_is_started_again_behind_a_loop_takes_all_of_it_over(
    tenant, machine, publish_steps, fails_at, move_at_once
):
    failing, _keys = fails_at
    failing.add(6)
    publish_steps(tenant, loop("again", probe("ask"), at_most=5), probe("last"))
    fire(tenant, "x", {"never": False})
    go_on(machine)
    run = WorkflowRun.objects.get()
    whole = steps_of(run)
    assert (run.status, whole[-1]) == ("failed", "last")

    new = WorkflowRun.objects.get(pk=start_again(tenant, run.pk, "user:rana", from_step="last"))
    go_on(machine)

    new.refresh_from_db()
    assert steps_of(new) == steps_of(run) == whole
    assert len(new.step_results) < len(whole)
    assert {one["status"] for one in entries_of(new)[:-2]} == {"reused"}


def test_steps_for_a_failed_run_see_its_error_however_long_it_was(
    tenant, machine, library, publish_steps, move_at_once
):
    seen = []

    def call(params, context):
        seen.append(params["to"])
        if params["to"] == "bad":
            raise PermanentFailure("refused")
        return {}

    library(Effect.REPEATABLE, call)
    publish_steps(
        tenant,
        probe("first", "bad", on_error="continue"),
        loop("again", probe("ask"), at_most=4),
        probe("last", "bad"),
        on_failure=[probe("tell", "{{ run.error.step }}"), loop("nag", probe("more"), at_most=3)],
    )
    fire(tenant, "x", {"never": False})

    go_on(machine)

    run = WorkflowRun.objects.get()
    assert (run.status, run.error_step) == ("failed", "last")
    assert "last" in seen
    assert steps_of(run).count("more") == 3


def test_a_loop_ends_at_the_limit_of_a_run_and_says_so(
    tenant, machine, library, publish_steps, monkeypatch
):
    monkeypatch.setattr(limits, "MAX_ENTRIES", 20)
    calls = []
    library(Effect.REPEATABLE, lambda params, context: calls.append(params["to"]) or {})
    inner = loop("inner", probe("ask"), at_most=5)
    publish_steps(
        tenant,
        loop("outer", inner, at_most=9, on_error="stop"),
        on_failure=[probe("tell", "{{ run.error.code }}"), loop("nag", probe("more"), at_most=2)],
    )
    fire(tenant, "x", {"never": False})

    go_on(machine)

    run = WorkflowRun.objects.get()
    assert (run.status, run.error_code) == ("failed", "limit_reached")
    assert "20 steps" in run.error_message
    assert 20 <= len(entries_of(run)) <= 30
    assert "limit_reached" in calls
    assert steps_of(run).count("more") == 2


def test_loops_that_go_on_after_errors_end_at_the_limit_too(
    tenant, machine, library, publish_steps, monkeypatch
):
    monkeypatch.setattr(limits, "MAX_ENTRIES", 20)
    library(Effect.REPEATABLE, lambda params, context: {})
    publish_steps(
        tenant, loop("outer", loop("inner", probe("ask"), at_most=30), at_most=9), probe("last")
    )
    fire(tenant, "x", {"never": False})

    go_on(machine)

    run = WorkflowRun.objects.get()
    assert (run.status, run.error_code) == ("completed_with_errors", "limit_reached")
    assert len(entries_of(run)) <= 25
    assert steps_of(run)[-1] == "last"


def test_what_later_steps_may_read_has_a_limit_and_the_call_is_not_made(
    tenant, machine, library, publish_steps
):
    calls = []
    big = "x" * 200_000
    library(Effect.REPEATABLE, lambda params, context: calls.append(params["to"]) or {"b": big})
    publish_steps(
        tenant,
        *(probe(f"s{number}", str(number)) for number in range(6)),
        on_failure=[probe("tell", "{{ run.error.step }}")],
    )
    fire(tenant, "x", {"never": False})

    go_on(machine)

    run = WorkflowRun.objects.get()
    assert (run.status, run.error_step, run.error_code) == ("failed", "s4", "limit_reached")
    assert calls == ["0", "1", "2", "3", "s4"]
    assert row_bytes(run) < limits.MAX_KEPT_BYTES + limits.ROOM_BYTES


def test_a_step_that_may_go_on_after_an_error_goes_on_after_the_limit(
    tenant, machine, library, publish_steps
):
    big = "x" * 200_000
    library(Effect.REPEATABLE, lambda params, context: {"b": big})
    handled = {"steps": [probe("instead")], "then": "continue"}
    publish_steps(
        tenant, *(probe(f"s{number}") for number in range(4)), probe("s4", on_error=handled)
    )
    fire(tenant, "x", {"never": False})

    go_on(machine)

    run = WorkflowRun.objects.get()
    ends = {one["step_name"]: one["status"] for one in entries_of(run)}
    assert (ends["s4"], ends["instead"]) == ("failed", "completed")
    assert run.status == "completed_with_errors"


def test_the_history_is_of_its_tenant_alone(
    tenant, other_tenant, machine, library, publish_steps, move_at_once
):
    library(Effect.REPEATABLE, lambda params, context: {})
    for one in (tenant, other_tenant):
        publish_steps(one, loop("again", probe("ask"), at_most=3))
        fire(one, "x", {"never": False})
    go_on(machine)

    for one in (tenant, other_tenant):
        run = WorkflowRun.objects.get(tenant=one)
        own = WorkflowRunHistory.objects.of(one)
        assert set(own.values_list("run_id", flat=True)) == {run.pk}
        assert json.dumps(steps_of(run)) == json.dumps([*(["again", "ask"] * 3), "again"])
