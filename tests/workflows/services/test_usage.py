"""Which workflows name a stored thing."""

import pytest
from django.urls import reverse

from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.usage import used_by


def make(tenant, name, document, **values):
    """Store a published document as it stands."""
    known = {"version": 1, "is_active": True, **values}
    return WorkflowDefinition.objects.create(
        tenant=tenant, key=name, name=name, definition=document, **known
    )


def mail(template, **more):
    return {"name": "tell_ops", "action": "send_email", "params": {"template": template}, **more}


def test_a_workflow_is_named_with_its_steps(tenant):
    uses_it = make(tenant, "B", {"steps": [mail("hello"), mail("hello", label="Tell them")]})
    make(tenant, "A", {"steps": [mail("other")]})

    [use] = used_by(tenant, "message_template:email", "hello")

    assert (use.definition, use.steps) == (uses_it, ("Tell ops", "Tell them"))


@pytest.mark.parametrize(
    "steps",
    [
        [{"name": "b", "action": "branch", "params": {"cases": [{"steps": [mail("hello")]}]}}],
        [{**mail("other"), "on_error": {"steps": [mail("hello")]}}],
    ],
)
def test_steps_inside_other_steps_count(steps, tenant):
    make(tenant, "A", {"steps": steps})

    assert len(used_by(tenant, "message_template:email", "hello")) == 1


@pytest.mark.parametrize(
    ("reference", "found"),
    [("connection:slack", 1), ("connection:teams", 1), ("connection:smtp", 0)],
)
def test_the_kind_counts_too(reference, found, tenant):
    step = {"name": "a", "action": "team_notify", "params": {"text": "x", "connection": "team"}}
    make(tenant, "A", {"steps": [step]})

    assert len(used_by(tenant, reference, "team")) == found


def test_archived_unpublished_and_other_companies_workflows_do_not_count(
    tenant, other_tenant, django_assert_num_queries
):
    document = {"steps": [mail("hello"), {"action": "gone", "params": {"template": "hello"}}]}
    make(tenant, "A", document, archived_at="2026-01-01T00:00Z")
    make(tenant, "B", document, version=0)
    make(other_tenant, "C", document)

    with django_assert_num_queries(1):
        assert used_by(tenant, "message_template:email", "hello") == []


def test_deleting_warns_and_names_the_workflows(client, ops_user, tenant):
    client.force_login(ops_user)
    template = MessageTemplate.objects.create(
        tenant=tenant, key="hello", name="Hello", channel="email", text="x"
    )
    address = reverse("admin:actions_messagetemplate_delete", args=[template.pk])
    assert "Workflows name this." not in client.get(address).content.decode()

    make(tenant, "Welcome", {"steps": [mail("hello")]})

    content = client.get(address).content.decode()
    assert "Workflows name this." in content
    assert "Welcome" in content


@pytest.mark.parametrize(
    ("kind", "others", "found"),
    [("slack", [], 1), ("slack", ["teams"], 0), ("slack", ["smtp"], 1), ("smtp", ["slack"], 0)],
)
def test_a_step_that_leaves_its_connection_open_uses_the_only_one(kind, others, found, tenant):
    make(tenant, "A", {"steps": [{"name": "a", "action": "team_notify", "params": {"text": "x"}}]})
    for one in (kind, *others):
        Connection.objects.create(tenant=tenant, key=one, name=one, kind=one)

    assert len(used_by(tenant, f"connection:{kind}", kind)) == found


def test_a_call_without_a_connection_uses_none(tenant):
    step = {"name": "a", "action": "webhook", "params": {"url": "https://example.com"}}
    make(tenant, "A", {"steps": [step]})
    Connection.objects.create(tenant=tenant, key="erp", name="ERP", kind="http")

    assert used_by(tenant, "connection:http", "erp") == []
