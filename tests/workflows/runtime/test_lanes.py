"""Runs that take turns: by key, by workflow; in order, or the newest instead of the older ones."""

import pytest

from actions.errors import PermanentFailure
from actions.spec import Effect
from tests.support.time_travel import travel
from tests.workflows.runtime.machine import Machine
from workflows.models.event import WorkflowEvent
from workflows.models.lane import WorkflowLane
from workflows.models.run import WorkflowRun
from workflows.services.cancel import cancel
from workflows.services.fire import fire
from workflows.services.retry import start_again

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def machine(tenant):
    worker = Machine()
    yield worker
    worker.close()


@pytest.fixture(autouse=True)
def calls(library):
    asked = []
    library(Effect.REPEATABLE, lambda params, context: asked.append(params["to"]))
    return asked


def probe(name="act", to="{{ trigger.number }}"):
    return {"name": name, "action": "probe", "params": {"to": to}}


PAUSE = {"name": "pause", "action": "wait", "params": {"for": "1h"}}


def statuses():
    return list(WorkflowRun.objects.order_by("id").values_list("status", flat=True))


def let_time_pass():
    """Let the runs that wait for a moment be due."""
    travel(WorkflowRun.objects.filter(wait_type="time"))


def holders():
    return dict(WorkflowLane.objects.values_list("key", "holders"))


def test_runs_with_one_key_take_turns_in_order_of_arrival(tenant, machine, calls, publish_steps):
    publish_steps(tenant, PAUSE, probe(), settings={"concurrency_key": "{{ trigger.order }}"})
    for number in range(3):
        fire(tenant, "x", {"order": "7", "number": str(number)})
    fire(tenant, "x", {"order": "8", "number": "other"})

    machine.work()
    assert statuses() == ["waiting", "queued", "queued", "waiting"]
    assert holders() == {"7": 1, "8": 1}

    for _ in range(3):
        let_time_pass()
        machine.work()

    assert statuses() == ["completed"] * 4
    assert [one for one in calls if one != "other"] == ["0", "1", "2"]
    assert holders() == {"7": 0, "8": 0}


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_that_ends_without_ever_waiting_gives_its_room_back(
    tenant, machine, library, publish_steps, fails
):
    def act(params, context):
        if fails:
            raise PermanentFailure("refused")
        return {}

    library(Effect.REPEATABLE, act)
    publish_steps(
        tenant, probe(), settings={"concurrency_key": "{{ trigger.order }}", "max_running": 1}
    )
    for order in ("7", "7", "8"):
        fire(tenant, "x", {"order": order, "number": "1"})

    machine.work()

    assert statuses() == ["failed" if fails else "completed"] * 3
    assert holders() == {"": 0, "7": 0, "8": 0}


def test_the_newest_replaces_the_older_ones(tenant, machine, calls, publish_steps):
    settings = {"concurrency_key": "{{ trigger.order }}", "when_busy": "replace"}
    publish_steps(tenant, PAUSE, probe(), settings=settings)
    fire(tenant, "x", {"order": "7", "number": "0"})
    machine.work()
    for number in range(1, 4):
        fire(tenant, "x", {"order": "7", "number": str(number)})

    machine.work()

    assert statuses() == ["cancelled", "skipped", "skipped", "waiting"]
    assert WorkflowRun.objects.filter(error_code="replaced_by_newer").count() == 3
    let_time_pass()
    machine.work()
    assert (statuses()[-1], calls, holders()) == ("completed", ["3"], {"7": 0})


def test_no_more_runs_of_a_workflow_than_allowed(tenant, machine, publish_steps):
    publish_steps(tenant, PAUSE, settings={"max_running": 2})
    for _ in range(5):
        fire(tenant, "x", {})

    machine.work()
    assert statuses() == ["waiting", "waiting", "queued", "queued", "queued"]
    for _ in range(3):
        let_time_pass()
        machine.work()

    assert statuses() == ["completed"] * 5
    assert holders() == {"": 0}


def test_room_for_the_workflow_goes_to_a_run_whose_own_lane_has_room(
    tenant, machine, publish_steps
):
    settings = {"concurrency_key": "{{ trigger.order }}", "max_running": 2}
    publish_steps(tenant, PAUSE, settings=settings)
    for order in ("7", "8", "7", "9"):
        fire(tenant, "x", {"order": order})

    machine.work()
    assert statuses() == ["waiting", "waiting", "queued", "queued"]
    eight = WorkflowRun.objects.order_by("id")[1]
    cancel(tenant, eight.id)
    machine.work()

    assert statuses() == ["waiting", "cancelled", "queued", "waiting"]
    assert holders() == {"": 2, "7": 1, "8": 0, "9": 1}


def test_a_key_that_cannot_be_rendered_starts_without_a_lane_and_says_so(
    tenant, machine, publish_steps
):
    publish_steps(tenant, probe(to="ok"), settings={"concurrency_key": "{{ trigger.order }}"})
    fire(tenant, "x", {})

    machine.work()

    run = WorkflowRun.objects.get()
    assert (run.lane, run.status) == (None, "completed")
    [evaluation] = WorkflowEvent.objects.get().evaluations
    assert evaluation["details"]["without_lane"]["code"] == "missing_value"


def test_a_run_that_fails_or_is_cancelled_gives_its_room_away(tenant, machine, publish_steps):
    publish_steps(tenant, PAUSE, settings={"concurrency_key": "one"})
    fire(tenant, "x", {})
    fire(tenant, "x", {})
    machine.work()

    cancel(tenant, WorkflowRun.objects.earliest("id").id)
    machine.work()

    assert statuses() == ["cancelled", "waiting"]
    assert holders() == {"one": 1}


def test_a_run_that_is_started_again_takes_its_turn_too(tenant, machine, publish_steps):
    publish_steps(tenant, PAUSE, settings={"concurrency_key": "one"})
    fire(tenant, "x", {})
    machine.work()
    cancel(tenant, WorkflowRun.objects.get().id)
    fire(tenant, "x", {})
    machine.work()

    start_again(tenant, WorkflowRun.objects.earliest("id").id, "user:1")
    machine.work()

    assert statuses() == ["cancelled", "waiting", "queued"]
