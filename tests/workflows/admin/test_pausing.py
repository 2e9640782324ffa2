"""One switch pauses everything of a company; every page says so until somebody resumes."""

import pytest
from django.urls import reverse

from tenants.models.membership import Membership
from tenants.models.tenant import Tenant
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.operations.pause import pause

PAGE = "/admin/workflows/workflowdefinition/pause/"
TOLD = "Everything is paused since"


def switch(client, tenant, wanted, **headers):
    url = reverse("admin:workflows_pause_switch", args=[tenant.pk])
    return client.post(url, {"paused": wanted}, **headers)


def is_paused(tenant):
    return Tenant.objects.get(pk=tenant.pk).paused_at is not None


def test_operations_pause_and_resume_everything(ops, world):
    assert "Pause everything" in ops.get("/admin/").content.decode()
    assert "nothing is lost" in ops.get(PAGE).content.decode()

    switch(ops, world.tenant, "yes")
    assert is_paused(world.tenant)
    assert "by ops" in ops.get(PAGE).content.decode()

    switch(ops, world.tenant, "no")
    assert not is_paused(world.tenant)
    types = WorkflowEvent.objects.exclude(pk=world.event.pk).order_by("id")
    assert list(types.values_list("type", "actor")) == [
        ("workflows.paused", "user:ops"),
        ("workflows.resumed", "user:ops"),
    ]


def test_every_page_of_the_company_says_so_with_who_and_a_way_out(ops, world, page):
    pause(world.tenant, "user:rana")

    for address in ("/admin/", page(WorkflowRun), page(world.run), page(world.definition)):
        content = ops.get(address).content.decode()
        assert TOLD in content
        assert "by rana" in content
        assert reverse("admin:workflows_pause_switch", args=[world.tenant.pk]) in content


def test_support_reads_of_the_pause_and_cannot_end_it(support, world):
    pause(world.tenant, "user:rana")

    content = support.get("/admin/").content.decode()

    assert TOLD in content
    assert "Resume" not in content
    assert switch(support, world.tenant, "no").status_code == 403
    assert is_paused(world.tenant)


def test_another_companys_pause_is_neither_told_nor_touched(ops, world, other_world, page):
    pause(other_world.tenant, "user:x")

    assert TOLD not in ops.get("/admin/").content.decode()
    assert other_world.tenant.name not in ops.get(PAGE).content.decode()
    assert switch(ops, other_world.tenant, "no").status_code == 404
    assert is_paused(other_world.tenant)


def test_who_has_two_companies_reads_which_one_is_paused(ops, ops_user, world, other_world, page):
    Membership.objects.create(user=ops_user, tenant=other_world.tenant, role="operations")
    pause(other_world.tenant, "user:x")

    assert "Everything of Najd Stores is paused" in ops.get("/admin/").content.decode()
    assert "is paused since" not in ops.get(page(world.run)).content.decode()
    assert "Everything of Najd Stores" in ops.get(page(other_world.run)).content.decode()


def test_the_switch_leads_back_to_where_it_stood(ops, world, page):
    back = f"http://testserver{page(WorkflowDefinition)}"

    assert switch(ops, world.tenant, "yes", headers={"Referer": back}).url == back
    elsewhere = switch(ops, world.tenant, "no", headers={"Referer": "https://evil.example/"})
    assert elsewhere.url == PAGE


def test_looking_does_not_switch(ops, world):
    url = reverse("admin:workflows_pause_switch", args=[world.tenant.pk])

    assert ops.get(url).status_code == 405
    assert switch(ops, world.tenant, "maybe").status_code == 302
    assert not is_paused(world.tenant)


def test_the_page_of_a_company_has_the_switch(client, world, admin_user, page):
    client.force_login(admin_user)
    content = client.get(page(world.tenant)).content.decode()
    assert "Pause everything" in content
    assert "paused_at" not in content

    switch(client, world.tenant, "yes")

    assert "by admin" in client.get(page(world.tenant)).content.decode()


@pytest.mark.parametrize("path", ["/admin/login/", PAGE])
def test_nobody_else_sees_any_of_it(path, client, world):
    pause(world.tenant, "user:rana")

    assert TOLD not in client.get(path, follow=True).content.decode()
