"""A publish, through whichever door, validates once and reads once what there is."""

import json

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from tenants.models.membership import Membership
from tests.support.people import make_member
from workflows.admin.editor.form.shape import to_form
from workflows.definition import validate as validation
from workflows.definition.catalogue import Catalogue
from workflows.definition.errors import InvalidDocument
from workflows.definition.validate import ValidDocument
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.presentation.documents import document_text
from workflows.services.definitions.catalogue import TenantThing, catalogue_of, things_of
from workflows.services.definitions.lifecycle import archive
from workflows.services.definitions.publish import publish, publish_again

NOTE = {"name": "note", "action": "log_note", "params": {"text": "x"}}
DOCUMENT = {"name": "Notes", "trigger_type": "new_order", "steps": [NOTE]}
OTHER = {**DOCUMENT, "name": "Other notes"}


@pytest.fixture
def definition(tenant):
    definition = WorkflowDefinition(tenant=tenant, key="notes", is_active=True)
    publish(tenant, "tester", definition, DOCUMENT)
    return definition


@pytest.fixture
def counted(monkeypatch):
    """How often a document is validated and a posted text parsed, while the rest stays real."""
    times = {"validated": 0, "parsed": []}
    validate, read = validation.validate, document_text.read

    def counting(*given):
        times["validated"] += 1
        return validate(*given)

    def reading(text, *more):
        times["parsed"].append(text)
        return read(text, *more)

    monkeypatch.setattr(validation, "validate", counting)
    monkeypatch.setattr(document_text, "read", reading)
    return times


def by_code(tenant, definition, client, folder):
    publish(tenant, "tester", definition, OTHER)


def by_form(tenant, definition, client, folder):
    client.force_login(make_member(tenant, "ops", "operations"))
    posted = {"document": json.dumps(to_form(OTHER)), "note": "x", "is_active": "on"}
    page = reverse("admin:workflows_workflowdefinition_change", args=[definition.pk])
    assert client.post(page, {**posted, "version_seen": "1"}).status_code == 302


def by_going_back(tenant, definition, client, folder):
    old = WorkflowVersion.objects.get(definition=definition)
    client.force_login(make_member(tenant, "ops", "operations"))
    page = reverse("admin:workflows_workflowversion_again", args=[old.pk])
    assert client.post(page, {"note": "x", "seen": "1"}).status_code == 302


def by_service(tenant, definition, client, folder):
    old = WorkflowVersion.objects.get(definition=definition)
    publish_again(tenant, "tester", old, "x", 1)


def by_command(tenant, definition, client, folder):
    content = {"sayr_workflows": 1, "workflows": [{"key": "notes", "workflow": OTHER}]}
    (folder / "notes.json").write_text(json.dumps(content))
    where = ("--tenant", tenant.key, "--dir", str(folder))
    call_command("workflows", "import", *where, "--publish", verbosity=0)


@pytest.mark.parametrize("door", [by_code, by_form, by_going_back, by_service, by_command])
def test_a_publish_validates_once_and_reads_the_catalogue_once(
    door, tenant, definition, client, tmp_path, counted
):
    counted["validated"] = 0

    with CaptureQueriesContext(connection) as statements:
        door(tenant, definition, client, tmp_path)

    definition.refresh_from_db()
    asked = [one["sql"] for one in statements if "UNION ALL" in one["sql"]]
    assert (definition.version, counted["validated"], len(asked)) == (2, 1, 1)


def test_the_form_parses_what_was_posted_once(tenant, definition, client, counted):
    by_form(tenant, definition, client, None)

    assert counted["parsed"].count(json.dumps(to_form(OTHER))) == 1


def test_a_valid_document_is_made_by_validating_alone():
    with pytest.raises(InvalidDocument) as refused:
        ValidDocument({**DOCUMENT, "steps": []}, Catalogue())

    assert [(one.path, one.code) for one in refused.value.problems] == [("/steps", "empty")]


def test_an_archived_workflow_is_none_that_files_may_run(tenant, definition, tmp_path, capsys):
    """Its file is published, and it stays archived: nothing else may call it."""
    archive(tenant, "tester", definition)
    call = {"name": "call", "action": "run_workflow", "params": {"workflow": "notes"}}
    for key, document in (("notes", OTHER), ("calls", {**DOCUMENT, "steps": [call]})):
        content = {"sayr_workflows": 1, "workflows": [{"key": key, "workflow": document}]}
        (tmp_path / f"{key}.json").write_text(json.dumps(content))

    with pytest.raises(Exception, match="Nothing was imported"):
        by_where(tenant, tmp_path)

    assert "calls: Step 1" in capsys.readouterr().err
    assert WorkflowVersion.objects.count() == 1


def by_where(tenant, folder):
    call_command("workflows", "import", "--tenant", tenant.key, "--dir", str(folder), "--publish")


@pytest.fixture
def shop(tenant, other_tenant):
    """Things of every kind, in a tenant and, of the same keys, in another."""
    for one in (tenant, other_tenant):
        for key, name in (("b", "first"), ("a", "Second"), ("c", "third")):
            Connection.objects.create(tenant=one, key=key, name=name, kind="slack")
        MessageTemplate.objects.create(
            tenant=one, key="hello", name="Hello", channel="email", text="x"
        )
        for key, more in (("runs", {}), ("old", {"archived_at": one.created_at})):
            made = WorkflowDefinition(tenant=one, key=key, **more)
            publish(one, "x", made, {**DOCUMENT, "name": key.title()})
        WorkflowDefinition.objects.create(tenant=one, key="draft", name="Draft")
    people = [("rana@shop.example", "Rana", "Haddad", True), ("jad", "", "", True)]
    for username, first, last, active in [*people, ("gone@shop.example", "", "", False)]:
        user = make_member(tenant, username, "support")
        type(user).objects.filter(pk=user.pk).update(
            first_name=first, last_name=last, is_active=active
        )
    return tenant


def test_what_a_tenant_has_comes_in_one_statement(shop, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = things_of(shop)

    kinds = {one.kind for one in found}
    named = {kind: [(o.key, o.name) for o in found if o.kind == kind] for kind in kinds}
    sorted_there = Connection.objects.filter(tenant=shop).order_by("name")
    assert named == {
        "connection:slack": [*sorted_there.values_list("key", "name")],
        "message_template:email": [("hello", "Hello")],
        "workflow": [("runs", "Runs")],
        "person": [("jad", "jad"), ("rana@shop.example", "Rana Haddad")],
        "person:gone": [("gone@shop.example", "gone@shop.example")],
    }


def test_the_catalogue_is_made_of_them(shop):
    known = catalogue_of(shop)

    assert known.references == {
        "connection:slack": frozenset("abc"),
        "connection": frozenset("abc"),
        "message_template:email": frozenset({"hello"}),
    }
    assert known.workflows == {"runs": "Runs"}
    assert known.people == {"rana@shop.example", "gone@shop.example"}
    assert Membership.objects.filter(tenant=shop).count() == 3
    assert catalogue_of(shop, things=[TenantThing("workflow", "k", "n")]).workflows == {"k": "n"}
