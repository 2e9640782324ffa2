"""Exports and imports in the admin: a file goes out, and comes in as drafts."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.support.definitions import publish_log
from workflows.models.definition import WorkflowDefinition

IMPORT = "/admin/workflows/workflowdefinition/import/"


def file(*workflows, name="workflows.json"):
    content = {
        "sayr_workflows": 1,
        "workflows": [{"key": key, "workflow": document} for key, document in workflows],
    }
    return SimpleUploadedFile(name, json.dumps(content).encode())


def uploaded(client, upload, tenant):
    return client.post(IMPORT, {"file": upload, "tenant": tenant.pk})


def confirmed(client, answer, *keys, **more):
    """Send what the page of an upload would send, for the workflows with `keys`."""
    plans = answer.context["plans"]
    values = {
        "tenant": answer.context["chosen_tenant"].pk,
        "text": answer.context["text"].replace("\n", "\r\n"),
        "take": keys,
        "_import": "1",
        **{f"mark-{one.plan.entry.key}": one.plan.mark for one in plans},
    }
    return client.post(IMPORT, {**values, **more}, follow=True)


def says(answer):
    return [str(message) for message in answer.context["messages"]]


@pytest.fixture
def definition(tenant):
    return publish_log(tenant, "log", "new_order")


def exported(client, *definitions):
    return client.post(
        reverse("admin:workflows_workflowdefinition_changelist"),
        {"action": "export_chosen", "_selected_action": [one.pk for one in definitions]},
    )


def test_one_workflow_is_exported_under_its_key(support, definition):
    answer = exported(support, definition)

    assert answer["Content-Disposition"] == 'attachment; filename="log.json"'
    assert json.loads(answer.content) == {
        "sayr_workflows": 1,
        "workflows": [{"key": "log", "workflow": definition.definition}],
    }


def test_a_workflow_is_exported_from_its_page(support, definition, other_tenant):
    page = reverse("admin:workflows_workflowdefinition_change", args=[definition.pk])
    export = reverse("admin:workflows_workflowdefinition_export", args=[definition.pk])
    theirs = publish_log(other_tenant, "theirs", "new_order")

    assert export in support.get(page).content.decode()
    assert json.loads(support.get(export).content)["workflows"][0]["key"] == "log"
    hidden = reverse("admin:workflows_workflowdefinition_export", args=[theirs.pk])
    assert support.get(hidden).status_code == 404


def test_several_are_exported_into_one_file_by_key(ops, tenant, definition):
    other = publish_log(tenant, "a-log", "new_order")

    answer = exported(ops, definition, other)

    assert [one["key"] for one in json.loads(answer.content)["workflows"]] == ["a-log", "log"]
    assert "workflows-" in answer["Content-Disposition"]


def test_another_companys_workflow_is_not_exported(ops, other_tenant, definition):
    theirs = publish_log(other_tenant, "theirs", "new_order")

    answer = exported(ops, definition, theirs)

    assert "theirs" not in answer.content.decode()


def test_an_upload_shows_what_it_would_do_and_does_nothing(ops, tenant, definition):
    changed = {**definition.definition, "name": "Other"}
    bad = {**definition.definition, "steps": [{"name": "a", "action": "gone", "params": {}}]}

    answer = uploaded(ops, file(("log", changed), ("new", bad)), tenant)

    first, second = answer.context["plans"]
    assert (first.state, second.state) == ("Changed", "New")
    assert [line.text for group in first.changes for line in group.lines] == [
        "“Name of the workflow” changed from “Workflow log” to “Other”."
    ]
    assert [line.place for line in second.problems] == ["Step 1 “A”, “Action”"]
    definition.refresh_from_db()
    assert definition.draft is None
    assert WorkflowDefinition.objects.count() == 1


def test_the_chosen_ones_come_in_as_drafts(ops, tenant, definition):
    changed = {**definition.definition, "name": "Other"}
    answer = uploaded(ops, file(("log", changed), ("new", changed), ("left", changed)), tenant)

    done = confirmed(ops, answer, "log", "new")

    assert says(done) == [
        "2 workflows were imported as drafts. Nothing runs differently until you publish them."
    ]
    definition.refresh_from_db()
    assert (definition.version, definition.draft) == (1, changed)
    made = WorkflowDefinition.objects.get(key="new")
    assert (made.tenant, made.version, made.is_active, made.draft) == (tenant, 0, False, changed)
    assert not WorkflowDefinition.objects.filter(key="left").exists()


def test_a_single_one_leads_to_its_page(ops, tenant, definition):
    answer = uploaded(ops, file(("new", definition.definition)), tenant)

    done = confirmed(ops, answer, "new")

    made = WorkflowDefinition.objects.get(key="new")
    assert done.redirect_chain[-1][0] == reverse(
        "admin:workflows_workflowdefinition_change", args=[made.pk]
    )


def test_what_is_here_already_says_so(ops, tenant, definition):
    answer = uploaded(ops, file(("log", definition.definition)), tenant)

    assert answer.context["plans"][0].state == "The same"
    assert "There is nothing to import." in answer.content.decode()


def test_what_was_edited_meanwhile_is_shown_again(ops, tenant, definition):
    answer = uploaded(ops, file(("log", {**definition.definition, "name": "Other"})), tenant)
    definition.draft = {"name": "Rana's"}
    definition.save()

    done = confirmed(ops, answer, "log")

    assert says(done) == ["“log” was edited meanwhile, so nothing was imported. Look again."]
    assert done.context["plans"][0].plan.replaces_draft
    definition.refresh_from_db()
    assert definition.draft == {"name": "Rana's"}


def test_nothing_chosen_imports_nothing(ops, tenant, definition):
    answer = uploaded(ops, file(("new", definition.definition)), tenant)

    assert says(confirmed(ops, answer)) == ["Nothing was chosen, so nothing was imported."]
    assert WorkflowDefinition.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "This is not JSON"),
        (b"[" * 50_000, "nested too deeply"),
        (b'{"sayr_workflows": ' + b"9" * 9_000 + b"}", "A number in this text is too long"),
        (b'{"sayr_workflows": 1, "sayr_workflows": 1}', "stands twice"),
        (b" " * 2_000_001, "too large"),
        (b"", "file is empty"),
    ],
    ids=["cut", "deep", "number", "twice", "large", "empty"],
)
def test_a_hostile_file_is_refused_in_words(ops, tenant, content, said):
    answer = uploaded(ops, SimpleUploadedFile("a.json", content), tenant)

    assert answer.status_code == 200
    assert said in str(answer.context["form"].errors["file"])


def test_markup_in_a_file_stays_text(ops, tenant):
    answer = uploaded(ops, file(("a", {"name": "</textarea><script>alert(1)</script>"})), tenant)

    assert "<script>alert(1)" not in answer.content.decode()


def test_nobody_imports_into_another_company(ops, other_tenant, definition):
    answer = uploaded(ops, file(("new", definition.definition)), other_tenant)

    assert "tenant" in answer.context["form"].errors
    assert answer.context["plans"] == []


def test_support_imports_nothing(support):
    assert support.get(IMPORT).status_code == 403
    assert support.post(IMPORT).status_code == 403
