"""Steps inside steps: an action that holds some needs nothing but its definition."""

import pytest

from actions import registry
from actions.spec import Effect
from tests.browser.editor import Editor
from workflows.models.definition import WorkflowDefinition

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CASE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "label": {"type": "string", "title": "Label", "x-no-template": True},
        "condition": {"title": "When", "x-condition": True},
        "steps": {"type": "array", "title": "Then", "x-steps": True},
    },
}
PARAMS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "cases": {"type": "array", "title": "Cases", "items": CASE},
        "otherwise": {"type": "array", "title": "Otherwise", "x-steps": True},
    },
}
BIG = {"all": [{"field": "trigger.total_amount", "operator": "greater_than", "value": "100"}]}


def mail(name, subject="Hello"):
    params = {"to": ["a@example.com"], "text": "x", "subject": subject}
    return {"name": name, "action": "send_email", "params": params}


@pytest.fixture
def document(monkeypatch):
    """A document whose only step holds a case with two steps, and others for the rest."""
    registry.load()
    monkeypatch.setattr(registry, "_specs", dict(registry._specs))
    declare = registry.action(
        "choose_way",
        label="Choose a way",
        description="Goes one of several ways.",
        params=PARAMS,
        effect=Effect.REPEATABLE,
    )
    declare(lambda params, context: params)
    cases = [{"label": "Big ones", "condition": BIG, "steps": [mail("one"), mail("two")]}]
    params = {"cases": cases, "otherwise": [mail("three")]}
    steps = [{"name": "way", "action": "choose_way", "params": params}]
    return {"name": "Ways", "trigger_type": "new_order", "steps": steps}


@pytest.fixture
def editor(visitor, company, document):
    row = WorkflowDefinition.objects.create(
        tenant=company, key="ways", name="Ways", definition=document, version=1
    )
    return Editor(visitor()).open(row)


def test_looking_at_nested_steps_changes_nothing(editor, document):
    for part in ("steps/0", "steps/0/params/cases/0", "steps/0/params/cases/0/steps/1"):
        editor.go(part)

    assert editor.document() == document


def test_nested_steps_and_conditions_are_edited(editor, document):
    page = editor.page
    editor.go("steps/0/params/cases/0")
    page.fill('[data-cell="value"]', "200")
    editor.go("steps/0/params/cases/0/steps/1")
    editor.field("subject").fill("Changed")
    page.click('.sayr-editor-card-chosen [data-tool="up"]')
    page.wait_for_selector('[data-part="steps/0/params/cases/0/steps/0"][aria-current]')
    page.click('[data-focus="add steps/0/params/otherwise"]')
    page.click('.sayr-editor-picker [data-action="webhook"]')

    params = editor.document()["steps"][0]["params"]
    assert params["cases"][0]["condition"]["all"][0]["value"] == "200"
    assert [step["name"] for step in params["cases"][0]["steps"]] == ["two", "one"]
    assert params["cases"][0]["steps"][0]["params"]["subject"] == "Changed"
    assert [step["name"] for step in params["otherwise"]] == ["three", "webhook"]


def test_a_case_is_added(editor, document):
    editor.page.click("text=Add: Cases")
    editor.page.wait_for_selector('.sayr-editor-page[data-part="steps/0/params/cases/1"]')
    editor.field("label").fill("Small ones")

    assert editor.document()["steps"][0]["params"]["cases"][1]["label"] == "Small ones"
