"""Editing a workflow in a real browser, as somebody who has never seen JSON."""

import copy

import pytest

from actions import registry
from tenants.models.order import Order
from tests.browser.documents import document_of
from tests.browser.editor import Editor, published
from tests.support.company import case
from workflows.models.definition import WorkflowDefinition
from workflows.models.version import WorkflowVersion

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def editor(visitor):
    return Editor(visitor())


def without_labels(document):
    steps = [{k: v for k, v in step.items() if k != "label"} for step in document["steps"]]
    return {**{k: v for k, v in document.items() if k != "language"}, "steps": steps}


def test_the_first_workflow_is_built_by_clicking_and_published(editor, company):
    page = editor.build_the_first_workflow()
    editor.settled()
    page.click('input[name="_continue"]')
    page.wait_for_selector(".messagelist")

    made = WorkflowDefinition.objects.get()
    spaced = {"{{ trigger.": "{{trigger.", " }}": "}}"}
    text = str(without_labels(made.definition))
    for written, seed in spaced.items():
        text = text.replace(written, seed)
    assert eval(text) == case("seed_new_order")
    assert made.version == 1


def test_the_wording_of_a_mail_is_changed(editor, company):
    definition = published(company, case("seed_new_order"))
    editor.open(definition).go("steps/2")

    editor.field("subject").fill("Please look at {{trigger.order_number}}")
    editor.save()

    definition.refresh_from_db()
    expected = copy.deepcopy(case("seed_new_order"))
    expected["steps"][2]["params"]["subject"] = "Please look at {{trigger.order_number}}"
    assert definition.definition == expected
    assert definition.version == 2


def test_opening_and_saving_changes_nothing(editor, company):
    steps = [
        {**step, "name": spec.name}
        for spec in registry.all_actions()
        for step in document_of(spec)["steps"]
    ]
    document = {"name": "Any", "trigger_type": "new_order", "steps": steps}
    definition = published_anyhow(company, document)
    editor.open(definition)
    for index in range(len(steps)):
        editor.go(f"steps/{index}")

    editor.page.fill('input[name="note"]', "Only looked")
    submitted = editor.document()

    definition.refresh_from_db()
    assert definition.definition == document
    assert WorkflowVersion.objects.filter(definition=definition).count() == 0
    assert submitted == document


def test_saving_what_nobody_changed_makes_no_version(editor, company):
    definition = published(company, case("seed_new_order"))
    editor.open(definition)
    for part in ("steps/0", "steps/1", "steps/2", "settings", "trigger"):
        editor.go(part)

    editor.save()

    definition.refresh_from_db()
    assert definition.version == 1
    assert definition.definition == case("seed_new_order")


def published_anyhow(tenant, document):
    """Store a document as it is: connections and templates of every kind need not exist."""
    return WorkflowDefinition.objects.create(
        tenant=tenant, key="any", name="Any", definition=document, version=1
    )


def test_a_mistake_is_shown_at_its_field_and_on_its_card(editor, company):
    definition = published(company, case("seed_new_order"))
    page = editor.open(definition).page
    editor.go("steps/2")

    editor.field("subject").fill("New {{trigger.order_idd}}")
    page.wait_for_selector(".rjf-error-text")

    assert "order_idd" in page.inner_text(".rjf-error-text")
    assert editor.field("subject").get_attribute("aria-invalid") == "true"
    assert page.locator('.sayr-editor-card-bad [data-part="steps/2"]').count() == 1
    editor.field("subject").fill("New {{trigger.order_id}}")
    page.wait_for_selector(".rjf-error-text", state="detached")


def test_what_cannot_be_saved_is_shown_again_with_its_mistakes(editor, company):
    definition = published(company, case("seed_new_order"))
    editor.open(definition).go("steps/2")
    editor.field("subject").fill("Half {{ done")

    editor.save()

    definition.refresh_from_db()
    assert definition.version == 1
    page = editor.page
    page.click(".sayr-editor-status button")
    page.wait_for_selector('.sayr-editor-page[data-part="steps/2"]')
    assert editor.field("subject").input_value() == "Half {{ done"
    assert page.locator(".rjf-error-text").count() == 1


def test_an_unknown_action_and_choices_that_are_gone_survive(editor, company):
    document = case("seed_new_order")
    document["steps"][0]["params"]["table"] = "invoices"
    document["steps"][1]["params"]["template"] = "old_template"
    document["steps"].append(
        {"name": "fax", "action": "fax_send", "params": {"n": 1.0, "deep": {"a": [1, "x"]}}}
    )
    definition = published_anyhow(company, document)
    editor.open(definition)

    for index in range(4):
        editor.go(f"steps/{index}")
    assert "fax_send" in editor.page.inner_text(".sayr-editor-page-head")
    editor.go("steps/1")
    editor.page.fill('[data-field="label"]', "Tell them")

    document["steps"][1]["label"] = "Tell them"
    assert editor.document() == document


