"""Cancelling everything of a workflow that is under way."""

import pytest
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from tests.workflows.admin.conftest import World
from workflows.models.run import WorkflowRun
from workflows.services.events.fire import fire
from workflows.services.runs import cancel_all
from workflows.services.runs.cancel_all import cancel_live, cancel_until, count_live

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(tenant):
    world = World(tenant)
    for number in range(4):
        world.make_order(f"n-{number}")
    return world


def statuses(world):
    rows = WorkflowRun.objects.filter(tenant=world.tenant).order_by("id")
    return list(rows.values_list("status", flat=True))


def test_everything_under_way_of_this_workflow_is_cancelled(
    world, other_tenant, publish_steps, monkeypatch
):
    monkeypatch.setattr(cancel_all, "BATCH", 2)
    other = World(other_tenant)
    beside = publish_steps(
        world.tenant, {"name": "n", "action": "log_note", "params": {"text": "x"}}
    )
    fire(world.tenant, "x", {})
    world.end_run(world.run)
    running = WorkflowRun.objects.filter(definition=world.definition).order_by("id")[1]
    WorkflowRun.objects.filter(pk=running.pk).update(status="running")
    assert count_live(world.definition) == 4

    assert cancel_live(world.tenant, world.definition) == 4

    assert statuses(world) == [
        "completed",
        "running",
        "cancelled",
        "cancelled",
        "cancelled",
        "queued",
    ]
    running.refresh_from_db()
    assert running.cancel_requested_at is not None
    assert WorkflowRun.objects.get(definition=beside).status == "queued"
    assert statuses(other) == ["queued"]


def test_nothing_under_way_is_nothing_to_do(world):
    cancel_live(world.tenant, world.definition)

    assert cancel_live(world.tenant, world.definition) == 0
    assert count_live(world.definition) == 0


def test_many_runs_are_cancelled_by_the_cluster_for_chores(world, monkeypatch):
    monkeypatch.setattr(cancel_all, "BATCH_SIZE", 3)

    assert cancel_live(world.tenant, world.definition) is None

    assert statuses(world) == ["queued"] * 5
    task = SignedPackage.loads(OrmQ.objects.get().payload)
    assert task["func"] == "workflows.services.runs.cancel_all.cancel_until"
    late = WorkflowRun.objects.get(subject_id=str(world.make_order("late").pk))
    assert cancel_until(*task["args"]) == 5
    assert statuses(world) == ["cancelled"] * 5 + ["queued"]
    assert WorkflowRun.objects.order_by("-id").first() == late
    assert cancel_until(*task["args"]) == 0
