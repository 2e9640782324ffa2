"""The step editor as a person uses it."""

import json

from django.urls import reverse

from workflows.admin.editor.form.shape import from_form
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.publish import publish


def published(tenant, document, key="a-workflow"):
    """Publish a document as an active workflow."""
    definition = WorkflowDefinition(tenant=tenant, key=key, is_active=True)
    publish(tenant, "user:rana", definition, document)
    return definition


def pressed(page, name):
    """Press a button of the form; return the page that opens beside it."""
    with page.expect_popup() as opened:
        page.click(f'button[name="{name}"]')
    opened.value.wait_for_load_state()
    return opened.value


class Editor:
    """One open page."""

    def __init__(self, page):
        self.page = page

    def open(self, definition=None):
        """Open a workflow, or the form of a new one."""
        name = "change" if definition else "add"
        args = [definition.pk] if definition else []
        self.page.goto(reverse(f"admin:workflows_workflowdefinition_{name}", args=args))
        return self.ready()

    def ready(self):
        """Wait until the editor is there."""
        self.page.wait_for_selector("[data-ready]")
        return self

    def go(self, part):
        """Choose a card."""
        self.page.click(f'[data-part="{part}"]')
        self.page.wait_for_selector(f'.sayr-editor-page[data-part="{part}"]')

    def add(self, action, label="", into=""):
        """Add a step with the picker, at the end of the main line or of the list `into`."""
        self.page.click(f'[data-focus="add {into}"]' if into else '[data-focus="add"]')
        self.page.click(f'.sayr-editor-picker [data-action="{action}"]')
        self.page.wait_for_selector('.sayr-editor-page [data-field="label"]')
        if label:
            self.page.fill('.sayr-editor-page [data-field="label"]', label)

    def field(self, *path):
        """Return a field of django-jsonform."""
        return self.page.locator(f'[name="{"§".join(["rjf", *map(str, path)])}"]')

    def insert(self, field, value):
        """Insert a value into a field, by its label and through the panel."""
        row = field.locator("xpath=ancestor::div[contains(@class, 'rjf-form-row')][1]")
        row.locator(".sayr-editor-tools button").first.click()
        self.page.click(f'.sayr-editor-value[data-path="{value}"]')
        self.page.keyboard.press("Escape")

    def settled(self):
        """Wait until the check has answered."""
        self.page.wait_for_selector('.sayr-editor[data-checked="true"]')
        self.drawn()

    def drawn(self):
        """Wait until the flow shows what was done."""
        frames = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        self.page.evaluate(frames)

    def save(self, note="A change"):
        """Publish, until the page is there again."""
        if not self.page.input_value('input[name="note"]'):
            self.page.fill('input[name="note"]', note)
        with self.page.expect_navigation():
            self.page.click('input[name="_continue"]')
        return self.ready()

    def save_draft(self):
        """Save a draft, until the page is there again."""
        with self.page.expect_navigation():
            self.page.click('input[name="_draft"]')
        return self.ready()

    def build_the_first_workflow(self):
        """Build case C0 from an empty form, by clicking and typing only; return the page."""
        page = self.open().page
        self.field("name").fill("New Order Processing")
        page.select_option('[data-field="trigger_type"]', "new_order")

        self.add("update_record", "Confirm order")
        self.field("table").select_option("orders")
        self.insert(self.field("id"), "trigger.order_id")
        self.field("fields", "+").select_option("status")
        self.field("fields", "status").select_option("confirmed")

        self.add("whatsapp_notify", "Notify customer")
        self.insert(self.field("phone"), "trigger.customer_phone")
        self.field("template").select_option("order_confirmed")
        self.insert(self.field("template_vars", "order_id"), "trigger.order_id")
        self.insert(self.field("template_vars", "total"), "trigger.total_amount")
        page.select_option('[data-field="on_error"]', "continue")

        self.add("send_email", "Alert operations")
        page.click(".rjf-add-button >> nth=0")
        self.field("to", 0).fill("ops@example.com")
        self.field("subject").fill("New Order: ")
        self.insert(self.field("subject"), "trigger.order_id")
        self.field("template").select_option("ops_new_order_summary")
        return page

    def document(self):
        """Return the document that the page would post now."""
        return from_form(json.loads(self.page.input_value(".sayr-editor-source")))

    def messages(self):
        """Return what the page says after saving."""
        return self.page.locator(".messagelist").all_inner_texts()

    def cards(self):
        """Return the titles of the steps in the flow."""
        return self.page.locator("ol.sayr-editor-cards .sayr-editor-card-title").all_inner_texts()