def test_steps_are_added_moved_duplicated_and_deleted_with_undo(editor, company):
    definition = published(company, case("seed_new_order"))
    page = editor.open(definition).page
    editor.go("steps/2")

    page.click('.sayr-editor-card-chosen [data-tool="up"]')
    page.wait_for_selector('[data-part="steps/1"][aria-current]')
    assert editor.cards() == ["1. Confirm order", "2. Alert operations", "3. Notify customer"]

    page.click('.sayr-editor-card-chosen [data-tool="copy"]')
    page.wait_for_selector('[data-part="steps/2"][aria-current]')
    assert [step["name"] for step in editor.document()["steps"]] == [
        "confirm_order",
        "alert_operations",
        "alert_operations_2",
        "notify_customer",
    ]

    page.click('.sayr-editor-card-chosen [data-tool="trash"]')
    page.wait_for_function("document.querySelectorAll('ol.sayr-editor-cards > li').length === 3")
    page.click(".sayr-editor-toast button")
    page.wait_for_function("document.querySelectorAll('ol.sayr-editor-cards > li').length === 4")
    assert len(editor.document()["steps"]) == 4


def test_a_new_short_name_is_put_in_everywhere(editor, company):
    document = case("seed_new_order")
    document["steps"][2]["params"]["subject"] = "{{ steps.confirm_order.output.id }} steps.confirm"
    document["steps"][2]["condition"] = {
        "all": [{"field": "steps.confirm_order.status", "operator": "equals", "value": "completed"}]
    }
    definition = published(company, document)
    page = editor.open(definition).page
    editor.go("steps/0")

    page.click(".sayr-editor-expert summary")
    page.fill('[data-field="name"]', "confirmed")
    page.keyboard.press("Tab")

    mail = editor.document()["steps"][2]
    assert mail["params"]["subject"] == "{{ steps.confirmed.output.id }} steps.confirm"
    assert mail["condition"]["all"][0]["field"] == "steps.confirmed.status"


def test_a_condition_reads_as_a_sentence(editor, company):
    definition = published(company, case("seed_new_order"))
    page = editor.open(definition).page
    editor.go("steps/1")

    page.select_option(".sayr-editor-mode", "all")
    page.select_option(".sayr-editor-row-field", "trigger.total_amount")
    operators = page.locator('[data-cell="operator"] option').all_inner_texts()
    page.select_option('[data-cell="operator"]', "greater_than")
    page.fill('[data-cell="value"]', "100")
    page.click("text=Add a condition")
    page.select_option(".sayr-editor-row-field >> nth=1", "trigger.source")
    page.select_option('[data-row="1"] [data-cell="operator"]', "in")
    page.check("text=Web shop")

    assert "is greater than" in operators
    assert "begins with" not in operators
    assert editor.document()["steps"][1]["condition"] == {
        "all": [
            {"field": "trigger.total_amount", "operator": "greater_than", "value": "100"},
            {"field": "trigger.source", "operator": "in", "value": ["web"]},
        ]
    }
    editor.settled()
    assert "Total amount is greater than 100 and Source is one of Web shop" in page.inner_text(
        '[data-part="steps/1"]'
    )


def test_failure_and_retries_are_said_in_words(editor, company):
    definition = published(company, case("seed_new_order"))
    page = editor.open(definition).page
    editor.go("steps/0")

    page.select_option('[data-field="on_error"]', "continue")
    page.select_option('[data-field="retry"]', "own")
    page.get_by_label("How often in all").fill("4")

    step = editor.document()["steps"][0]
    assert step["on_error"] == "continue"
    assert step["retry"] == {"attempts": 4, "delay": "30s"}


def test_previews_show_the_last_event(editor, company):
    definition = published(company, case("seed_new_order"))
    Order.objects.create(tenant=company, number="A-1042", customer_phone="03 123 456")
    page = editor.open(definition).page
    editor.go("steps/1")

    page.wait_for_selector(".sayr-editor-preview-real")
    assert "03 123 456" in page.inner_text(".sayr-editor-preview-real >> nth=0")


def test_values_of_an_unregistered_event_are_learnt_from_what_came(editor, company):
    from workflows.services.events.fire import fire

    fire(company, "stock_counted", {"shelf": "B7", "missing": 3})
    document = {**case("seed_new_order"), "trigger_type": "stock_counted"}
    document["steps"] = document["steps"][2:]
    document["steps"][0]["params"]["subject"] = "Hello"
    definition = published(company, document)
    editor.open(definition).go("steps/0")

    editor.field("subject").fill("Shelf ")
    editor.insert(editor.field("subject"), "trigger.shelf")

    assert editor.field("subject").input_value() == "Shelf {{ trigger.shelf }}"


def test_the_json_shows_the_same_and_is_taken_over(editor, company):
    definition = published(company, case("seed_new_order"))
    page = editor.open(definition).page

    page.click('[data-tab="json"]')
    page.wait_for_function(
        "document.querySelector('.sayr-editor-json').value.includes('notify_customer')"
    )
    text = page.input_value(".sayr-editor-json")
    page.fill(".sayr-editor-json", "{ not JSON")
    page.click("text=Take over into the form")
    page.wait_for_selector(".sayr-editor-raw .sayr-editor-error:visible")
    page.fill(".sayr-editor-json", text.replace("ops@example.com", "shop@example.com"))
    page.click("text=Take over into the form")
    editor.go("steps/2")

    assert editor.field("to", 0).input_value() == "shop@example.com"


def test_sixty_steps_stay_usable(editor, company):
    document = case("seed_new_order")
    step = document["steps"][2]
    document["steps"] = [{**step, "name": f"mail_{index}"} for index in range(60)]
    definition = published(company, document)
    editor.open(definition).go("steps/59")

    editor.field("subject").fill("The last one")
    editor.save()

    definition.refresh_from_db()
    assert definition.definition["steps"][59]["params"]["subject"] == "The last one"
    assert definition.version == 2
