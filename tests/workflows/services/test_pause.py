"""A paused company: everything is kept, and nothing starts, until it goes on."""

import pytest

from tests.workflows.admin.conftest import World
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.events.fire import fire
from workflows.services.operations.pause import pause, pause_of, resume
from workflows.services.runs.cancel import cancel

pytestmark = pytest.mark.django_db(transaction=True)

STEP = {"name": "note", "action": "log_note", "params": {"text": "hello"}}


def test_nothing_starts_while_paused_and_nothing_is_lost(
    tenant, other_tenant, worker, publish_steps
):
    publish_steps(tenant, STEP)
    publish_steps(other_tenant, STEP)
    assert pause(tenant, "user:rana")
    fire(tenant, "x", {})
    fire(other_tenant, "x", {})

    runs = worker.work()
    assert {run.tenant_id: run.status for run in runs} == {
        tenant.pk: "queued",
        other_tenant.pk: "completed",
    }

    assert resume(tenant, "user:sami")
    assert {run.status for run in worker.work()} == {"completed"}


def test_who_paused_and_when_is_kept(tenant, other_tenant):
    assert pause_of(tenant) is None

    pause(tenant, "user:rana")

    found = pause_of(tenant)
    tenant.refresh_from_db()
    assert (found.since, found.actor) == (tenant.paused_at, "user:rana")
    other_tenant.refresh_from_db()
    assert other_tenant.paused_at is None
    resume(tenant, "user:sami")
    assert pause_of(tenant) is None
    events = WorkflowEvent.objects.filter(tenant=tenant).order_by("id")
    assert list(events.values_list("type", "actor", "source")) == [
        ("workflows.paused", "user:rana", "manual"),
        ("workflows.resumed", "user:sami", "manual"),
    ]


def test_pausing_twice_keeps_the_first_who_and_when(tenant):
    pause(tenant, "user:rana")
    since = tenant.paused_at

    assert not pause(tenant, "user:sami")
    assert resume(tenant, "user:sami")
    assert not resume(tenant, "user:rana")

    assert since is not None
    assert WorkflowEvent.objects.count() == 2


def test_a_pause_of_before_the_ledger_has_nobody(tenant):
    tenant.paused_at = "2026-01-01T00:00Z"
    tenant.save()
    tenant.refresh_from_db()

    assert pause_of(tenant).actor == ""


def test_a_run_can_be_cancelled_while_paused(tenant):
    world = World(tenant)
    pause(tenant, "user:rana")

    assert cancel(tenant, world.run.pk) == "cancelled"
    assert WorkflowRun.objects.get().due_at is None
