"""Try before it is live: a test whose approval is answered, past events with a difference."""

import pytest

from tenants.models.order import Order
from tests.browser.accessibility import grave_findings
from tests.browser.editor import Editor, pressed, published
from workflows.models.approval import WorkflowApproval
from workflows.models.rehearsal import WorkflowRehearsal
from workflows.models.run import WorkflowRun
from workflows.services.dry_run import backtest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def step(name, action, label, **params):
    return {"name": name, "label": label, "action": action, "params": params}


def confirm(status):
    return step(
        "confirm",
        "update_record",
        "Confirm the order",
        table="orders",
        id="{{trigger.order_id}}",
        fields={"status": status},
    )


DOCUMENT = {
    "name": "Ask first",
    "trigger_type": "new_order",
    "steps": [
        step(
            "ask",
            "approval",
            "Ask the manager",
            title="Accept order {{trigger.order_number}}?",
            approvers=["role:operations"],
            choices=[{"key": "yes", "label": "Accept it"}, {"key": "no", "label": "Refuse it"}],
            form=[{"key": "why", "label": "Reason", "type": "text"}],
        ),
        confirm("confirmed"),
        step(
            "note",
            "log_note",
            "Note",
            text="{{steps.ask.output.choice}}: {{steps.ask.output.answers.why}}",
        ),
    ],
}


@pytest.fixture
def definition(company):
    return published(company, DOCUMENT)


@pytest.fixture
def order(definition, company):
    return Order.objects.create(tenant=company, number="C-77", total_amount="250.00")


def test_a_draft_is_tested_and_its_approval_answered(visitor, definition, order):
    page = visitor()
    editor = Editor(page).open(definition)
    editor.go("steps/2")
    page.fill('.sayr-editor-page [data-field="label"]', "Write it down")
    editor.settled()
    before = (WorkflowRun.objects.count(), WorkflowApproval.objects.count())

    test = pressed(page, "_try")

    assert "Nothing is sent, and nothing is changed" in test.inner_text(".sayr-test-banner")
    assert "Accept order C-77?" in test.inner_text("#sayr-question")
    assert "Write it down" in test.inner_text(".sayr-timeline")
    test.fill("#sayr-field-why", "A good customer")
    test.click("text=Accept it")
    test.wait_for_selector("#sayr-question", state="detached")
    assert "It would send nothing." in test.inner_text(".sayr-story")
    test.click("#sayr-values-3 summary")
    assert "yes: A good customer" in test.inner_text("#sayr-values-3")
    assert grave_findings(test) == []
    test.click("text=Forget the answers, and begin again")
    test.click("text=Refuse it")
    test.wait_for_selector("#sayr-question", state="detached")

    order.refresh_from_db()
    assert order.status == "new"
    assert (WorkflowRun.objects.count(), WorkflowApproval.objects.count()) == before
    definition.refresh_from_db()
    assert definition.draft is None


def test_a_backtest_finds_what_differs(visitor, definition, order, monkeypatch):
    tasks = []
    monkeypatch.setattr(backtest, "async_task", lambda _task, key: tasks.append(key))
    page = visitor()
    Editor(page).open(definition)
    changed = {**DOCUMENT, "steps": [confirm("cancelled")]}
    trying = pressed(page, "_backtest")
    # What the form held is what is tried: here a draft that confirms otherwise.
    WorkflowRehearsal.objects.update(document=changed)

    trying.click("text=Try it on them")
    trying.wait_for_selector("progress")
    backtest.work(tasks.pop())
    trying.wait_for_selector("text=Tried on 1 event.")

    assert "1 event is treated otherwise" in trying.inner_text("#content-main")
    assert "Records are changed otherwise" in trying.inner_text(".sayr-differences")
    assert grave_findings(trying) == []
    trying.click(".sayr-differences a")
    trying.wait_for_selector(".sayr-backtest-sides")
    draft, published_side = trying.locator(".sayr-backtest-sides > section").all_inner_texts()
    assert "The draft" in draft
    assert "Ask the manager" in published_side
    assert "Ask the manager" not in draft
    assert grave_findings(trying) == []
    order.refresh_from_db()
    assert order.status == "new"
