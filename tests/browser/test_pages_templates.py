"""Operations write a message and see it as its reader will."""

import pytest
from playwright.sync_api import expect

from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from tenants.models.user import User
from tests.workflows.admin.conftest import World
from workflows.services.messages.publishing import make_template

pytestmark = pytest.mark.browser


@pytest.fixture
def page(visitor, company):
    """The form of a mail, with an order to fill in."""
    World(company).make_order("C-1042", customer_name="Rami <b>Haddad</b>")
    mail = MessageTemplate.objects.get(tenant=company, key="ops_new_order_summary")
    page = visitor("ops")
    page.goto(f"/admin/actions/messagetemplate/{mail.pk}/change/")
    return page


def test_what_is_typed_is_shown_filled_in(page):
    page.get_by_label("Subject:", exact=True).fill("Order {{ trigger.order_number }}")

    expect(page.locator("[data-sayr-subject]")).to_have_text("Order C-1042")


def test_a_value_is_put_in_where_one_writes(page):
    page.get_by_label("Text:", exact=True).fill("Dear ")
    page.get_by_text("Insert a value").click()
    page.get_by_role("button", name="Customer name").click()

    expect(page.get_by_label("Text:", exact=True)).to_have_value("Dear {{ trigger.customer_name }}")
    expect(page.locator("[data-sayr-text]")).to_have_text("Dear Rami <b>Haddad</b>")


def test_html_is_shown_in_a_frame_that_can_do_nothing(page):
    page.get_by_label("HTML:", exact=True).fill("<h1>{{ trigger.customer_name }}</h1>")

    frame = page.frame_locator("[data-sayr-frame] iframe")
    expect(frame.locator("h1")).to_have_text("Rami <b>Haddad</b>")
    expect(page.locator("iframe")).to_have_attribute("sandbox", "")


def test_a_mistake_is_named_at_its_field_while_one_writes(page):
    page.get_by_label("Subject:", exact=True).fill("{{ trigger.number_of_order }}")

    expect(page.locator(".field-subject .errorlist")).to_contain_text("trigger.number_of_order")

    page.get_by_label("Subject:", exact=True).fill("Order")
    expect(page.locator(".field-subject .errorlist")).to_have_count(0)


def test_an_arabic_text_reads_from_the_right(page):
    page.get_by_label("Language:").fill("ar")

    expect(page.locator("[data-sayr-text]")).to_have_attribute("dir", "rtl")
    expect(page.get_by_label("Text:", exact=True)).to_have_attribute("dir", "rtl")


def test_the_wording_of_a_mail_is_changed_seen_published_and_sent(
    visitor, company, outside, settings
):
    """As somebody of operations does it, by clicking and typing only."""
    allowed = [f"127.0.0.1:{outside.smtp_port}"]
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": allowed}}
    server = {"host": "127.0.0.1", "port": outside.smtp_port, "sender": "shop@cedar.example"}
    Connection.objects.create(tenant=company, key="m", name="M", kind="smtp", settings=server)
    User.objects.filter(username="ops").update(email="ops@cedar.example")
    outside.journal.forget()
    World(company).make_order("C-1042", customer_name="Rami Haddad")
    subject = "Order {{ trigger.order_number }}"
    mail = make_template(
        company, "demo", key="wording", name="The wording", channel="email", language="en",
        subject=subject, body="Please call.",
    )  # fmt: skip
    page = visitor("ops")
    page.goto("/admin/actions/messagetemplate/")
    page.get_by_role("link", name="The wording").click()

    message = page.get_by_label("Message:", exact=True)
    message.fill("Please ring ")
    page.get_by_text("Insert a value").click()
    page.get_by_role("button", name="Customer name").click()
    message.select_text()
    page.get_by_role("button", name="Bold").click()

    frame = page.frame_locator("[data-sayr-frame] iframe")
    expect(frame.locator("strong")).to_have_text("Please ring Rami Haddad")
    expect(page.locator("[data-sayr-subject]")).to_have_text("Order C-1042")
    page.get_by_role("button", name="Send me a test").click()
    expect(page.locator("[data-sayr-tested]")).to_contain_text("Sent to ops@cedar.example")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".messagelist")).to_contain_text("Version 2 is published.")

    page.get_by_role("link", name="Versions").click()
    expect(page.locator("#content")).to_contain_text("“Please call.” became")
    found = MessageTemplate.objects.get(pk=mail.pk)
    [tried] = outside.journal.received("smtp")
    assert (found.version, found.text) == (2, "Please ring {{ trigger.customer_name }}\n")
    assert "<strong>Please ring Rami Haddad</strong>" in tried.html


def test_whatsapp_shows_a_message_and_hides_what_a_mail_has(page):
    page.get_by_label("Channel:").select_option("whatsapp")
    page.get_by_label("Text:", exact=True).fill("Order {{1}}")
    page.get_by_label("Values it takes:").fill("order_id")

    expect(page.locator("[data-sayr-bubble]")).to_have_text("Order «order_id»")
    expect(page.get_by_label("Subject:", exact=True)).to_be_hidden()


def test_a_whatsapp_template_is_entered_as_it_is_registered(page):
    page.get_by_label("Channel:").select_option("whatsapp")
    page.get_by_label("Header:", exact=True).select_option("text")
    page.get_by_label("Text of the header:").fill("Hello {{1}}")
    page.get_by_label("Text:", exact=True).fill("Order {{1}}")
    page.get_by_label("Footer:").fill("Cedar")
    page.get_by_role("button", name="Add a button").click()
    row = page.locator("[data-sayr-button]:visible")
    row.get_by_label("What it does").select_option("url")
    row.get_by_label("What stands on it").fill("Track")
    row.get_by_label("Address or number").fill("https://shop.example/{{1}}")

    bubble = page.locator("[data-sayr-bubble]")
    expect(bubble.locator(".sayr-bubble-header")).to_have_text("Hello «Header: value»")
    expect(bubble.locator(".sayr-bubble-text")).to_have_text("Order «value_1»")
    expect(bubble.locator(".sayr-bubble-footer")).to_have_text("Cedar")
    expect(bubble.locator("li")).to_contain_text("https://shop.example/«Button 1»")

    page.get_by_label("Header:", exact=True).select_option("image")
    expect(page.get_by_label("Text of the header:")).to_be_hidden()
    expect(bubble.locator(".sayr-bubble-media")).to_contain_text("Picture")
