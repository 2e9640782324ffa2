"""Beside a workflow's document: its runs under way, and who is told when they fail."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django_q.models import OrmQ

from tests.support.people import make_member
from workflows.models.definition import WorkflowVersion
from workflows.models.run import WorkflowRun


def address(definition, name):
    return reverse(f"admin:workflows_workflowdefinition_{name}", args=[definition.pk])


def switch_off(world):
    world.definition.is_active = False
    world.definition.save()


@pytest.fixture
def several(world):
    world.make_order("b")
    world.end_run(WorkflowRun.objects.get(subject_id=str(world.make_order("c").pk)))
    return world


def test_what_is_under_way_stands_on_the_page(ops, several, page):
    content = ops.get(page(several.definition)).content.decode()

    assert "2 runs are under way." in content
    assert "Cancel them all" not in content


def test_switched_off_its_runs_go_on_until_somebody_cancels_them(ops, several, page):
    switch_off(several)
    content = ops.get(page(several.definition)).content.decode()
    assert "Switched off, and 2 runs are still under way." in content
    assert "Cancel 2 runs?" in ops.get(address(several.definition, "stop")).content.decode()
    assert WorkflowRun.objects.filter(status="queued").count() == 2

    done = ops.post(address(several.definition, "stop"), follow=True).content.decode()

    assert "2 runs are cancelled." in done
    assert "still under way" not in done
    statuses = WorkflowRun.objects.values_list("status", flat=True)
    assert sorted(statuses) == ["cancelled", "cancelled", "completed"]
    assert LogEntry.objects.get().object_id == str(several.definition.pk)


def test_many_runs_are_cancelled_in_the_background(
    ops, several, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr("workflows.services.runs.cancel_all.BATCH_SIZE", 1)
    switch_off(several)

    with django_capture_on_commit_callbacks(execute=True):
        done = ops.post(address(several.definition, "stop"), follow=True).content.decode()

    assert "they are being cancelled in the background" in done
    assert OrmQ.objects.count() == 1


def test_a_workflow_that_is_on_is_switched_off_first(ops, several):
    done = ops.post(address(several.definition, "stop"), follow=True).content.decode()

    assert "Switch the workflow off first" in done
    assert WorkflowRun.objects.filter(status="queued").count() == 2


@pytest.mark.parametrize("name", ["stop", "owner"])
def test_only_operations_of_the_company_decide(
    name, client, several, other_world, support_user, other_ops_user
):
    switch_off(several)
    for user, status in ((support_user, 403), (other_ops_user, 404)):
        client.force_login(user)
        for ask in (client.get, client.post):
            assert ask(address(several.definition, name)).status_code == status
    several.definition.refresh_from_db()
    assert several.definition.owner is None
    assert WorkflowRun.objects.filter(definition=several.definition, status="queued").count() == 2


def test_the_owner_is_chosen_and_told_of(ops, ops_user, world, page):
    ops_user.email = "ops@cedar.example"
    ops_user.save()
    assert "Nobody is told" in ops.get(page(world.definition)).content.decode()

    content = ops.post(address(world.definition, "owner"), {"owner": "ops"}, follow=True)

    world.definition.refresh_from_db()
    assert world.definition.owner == ops_user
    assert "A mail goes to ops (ops@cedar.example)" in content.content.decode()
    assert WorkflowVersion.objects.count() == 1  # nothing was published

    ops.post(address(world.definition, "owner"), {"owner": ""})
    world.definition.refresh_from_db()
    assert world.definition.owner is None


def test_nobody_of_another_company_becomes_the_owner(ops, world, other_world, other_ops_user, page):
    content = ops.get(page(world.definition)).content.decode()
    assert "other-ops" not in content

    done = ops.post(address(world.definition, "owner"), {"owner": "other-ops"}, follow=True)

    assert "Choose somebody of this company." in done.content.decode()
    world.definition.refresh_from_db()
    assert world.definition.owner is None


def test_support_reads_who_is_told(support, world, tenant, page):
    rana = make_member(tenant, "rana", "operations")
    rana.email = "rana@cedar.example"
    rana.save()
    world.definition.owner = rana
    world.definition.save()

    content = support.get(page(world.definition)).content.decode()

    assert "A mail goes to rana (rana@cedar.example)" in content
    assert "Save the owner" not in content
