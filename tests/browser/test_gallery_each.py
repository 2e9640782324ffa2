"""Every ready workflow by clicking: from its card into the editor, tested, published, live."""

import pytest
from django.utils import timezone

from actions.models.connection import Connection
from config.demo.company.models import Invoice, Payment, Product, Refund, Signup
from tests.browser.editor import Editor, pressed
from tests.support.company import Company
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.services.dry_run.samples import sample_payload
from workflows.services.onboarding import gallery

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GALLERY = "/admin/workflows/workflowdefinition/gallery/"
LIST = "/admin/workflows/workflowdefinition/"
QUESTIONS = 5  # more than any ready workflow asks in one run
# One that asks nobody, and one that asks. What each of them does is tested by the service.
TRIED = ("new-order-processing", "refund-approval")
CUSTOMER = {"customer_name": "Rami Haddad", "customer_email": "rami@example.com"}


@pytest.fixture
def trader(company, outside, settings):
    """The company with everything connected to the sandbox, and a record of each kind."""
    outside.journal.forget()
    allowed = [outside.host_and_port, f"127.0.0.1:{outside.smtp_port}"]
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": allowed}}
    Connection.objects.filter(tenant=company).delete()
    trader = Company(company, outside)
    trader.connect()
    books = {"base_url": f"{outside.base_url}/hook/accounting/"}
    Connection.objects.create(
        tenant=company, key="accounting", name="Books", kind="http", settings=books
    )
    # No record fires this event, so its sample is made up: here is the order that it names.
    risky = sample_payload(company, "order_risk_analyzed")
    trader.order(number=risky["order_number"], **CUSTOMER)
    asked = {"tenant": company, "amount": "480", **CUSTOMER}
    Invoice.objects.create(number="I-1", due_on=timezone.localdate(), **asked)
    Refund.objects.create(order_number="C-1", reason="Broken", **asked)
    Payment.objects.create(tenant=company, number="P-1", invoice_number="I-1", amount="480")
    low = {"quantity": 3, "supplier_email": "supplier@example.com"}
    Product.objects.create(tenant=company, sku="TS-M", title="T-shirt", **low)
    Signup.objects.create(tenant=company, business="Cedar Cafe", email="rami@example.com")
    return trader


def start(page, ready):
    """Start from the card; return the editor, which has nothing to find fault with."""
    page.goto(GALLERY)
    card = page.locator(".sayr-gallery > li", has_text=ready.sentence)
    card.get_by_role("button", name="Start from this").click()
    editor = Editor(page).ready()
    assert "This is your draft." in page.inner_text(".messagelist")
    assert page.locator(".messagelist .warning").all_inner_texts() == []
    return editor


def rename_first_step(editor):
    """Write something, and have it checked: so the problems shown are those of the whole form."""
    editor.go("steps/0")
    label = editor.page.input_value('.sayr-editor-page [data-field="label"]')
    editor.page.fill('.sayr-editor-page [data-field="label"]', f"{label}!")
    editor.settled()
    assert editor.page.inner_text(".sayr-editor-status").startswith("Nothing to correct.")
    return f"{label}!"


def answer_all(test):
    """Answer whatever the test asks, the first answer that is offered, until it asks no more."""
    for _question in range(QUESTIONS):
        if test.locator("#sayr-question").count() == 0:
            return
        with test.expect_navigation():
            test.locator("#sayr-question .sayr-act-buttons button").first.click()
    raise AssertionError("the test asks for ever")


def try_out(page, first):
    """Test it; the page that opens tells what each step would do, and that this is a test."""
    test = pressed(page, "_try")
    answer_all(test)
    assert "Nothing is sent" in test.inner_text(".sayr-test-banner")
    assert test.locator(".sayr-timeline-test h3").first.inner_text() == first
    assert test.locator(".sayr-problems, .sayr-error").all_inner_texts() == []
    assert "Completed" in test.inner_text(".sayr-story")
    test.close()


def publish(editor, note):
    """Switch it on and publish; the page shows the version with its note."""
    editor.save(note)
    assert editor.messages()[0].startswith("Version 1 is published and on")
    assert note in editor.page.locator(".sayr-versions > li").inner_text()


def test_every_ready_workflow_is_opened_tested_and_published(visitor, trader):
    page = visitor()
    for entry in gallery.entries():
        ready = entry.in_language("en")
        editor = start(page, ready)
        first = rename_first_step(editor)
        if entry.key in TRIED:
            try_out(page, first)
        publish(editor, f"Begun with {ready.name}")

    page.goto(LIST)
    for entry in gallery.entries():
        row = page.locator("#result_list tbody tr", has_text=entry.in_language("en").name)
        assert row.locator(".sayr-badge-started", has_text="On").count() == 1, entry.key
        assert "Draft" not in row.inner_text(), entry.key
        made = WorkflowDefinition.objects.get(tenant=trader.tenant, key=entry.key)
        assert (made.version, made.is_active, made.draft) == (1, True, None)
    assert WorkflowRun.objects.count() == 0
    assert trader.outside.journal.received() == []
