"""Saving what the editor posts."""

import json

import pytest
from django.urls import reverse

from tests.support.company import case
from workflows.admin.definitions.form import DefinitionForm
from workflows.admin.editor.form.shape import to_form
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.services.definitions.publish import publish


@pytest.fixture
def document():
    document = case("seed_new_order")
    document["steps"] = document["steps"][:1]
    return document


@pytest.fixture
def definition(tenant, document):
    definition = WorkflowDefinition(tenant=tenant, key="orders", is_active=True)
    publish(tenant, "user:rana", definition, document)
    return definition


@pytest.fixture
def post(client, ops_user, definition):
    """Post the form of the workflow."""
    client.force_login(ops_user)
    url = reverse("admin:workflows_workflowdefinition_change", args=[definition.pk])

    def posted(form, version=1, **more):
        text = form if isinstance(form, str) else json.dumps(form)
        values = {"document": text, "note": "A change", "is_active": "on", "version_seen": version}
        return client.post(url, {**values, **more})

    return posted


def versions(definition):
    return WorkflowVersion.objects.filter(definition=definition).count()


def config(answer):
    widget = answer.context["adminform"].form.fields["document"].widget
    bound = answer.context["adminform"].form["document"]
    return widget.config(bound.value())


def test_a_changed_form_is_published(post, definition, document):
    form = to_form(document)
    form["steps"][0]["label"] = "Confirm it"

    assert post(form).status_code == 302
    definition.refresh_from_db()
    assert definition.definition["steps"][0]["label"] == "Confirm it"
    assert definition.version == 2


def test_an_unchanged_form_publishes_nothing(post, definition, document):
    form = to_form(document)
    values = {"document": json.dumps(form), "is_active": "on", "version_seen": "1"}

    bound = DefinitionForm(values, instance=definition)

    assert "document" not in bound.changed_data
    assert post(form).status_code == 302
    assert versions(definition) == 1


def test_what_is_wrong_is_shown_with_everything_that_was_typed(post, definition, document):
    form = to_form(document)
    form["steps"][0]["params"]["id"] = "{{ half"

    answer = post(form)

    shown = config(answer)
    assert answer.status_code == 200
    assert shown["form"] == form
    assert [one["at"] for one in shown["checked"]["problems"]] == [["id"]]
    assert shown["show_problems"] is True
    assert versions(definition) == 1


def test_a_mistake_of_the_form_alone_keeps_it_from_being_saved(post, definition, document):
    form = to_form(document)
    form["head"]["values"] = [{"k": "a", "v": "1"}, {"k": "a", "v": "2"}]

    answer = post(form)

    assert answer.status_code == 200
    assert config(answer)["checked"]["problems"][0]["at"] == ["values", 1, "k"]
    assert versions(definition) == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "{", '{"sayr_form": 1}', "5", '"x"'])
def test_anything_may_be_posted(post, definition, text):
    answer = post(text)

    assert answer.status_code == 200
    assert versions(definition) == 1


def test_a_stale_form_shows_both_sides(post, definition, document, tenant):
    theirs = json.loads(json.dumps(document))
    theirs["steps"][0]["params"]["fields"]["status"] = "shipped"
    publish(tenant, "user:rana", definition, theirs, "Ship at once")
    form = to_form(document)
    form["steps"][0]["label"] = "Mine"

    answer = post(form, version=1)

    met = config(answer)["conflict"]
    assert (met["who"], met["version"], met["note"]) == ("rana", 2, "Ship at once")
    assert {(one["mine"], one["theirs"]) for one in met["differences"]} == {
        ("“Mine”", ""),
        ("“confirmed”", "“shipped”"),
    }
    assert met["theirs"] == to_form(theirs)
    assert versions(definition) == 2


def test_the_page_of_a_reader_has_no_editor(client, support_user, definition):
    client.force_login(support_user)

    page = client.get(
        reverse("admin:workflows_workflowdefinition_change", args=[definition.pk])
    ).content.decode()

    assert "data-editor" not in page


def test_the_page_holds_no_inline_script_or_style(client, ops_user, definition):
    client.force_login(ops_user)

    page = client.get(
        reverse("admin:workflows_workflowdefinition_change", args=[definition.pk])
    ).content.decode()

    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page
