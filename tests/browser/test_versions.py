"""Draft, publish with a note, what differs, the way back, and a file into another company."""

import pytest
from django.urls import reverse

from actions.models.message_template import MessageTemplate
from tests.browser.accessibility import LANGUAGES, hindrances, looks
from tests.browser.editor import Editor, published
from tests.support.company import case
from tests.support.people import make_member
from tests.support.tenants import make_tenant
from workflows.models.definition import WorkflowDefinition
from workflows.models.version import WorkflowVersion
from workflows.services.definitions.drafts import save_draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/workflows/workflowdefinition/"


@pytest.fixture
def definition(company):
    return published(company, case("seed_new_order"))


@pytest.fixture
def other_company(company):
    """A company that has the one template, and not the other."""
    tenant = make_tenant("najd", "Najd Stores")
    make_member(tenant, "najd-ops", "operations")
    MessageTemplate.objects.create(
        tenant=tenant,
        key="order_confirmed",
        channel="whatsapp",
        name="Order confirmed",
        parameters=["order_id", "total"],
    )
    return tenant


def rename_third_step(editor, label):
    editor.go("steps/2")
    editor.page.fill('.sayr-editor-page [data-field="label"]', label)
    editor.settled()


def test_a_draft_is_kept_compared_and_published_with_a_note(visitor, definition):
    page = visitor()
    editor = Editor(page).open(definition)
    rename_third_step(editor, "Tell everybody")

    editor.save_draft()

    definition.refresh_from_db()
    assert (definition.version, definition.draft["steps"][2]["label"]) == (1, "Tell everybody")
    assert "Version 1 goes on until you publish" in editor.messages()[0]
    assert "You see a draft by ops" in page.inner_text(".sayr-notice")

    page.click("text=See every difference")
    assert page.locator(".sayr-change h3").all_inner_texts() == ["Tell everybody"]
    assert "“What is this step called?” is new: “Tell everybody”." in page.inner_text(
        ".sayr-changes"
    )
    page.click("text=As JSON, line by line")
    assert '"label": "Tell everybody"' in page.inner_text(".sayr-line-new")
    page.go_back()

    editor.ready()
    page.click('input[name="_continue"]')
    page.wait_for_selector("text=Say in one line what changed")
    editor.ready().save("A clearer name")

    definition.refresh_from_db()
    assert (definition.version, definition.draft) == (2, None)
    newest = page.locator(".sayr-versions > li").first.inner_text()
    for words in (
        "Version 2",
        "Published",
        "ops",
        "A clearer name",
        "“What is this step called?” is new",
    ):
        assert words in newest


def test_an_unfinished_workflow_is_saved_and_finished_later(visitor, company):
    page = visitor()
    editor = Editor(page).open()
    editor.field("name").fill("Half done")
    editor.add("send_email", "Tell somebody")
    editor.settled()

    editor.save_draft()

    made = WorkflowDefinition.objects.get()
    assert (made.version, made.is_active, made.name) == (0, False, "Half done")
    assert "It starts nothing until it is published" in page.inner_text(".sayr-notice")
    page.goto(LIST)
    assert "Draft, not published yet" in page.inner_text("#result_list")
    page.click("text=Half done")
    editor.ready()
    assert editor.cards() == ["1. Tell somebody"]


def test_the_way_back_to_an_old_version(visitor, definition):
    page = visitor()
    editor = Editor(page).open(definition)
    rename_third_step(editor, "Tell everybody")
    editor.save("A clearer name")

    page.click("text=Go back to this version")
    assert "“What is this step called?” is gone. It was “Tell everybody”." in page.inner_text(
        ".sayr-changes"
    )
    note = page.locator('input[name="note"]')
    assert note.input_value() == "Back to version 1"
    note.fill("Back to version 1: nobody found the new name")
    page.click("text=Publish it again")
    editor.ready()

    assert editor.messages() == ["Version 3 is published."]
    newest = WorkflowVersion.objects.get(definition=definition, version=3)
    assert newest.document == case("seed_new_order")
    assert newest.note == "Back to version 1: nobody found the new name"


def test_two_people_save_drafts_and_meet(visitor, company, definition):
    page = visitor()
    editor = Editor(page).open(definition)
    theirs = case("seed_new_order")
    theirs["steps"][2]["label"] = "Theirs"
    rename_third_step(editor, "Mine")
    definition.refresh_from_db()
    save_draft(company, "user:rana", definition, theirs)

    editor.save_draft()

    assert "rana saved a draft" in page.inner_text(".sayr-editor-conflict")
    page.click('[data-side="mine"]')
    editor.save_draft()
    definition.refresh_from_db()
    assert definition.draft["steps"][2]["label"] == "Mine"


def test_an_export_is_imported_in_another_company(visitor, definition, other_company, tmp_path):
    page = visitor()
    page.goto(LIST)
    page.check(f'input[name="_selected_action"][value="{definition.pk}"]')
    page.select_option('select[name="action"]', "export_chosen")
    with page.expect_download() as download:
        page.click('button[name="index"]')
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == "a-workflow.json"

    other = visitor("najd-ops")
    other.goto(LIST)
    other.click("text=Import")
    other.set_input_files("#id_file", path)
    other.click("text=Show what it would change")

    shown = other.inner_text(".sayr-plan")
    for words in ("New Order Processing", "New", "a-workflow", "One thing has to be put right"):
        assert words in shown
    assert "Step 3 “Alert operations”, " in shown
    assert "“ops_new_order_summary” does not exist" in shown
    assert "order_confirmed" not in shown
    assert WorkflowDefinition.objects.filter(tenant=other_company).count() == 0

    other.click("text=Import as drafts")
    editor = Editor(other).ready()

    made = WorkflowDefinition.objects.get(tenant=other_company)
    assert (made.version, made.is_active, made.draft) == (0, False, definition.definition)
    assert "imported as a draft" in editor.messages()[0]
    assert editor.cards()[0].startswith("1. ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_are_fit_for_everybody(language, visitor, company, definition):
    document = case("seed_new_order")
    document["steps"][2]["label"] = "Tell everybody"
    first = published(company, document, key="other")
    changed = {**document, "steps": [*document["steps"][1:], document["steps"][0]]}
    save_draft(company, "user:rana", first, changed)
    MessageTemplate.objects.filter(key="order_confirmed").delete()
    [version] = WorkflowVersion.objects.filter(definition=first)
    page, found = visitor(**LANGUAGES[language]), []

    for address in (
        LIST,
        reverse("admin:workflows_workflowdefinition_change", args=[first.pk]),
        reverse("admin:workflows_workflowdefinition_compare", args=[first.pk]),
        reverse("admin:workflows_workflowversion_again", args=[version.pk]),
        reverse("admin:workflows_workflowversion_change", args=[version.pk]),
        f"{LIST}import/",
        f"{LIST}broken/",
        "/admin/",
    ):
        page.goto(address)
        for look in looks(page, language=language):
            found += [f"{address} in {look}: {one}" for one in hindrances(page, look)]

    assert found == []
