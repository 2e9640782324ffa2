"""A message template is shown filled in while it is written."""

import pytest
from django.urls import reverse

from actions.models.message_template import MessageTemplate
from workflows.models.run import WorkflowRun


@pytest.fixture
def mail(world):
    """A mail that nothing sends yet."""
    return MessageTemplate.objects.create(
        tenant=world.tenant, key="hello", name="Hello", channel="email", text="x"
    )


@pytest.fixture
def preview(ops, world):
    """Ask as the form does: `preview(text="…")`, `preview("preview_html", html="…")`."""

    def ask(view="preview", client=ops, **values):
        known = {"tenant": str(world.tenant.pk), "channel": "email", "language": "en"}
        address = reverse(f"admin:actions_messagetemplate_{view}")
        return client.post(address, {**known, **values})

    return ask


def test_values_of_the_last_event_are_filled_in(preview, world):
    world.make_order("A-77")

    shown = preview(subject="Order {{ trigger.order_number }}", text="Hi").json()

    assert (shown["subject"], shown["text"]) == ("Order A-77", "Hi")
    assert shown["values"] == "Values of the last event."
    assert shown["problems"] == {}


def test_without_an_event_the_values_are_made_up(preview, world):
    WorkflowRun.objects.all().delete()
    type(world.event).objects.all().delete()

    shown = preview(text="{{ trigger.customer_name }}").json()

    assert "made up" in shown["values"]
    assert "Customer name" in shown["text"]


def test_whatsapp_shows_names_until_a_step_has_sent_the_message(preview, world):
    world.make_order("A-77")

    shown = preview(channel="whatsapp", text="Order {{1}}", header_kind="document").json()

    assert shown["values"].startswith("No step has sent this message yet")
    assert "«Header: address of the file»" in shown["bubble"]


@pytest.mark.parametrize("field", ["subject", "text", "html"])
@pytest.mark.parametrize("source", ["{{ trigger.nothing_like_it }}", "{{ x | ", "{{ 1 | nope }}"])
def test_a_problem_is_named_at_its_field(field, source, preview):
    assert list(preview(**{field: source}).json()["problems"]) == [field]


@pytest.mark.parametrize(
    ("language", "direction"),
    [("en", "ltr"), ("ar", "rtl"), ("ar_LB", "rtl"), ("en_US", "ltr"), ("", "auto")],
)
def test_the_language_says_from_which_side_one_reads(language, direction, preview):
    assert preview(language=language).json()["direction"] == direction


def test_the_html_is_a_page_that_can_do_nothing(preview):
    answer = preview("preview_html", html="<p>{{ trigger.order_number }}</p><script>x()</script>")

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_values_in_html_are_escaped(preview, world):
    world.make_order("<script>alert(1)</script>")

    content = preview("preview_html", html="<p>{{ trigger.order_number }}</p>").content.decode()

    assert "<script>" not in content


def test_values_come_from_a_workflow_that_sends_it(preview, world, mail):
    document = {
        **world.definition.definition,
        "trigger_type": "order_status_changed",
        "steps": [{"name": "m", "action": "send_email", "params": {"template": "hello"}}],
    }
    type(world.definition).objects.filter(pk=world.definition.pk).update(
        definition=document, trigger_type="order_status_changed"
    )
    world.order.status = "shipped"
    world.order.save()

    shown = preview(template=str(mail.pk), text="{{ trigger.status }}").json()

    assert shown["text"] == "shipped"


def test_a_whatsapp_text_is_filled_in_by_place_and_name(preview):
    shown = preview(
        channel="whatsapp", text="Order {{1}}, {{total}}, {{3}}", parameters="order_id\ntotal"
    ).json()

    assert shown["text"] == "Order «order_id», «total», {{3}}"
    assert "{{3}}" in shown["problems"]["text"]


def test_another_companys_values_are_not_shown(preview, other_world, other_ops_user, client):
    client.force_login(other_ops_user)

    assert preview(client=client, text="x").status_code == 404


def test_only_by_post_and_only_for_those_who_may(preview, client, mail):
    assert client.get(reverse("admin:actions_messagetemplate_preview")).status_code in {302, 403}
    client.logout()
    assert preview(client=client).status_code == 302


def test_the_form_offers_values_and_says_who_uses_it(ops, world, mail, page):
    content = ops.get(page(mail)).content.decode()

    assert 'data-sayr-insert="trigger.order_number"' in content
    assert "No published workflow names this." in content
    assert ops.get(page(MessageTemplate, "add")).status_code == 200


def test_support_reads_the_form_with_its_preview(support, world, mail, page):
    answer = support.get(page(mail))

    assert answer.status_code == 200
    assert "data-sayr-preview" in answer.content.decode()
    assert "data-sayr-insert" not in answer.content.decode()
