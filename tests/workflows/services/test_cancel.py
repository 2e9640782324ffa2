"""Cancel works in every status."""

import pytest

from actions.spec import Effect
from tests.workflows.admin.conftest import World
from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.services.events.fire import fire
from workflows.services.refusals import RunHasEnded
from workflows.services.runs.bulk import cancel_each
from workflows.services.runs.cancel import cancel

pytestmark = pytest.mark.django_db(transaction=True)

LIVE = [status for status in RunStatus if not status.has_ended]
ENDED = [status for status in RunStatus if status.has_ended]


def stored():
    return WorkflowRun.objects.values().get()


@pytest.mark.parametrize("status", LIVE)
def test_a_run_under_way_is_cancelled_whatever_its_status(status, tenant, worker, publish_steps):
    publish_steps(tenant, {"name": "wait", "action": "wait", "params": {"for": "1h"}})
    fire(tenant, "x", {})
    if status is RunStatus.WAITING:
        worker.work()
    if status is RunStatus.RUNNING:
        worker.claim()
    run = WorkflowRun.objects.get()
    assert run.status == status

    now = cancel(tenant, run.pk)

    asked = stored()
    assert asked["cancel_requested_at"] is not None
    if status is RunStatus.RUNNING:
        # Its worker holds it: it ends before its next step.
        assert (now, asked["status"]) == (RunStatus.RUNNING, "running")
        assert asked["due_at"] is not None
    else:
        assert (now, asked["status"]) == (RunStatus.CANCELLED, "cancelled")
        assert (asked["due_at"], asked["wait_type"]) == (None, None)
        # What was stored of the step under way stays, for a retry: nothing else of it lives on.
        assert set(asked["pending"] or {}) <= {"resume"}
        assert asked["completed_at"] is not None
        assert worker.work()[0].status == "cancelled"


def test_a_run_whose_worker_died_after_it_was_asked_is_cancelled_by_the_next(
    tenant, worker, publish_steps, library
):
    done = []
    library(Effect.REPEATABLE, lambda params, context: done.append(context.step_name) or {})
    publish_steps(tenant, {"name": "a", "action": "probe", "params": {}})
    fire(tenant, "x", {})
    [claim] = worker.claim()
    assert cancel(tenant, claim.run_id) is RunStatus.RUNNING
    WorkflowRun.objects.update(status="queued", lease_token=claim.token + 1, worker=None)

    [run] = worker.work()

    assert (run.status, run.due_at, done) == ("cancelled", None, [])


@pytest.mark.parametrize("status", ENDED)
def test_a_run_that_has_ended_stays_as_it_is(status, tenant):
    world = World(tenant)
    world.end_run(world.run, status)
    before = stored()

    with pytest.raises(RunHasEnded):
        cancel(tenant, world.run.pk)

    assert stored() == before


@pytest.mark.parametrize("status", RunStatus)
def test_nobody_cancels_another_tenants_run(status, tenant, other_tenant):
    world = World(tenant)
    due = None if status.has_ended else "1970-01-01T00:00Z"
    WorkflowRun.objects.update(status=status, due_at=due)
    before = stored()

    with pytest.raises(RunHasEnded):
        cancel(other_tenant, world.run.pk)

    assert stored() == before


def test_of_several_runs_each_is_cancelled_for_itself(tenant, other_tenant):
    world = World(tenant)
    world.end_run(world.run)
    waiting = [
        WorkflowRun.objects.get(subject_id=str(world.make_order(name).pk)) for name in ("a", "b")
    ]

    outcome = cancel_each([world.run, *waiting])

    assert [run.pk for run in outcome.done] == [run.pk for run in waiting]
    assert outcome.refused == {"run_has_ended": 1}
    assert sorted(WorkflowRun.objects.values_list("status", flat=True)) == [
        "cancelled",
        "cancelled",
        "completed",
    ]
