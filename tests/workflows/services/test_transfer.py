"""Workflows travel by file: out of one company, into another as drafts."""

import json

import pytest

from tests.support.company import case
from tests.support.definitions import publish_log
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.documents.export_format import ExportedWorkflow, read, write
from workflows.services.definitions.drafts import mark, save_draft
from workflows.services.definitions.lifecycle import keep_in_git
from workflows.services.definitions.publish import publish
from workflows.services.definitions.transfer import (
    ChangedMeanwhile,
    ImportState,
    exported,
    import_drafts,
    plan_import,
)


@pytest.fixture
def definition(tenant):
    return publish_log(tenant, "log", "new_order")


def travelled(definition):
    """Return what comes out of the file of a workflow."""
    [entry] = read(write([exported(definition)]).encode())
    return entry


def test_what_was_exported_comes_in_as_the_same(tenant, definition):
    [plan] = plan_import(tenant, [travelled(definition)])

    assert plan.state == ImportState.SAME
    assert plan.problems == ()


def test_into_another_company_it_comes_as_a_draft_switched_off(other_tenant, definition):
    entry = travelled(definition)

    [made] = import_drafts(other_tenant, "user:ops", [entry], {})

    assert (made.tenant, made.key, made.version) == (other_tenant, "log", 0)
    assert (made.draft, made.is_active) == (definition.definition, False)
    assert (made.name, made.trigger_type) == ("Workflow log", "new_order")
    publish(other_tenant, "user:ops", made, made.draft)
    assert made.version == 1


def test_what_is_missing_there_is_named_at_its_place(other_tenant):
    entry = ExportedWorkflow("orders", case("seed_new_order"))

    [plan] = plan_import(other_tenant, [entry])

    assert plan.state == ImportState.NEW
    missing = [(one.path, one.params["key"]) for one in plan.problems]
    assert missing == [
        ("/steps/1/params/template", "order_confirmed"),
        ("/steps/2/params/template", "ops_new_order_summary"),
    ]


def test_a_changed_workflow_keeps_what_is_published(tenant, definition):
    entry = ExportedWorkflow("log", {**definition.definition, "name": "Other"})
    [plan] = plan_import(tenant, [entry])
    assert (plan.state, plan.replaces_draft) == (ImportState.CHANGED, False)

    import_drafts(tenant, "user:ops", [entry], {"log": plan.mark})

    definition.refresh_from_db()
    assert (definition.version, definition.name) == (1, "Workflow log")
    assert definition.draft["name"] == "Other"


def test_a_draft_that_would_be_lost_is_named(tenant, definition):
    save_draft(tenant, "user:rana", definition, {"name": "Rana's"})

    [plan] = plan_import(tenant, [ExportedWorkflow("log", {"name": "Other"})])

    assert plan.replaces_draft
    assert plan.before == {"name": "Rana's"}


def test_what_was_edited_meanwhile_is_not_overwritten(tenant, definition):
    entries = [ExportedWorkflow("log", {"name": "Other"}), ExportedWorkflow("new", {"name": "New"})]
    seen = {"log": mark(definition)}
    save_draft(tenant, "user:rana", definition, {"name": "Rana's"})

    with pytest.raises(ChangedMeanwhile):
        import_drafts(tenant, "user:ops", entries, seen)

    definition.refresh_from_db()
    assert definition.draft == {"name": "Rana's"}
    assert not WorkflowDefinition.objects.filter(key="new").exists()


def test_a_workflow_made_meanwhile_under_a_new_key_is_not_overwritten(tenant, definition):
    with pytest.raises(ChangedMeanwhile):
        import_drafts(tenant, "user:ops", [ExportedWorkflow("log", {"name": "Other"})], {})

    definition.refresh_from_db()
    assert definition.draft is None


def test_nothing_is_imported_over_a_workflow_that_is_edited_in_git(tenant, definition):
    keep_in_git(tenant, "command", definition)
    entry = ExportedWorkflow("log", {"name": "Other"})

    [plan] = plan_import(tenant, [entry])
    made = import_drafts(tenant, "user:ops", [entry], {"log": plan.mark})

    assert (plan.state, made) == (ImportState.MANAGED, [])
    definition.refresh_from_db()
    assert definition.draft is None


def test_what_cannot_be_stored_is_refused_alone(tenant):
    entries = [ExportedWorkflow("bad", {"name": 1e999}), ExportedWorkflow("good", {"name": "Good"})]

    plans = plan_import(tenant, entries)
    made = import_drafts(tenant, "user:ops", entries, {})

    assert [plan.state for plan in plans] == [ImportState.REFUSED, ImportState.NEW]
    assert [one.key for one in made] == ["good"]


def test_another_companys_workflow_with_that_key_is_another_one(tenant, other_tenant, definition):
    theirs = publish_log(other_tenant, "log", "new_order", name="Theirs")

    import_drafts(
        tenant, "x", [ExportedWorkflow("log", {"name": "Other"})], {"log": mark(definition)}
    )

    theirs.refresh_from_db()
    assert theirs.draft is None


def test_the_draft_of_a_workflow_that_was_never_published_is_exported(tenant):
    definition = WorkflowDefinition(tenant=tenant, key="new")
    save_draft(tenant, "x", definition, {"name": "New"})

    assert json.loads(write([exported(definition)]))["workflows"] == [
        {"key": "new", "workflow": {"name": "New"}}
    ]
