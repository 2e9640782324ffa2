"""What an attempt got done is kept with the step and given to the next one, whoever wants that."""

import pytest

from actions.errors import PartialResult, PermanentFailure, TemporaryFailure
from actions.spec import Effect
from tests.support.machine import LEASE, Machine
from tests.support.time_travel import travel
from tests.workflows.runtime.conftest import publish_steps
from workflows.models.run import WorkflowRun
from workflows.runtime.workers.reaper import take_over_from_the_dead
from workflows.services.events.fire import fire
from workflows.services.runs.retry import retry_failed_step

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def machine(tenant):
    worker = Machine()
    yield worker
    worker.close()


@pytest.fixture
def acting(library):
    """Declare the action: what each of its attempts does; returns what each was given."""
    seen = []

    def declare(*attempts, effect=Effect.REPEATABLE):
        left = list(attempts)

        def act(params, context):
            seen.append((context.attempt, context.so_far))
            outcome = left.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        library(effect, act)
        return seen

    return declare


def later(so_far=None, output=None, **facts):
    failure = TemporaryFailure("busy", **facts)
    failure.part = PartialResult(so_far, output) if so_far is not None else None
    return failure


def for_good(so_far=None, output=None):
    failure = PermanentFailure("refused")
    failure.part = PartialResult(so_far, output) if so_far is not None else None
    return failure


def step(name="a", **more):
    return {"name": name, "action": "probe", "params": {}, "retry": {"attempts": 3}, **more}


def start(tenant, machine, *steps):
    publish_steps(tenant, *steps)
    fire(tenant, "x", {})
    machine.work()
    return WorkflowRun.objects.get()


def go_on(machine, run, times=1):
    for _ in range(times):
        travel()
        machine.work()
    run.refresh_from_db()


def test_the_next_attempt_is_given_it_and_a_finished_step_keeps_nothing(tenant, machine, acting):
    seen = acting(later(["a"]), later(["a", "b"]), {"done": 3})

    run = start(tenant, machine, step())
    go_on(machine, run, 2)

    assert seen == [(1, None), (2, ["a"]), (3, ["a", "b"])]
    assert (run.status, "so_far" in run.step_results[0]) == ("completed", False)


def test_a_failure_that_says_nothing_of_it_forgets_nothing(tenant, machine, acting):
    seen = acting(later(["a"]), later(), for_good(), {"done": 2})
    run = start(tenant, machine, step())
    go_on(machine, run, 2)
    assert (run.status, run.step_results[0]["so_far"]) == ("failed", ["a"])

    retry_failed_step(tenant, run.pk)
    go_on(machine, run)

    assert (seen[1:], run.status) == ([(2, ["a"]), (3, ["a"]), (1, ["a"])], "completed")


def test_a_worker_that_dies_leaves_it_to_the_next(tenant, machine, acting):
    seen = acting(later(["a"]), {"done": 2})
    run = start(tenant, machine, step())
    travel()
    [claim] = machine.session.claim(1)
    machine.session.end_lease(claim)
    take_over_from_the_dead(machine.session.connection(), LEASE, sweep=True)

    go_on(machine, run)

    assert (seen, run.status) == ([(1, None), (2, ["a"])], "completed")


@pytest.mark.parametrize("first", [later(["a"], {"sent": 1}), for_good(["a"], {"sent": 1})])
def test_with_an_output_the_step_is_done_in_part(tenant, machine, acting, first):
    acting(first, first, first, {})

    run = start(tenant, machine, step(), step("b"))
    go_on(machine, run, 2)

    [entry, after] = run.step_results
    assert (run.status, entry["status"], entry["output"]) == (
        "completed_with_errors",
        "completed",
        {"sent": 1},
    )
    assert (entry["error"]["code"], entry["so_far"]) == (first.code, ["a"])
    assert after["status"] == "completed"


def test_each_round_of_a_loop_begins_anew(tenant, machine, acting):
    seen = acting(for_good(["a"], {"n": 1}), for_good(["b"], {"n": 2}), {"n": 3})
    until = {"all": [{"field": "steps.a.output.n", "operator": "equals", "value": 3}]}
    loop = {"steps": [step()], "until": until, "every": "1s", "at_most": 5}

    run = start(tenant, machine, {"name": "loop", "action": "repeat", "params": loop})
    go_on(machine, run, 3)

    assert seen == [(1, None)] * 3
    assert run.status == "completed_with_errors"


def test_what_was_rolled_back_is_not_done(tenant, machine, acting):
    seen = acting(later(["a"], {"n": 1}), for_good(["a"], {"n": 1}), effect=Effect.DATABASE)

    run = start(tenant, machine, step())
    go_on(machine, run)

    assert (seen, run.status) == ([(1, None), (2, None)], "failed")


@pytest.mark.parametrize("bad", [{"so_far": {1, 2}}, {"so_far": ["a"], "output": object()}])
def test_what_cannot_be_kept_is_a_failure_of_the_step(tenant, machine, acting, bad):
    acting(for_good(**bad))

    run = start(tenant, machine, step())

    assert (run.status, run.error_code) == ("failed", "output_not_json")


def test_what_nobody_knows_keeps_it_too(tenant, machine, acting):
    acting(later(["a"], may_have_arrived=True), effect=Effect.NOT_REPEATABLE)

    run = start(tenant, machine, step())

    assert (run.error_code, run.step_results[0]["so_far"]) == ("outcome_unknown", ["a"])
