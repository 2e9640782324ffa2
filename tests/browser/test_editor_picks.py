"""Find the record, change it, write to its customer: built by picking only, before anything ran."""

import pytest

from actions.models.connection import Connection
from config.demo.company.models import Invoice, Payment
from tenants.models.order import Order
from tests.browser.editor import Editor
from workflows.models.definition import WorkflowDefinition

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def editor(visitor):
    return Editor(visitor())


def light(page, state):
    """Wait until the light is in a state; return what it says."""
    page.wait_for_selector(f'.sayr-editor-status[data-light="{state}"]')
    return page.inner_text(".sayr-editor-status")


def chips(field):
    row = field.locator("xpath=ancestor::div[contains(@class, 'rjf-form-row')][1]")
    return [" ".join(text.split()) for text in row.locator(".sayr-editor-chip").all_inner_texts()]


def find(editor, table, column, value, label):
    page = editor.page
    editor.add("find_records", label)
    editor.field("table").select_option(table)
    page.click(".rjf-add-button >> nth=0")
    editor.field("where", 0, "field").select_option(column)
    editor.field("where", 0, "operator").select_option("equals")
    editor.insert(editor.field("where", 0, "value"), value)
    editor.field("expect").select_option("one")


def test_a_payment_finds_its_invoice_and_tells_the_customer(editor, company, outside):
    order = {"number": "C-1019", "customer_name": "Rana", "customer_phone": "03 881 234"}
    Order.objects.create(tenant=company, total_amount="149.90", **order)
    bill = {"number": "INV-7", "order_number": "C-1019", "customer_name": "Rana"}
    Invoice.objects.create(tenant=company, amount="149.90", due_on="2026-12-24", **bill)
    Payment.objects.create(tenant=company, number="P-1", invoice_number="INV-7", amount="149.90")

    page = editor.open().page
    editor.field("name").fill("Payment received")
    page.select_option('[data-field="trigger_type"]', "payment_received")
    find(editor, "invoices", "number", "trigger.invoice_number", "Find the invoice")
    bill = "steps.find_the_invoice.output.first"
    find(editor, "orders", "number", f"{bill}.order_number", "Find the order")
    assert chips(editor.field("where", 0, "value")) == ["First: Order number C-1019"]

    page.click('[data-focus="add"]')
    page.keyboard.press("ArrowDown")
    focused = page.evaluate("document.activeElement.dataset.action")
    assert focused == page.locator(".sayr-editor-pick").first.get_attribute("data-action")
    page.keyboard.press("Escape")
    editor.add("update_record", "Mark it as paid")
    editor.field("table").select_option("invoices")
    # Nothing is said of a step that is not finished, and of a wrong record at its field.
    editor.insert(editor.field("id"), "trigger.payment_id")
    editor.field("fields", "+").select_option("status")
    page.wait_for_selector(".rjf-error-text")
    assert "Invoices" in page.inner_text(".rjf-error-text")
    editor.field("id").fill("")
    editor.insert(editor.field("id"), f"{bill}.id")
    editor.field("fields", "status").select_option("paid")

    editor.add("whatsapp_notify", "Thank the customer")
    customer = "steps.find_the_order.output.first"
    editor.insert(editor.field("phone"), f"{customer}.customer_phone")
    editor.field("template").select_option("order_confirmed")
    light(page, "problems")
    editor.insert(editor.field("template_vars", "order_id"), f"{customer}.number")
    editor.insert(editor.field("template_vars", "total"), "trigger.amount")

    assert "no active connection" in light(page, "fails")
    Connection.objects.create(
        tenant=company,
        key="whatsapp",
        name="WhatsApp",
        kind="whatsapp",
        settings={"base_url": outside.base_url, "phone_number_id": "1234"},
        secrets={"access_token": "wa-secret"},
    )
    page.fill('[data-field="label"]', "Thank them")
    assert "ran through" in light(page, "ran")
    assert "P-1" in page.inner_text(".sayr-editor-status")
    editor.save()

    made = WorkflowDefinition.objects.get()
    assert made.version == 1
    assert made.definition["steps"][2]["params"]["id"] == f"{{{{ {bill}.id }}}}"
