"""A message is written beside what is sent: drafts, versions, the second of two people, tests."""

import pytest
from django.urls import reverse

from actions.errors import PermanentFailure
from actions.message_templates import find_template
from actions.models.connection import Connection
from actions.models.message_template import Channel, MessageTemplate
from actions.spec import ActionContext
from workflows.models.definition import WorkflowDefinition
from workflows.services.messages.publishing import (
    composed,
    make_template,
    publish,
    versions_of,
)
from workflows.services.messages.trial import MAX_TRIALS

FORM = {
    "name": "Hello",
    "channel": "email",
    "language": "en",
    "written_as": "formatted",
    "subject": "S",
}


@pytest.fixture
def mail(world):
    """A mail that was published twice."""
    made = make_template(
        world.tenant, "user:rana", key="hello", name="Hello", channel="email", language="en",
        subject="Order {{ trigger.order_number }}", body="One **word**",
    )  # fmt: skip
    return publish(made, "user:ops", {**made.content, "subject": "Your order"})


@pytest.fixture
def send(ops, page, mail):
    """Send the form as its page would: `send("_publish", body="…")`."""

    def post(button, **values):
        seen = MessageTemplate.objects.get(pk=mail.pk).revision
        data = {**FORM, "seen_revision": seen, button: "1", **values}
        return ops.post(page(mail), data, follow=True)

    return post


def sent(mail):
    """Return what a step finds."""
    context = ActionContext(mail.tenant.facts(), mail.pk, "s", "k", 1.0, lambda source: source)
    return find_template(context, Channel.EMAIL, mail.key)


def test_a_draft_changes_nothing_for_steps_until_it_is_published(send, mail):
    send("_continue", body="Two words")

    assert "One" in sent(mail).text
    stored = MessageTemplate.objects.get(pk=mail.pk)
    assert (stored.version, stored.draft["body"]) == (2, "Two words")

    answer = send("_publish", body="Two words")

    found = sent(mail)
    assert (found.text, found.version, found.draft) == ("Two words\n", 3, None)
    assert ">Two words</p>" in found.html
    assert "Version 3 is published." in answer.content.decode()


def test_one_that_was_never_published_is_found_by_no_step(ops, page, tenant):
    data = {"tenant": tenant.pk, "key": "new", "body": "Hi", **FORM}
    ops.post(page(MessageTemplate, "add"), {**data, "_continue": "1"})

    made = MessageTemplate.objects.get(key="new")
    with pytest.raises(PermanentFailure, match="template_unknown"):
        sent(made)

    ops.post(page(made), {**FORM, "body": "Hi", "seen_revision": 1, "_publish": "1"})
    assert sent(made).text == "Hi\n"


def test_the_page_shows_the_draft_and_says_whose_it_is_and_what_it_changes(send, mail):
    content = send("_continue", body="Two words").content.decode()

    assert "You see a draft by <bdi>ops</bdi>" in content
    assert "Steps send version 2 until the draft is published." in content
    assert "Message: “One **word**” became “Two words”." in content
    assert ">\nTwo words</textarea>" in content


def test_what_a_form_does_to_the_ends_of_lines_is_no_change(send, world):
    mail = publish(
        MessageTemplate.objects.get(key="hello"), "user:ops", composed({"body": "One\n\nTwo\n"})
    )
    send("_continue", body="One\r\n\r\nTwo", subject="")

    assert MessageTemplate.objects.get(pk=mail.pk).draft is None


def test_a_discarded_draft_leaves_what_is_published(ops, send, mail):
    send("_continue", body="Two words")

    ops.post(reverse("admin:actions_messagetemplate_discard", args=[mail.pk]))

    stored = MessageTemplate.objects.get(pk=mail.pk)
    assert (stored.draft, stored.body, stored.version) == (None, "One **word**", 2)


def test_the_second_of_two_people_is_told_and_may_insist(send, mail):
    send("_continue", body="Mine")

    second = send("_publish", body="Yours", seen_revision=mail.revision)

    assert "ops saved this message meanwhile" in second.content.decode()
    assert sent(mail).version == 2
    shown = second.context["adminform"].form
    assert (shown["body"].value(), shown["seen_revision"].value()) == ("Yours", "3")
    send("_publish", body="Yours", seen_revision=shown["seen_revision"].value())
    assert sent(mail).text == "Yours\n"


def test_versions_say_who_and_what_changed_and_one_can_be_published_again(ops, send, mail):
    send("_continue", body="A draft")
    address = reverse("admin:actions_messagetemplate_versions", args=[mail.pk])

    content = ops.get(address).content.decode()

    assert content.index("Version 2") < content.index("Version 1")
    assert "rana" in content
    assert "Subject: “Order {{ trigger.order_number }}” became “Your order”." in content
    revision = MessageTemplate.objects.get(pk=mail.pk).revision
    back = reverse("admin:actions_messagetemplate_go_back", args=[mail.pk, 1])
    ops.post(back, {"revision": revision})
    stored = MessageTemplate.objects.get(pk=mail.pk)
    assert (stored.version, stored.subject) == (3, "Order {{ trigger.order_number }}")
    assert stored.draft["body"] == "A draft"
    # The page of a colleague who looked before is too old.
    ops.post(back, {"revision": revision})
    assert MessageTemplate.objects.get(pk=mail.pk).version == 3


def test_what_is_published_from_before_versions_can_be_gone_back_to(world):
    old = MessageTemplate.objects.create(
        tenant=world.tenant, key="old", name="Old", channel="email", text="Before"
    )
    assert [(one.version, one.content["text"]) for one in versions_of(old)] == [(1, "Before")]

    publish(old, "user:ops", {**old.content, "text": "After"})

    assert [(one.version, one.content["text"]) for one in versions_of(old)] == [
        (2, "After"),
        (1, "Before"),
    ]


def test_a_mail_with_two_texts_keeps_both(send, mail):
    send("_publish", written_as="html", text="Plain", html="<p>Rich</p>", body="left over")

    found = sent(mail)
    assert (found.body, found.text, found.html) == ("", "Plain", "<p>Rich</p>")


def test_both_languages_are_kept_and_a_step_takes_the_one_it_asks_for(send, mail):
    send("_publish", body="Hello", other_subject="طلب", other_body="**مرحبا**")

    found = sent(mail)
    assert found.in_language("ar-LB")["text"] == "مرحبا\n"
    assert 'dir="rtl"' in found.in_language("ar")["html"]
    assert found.in_language("ar")["subject"] == "طلب"
    assert found.in_language("")["text"] == found.in_language("fr")["text"] == "Hello\n"


@pytest.mark.parametrize("field", ["body", "other_body", "other_subject", "subject"])
def test_a_mistake_is_named_at_its_text(field, send, mail):
    values = {"body": "a", "other_subject": "b", "other_body": "c", field: "{{ x | no_such }}"}

    errors = send("_publish", **values).context["adminform"].form.errors

    assert list(errors) == [field]
    assert sent(mail).version == 2


def test_the_page_says_which_steps_have_a_subject_of_their_own(ops, page, world, mail):
    params = {"template": "hello", "subject": "Own {{ trigger.order_number }}", "to": ["a@b.c"]}
    steps = [{"name": "tell", "label": "Tell them", "action": "send_email", "params": params}]
    rows = WorkflowDefinition.objects.filter(pk=world.definition.pk)
    rows.update(definition={**world.definition.definition, "steps": steps})

    content = ops.get(page(mail)).content.decode()

    assert "These steps say their own:" in content
    assert "Own {{ trigger.order_number }}" in content


@pytest.fixture
def posted(ops, ops_user, tenant, outside, settings):
    """Ask for a test mail as the page does; the company's mail goes to the sandbox."""
    outside.journal.forget()
    allowed = [f"127.0.0.1:{outside.smtp_port}"]
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": allowed}}
    server = {"host": "127.0.0.1", "port": outside.smtp_port, "sender": "shop@cedar.example"}
    Connection.objects.create(tenant=tenant, key="m", name="m", kind="smtp", settings=server)
    ops_user.email = "ops@cedar.example"
    ops_user.save()

    def ask(client=ops, **values):
        data = {"tenant": str(tenant.pk), "channel": "email", "language": "en", **values}
        return client.post(reverse("admin:actions_messagetemplate_send_test"), data)

    return ask


def test_a_test_goes_to_whoever_asks_with_real_values(posted, world, outside):
    world.make_order("A-77")
    said = posted(subject="Order {{ trigger.order_number }}", body="**Hi**").json()

    [received] = outside.journal.received("smtp")
    assert (received.to, received.sender) == ("ops@cedar.example", "shop@cedar.example")
    assert received.subject == "Test: Order A-77"
    assert "<strong>Hi</strong>" in received.html
    assert said == {
        "said": "Sent to ops@cedar.example, with values of the last event.",
        "is_sent": True,
    }


def test_tests_are_counted_and_refused_in_words(posted, world, outside, ops_user):
    answers = [posted(subject="S", body="x").json() for _one in range(MAX_TRIALS + 1)]

    assert [one["is_sent"] for one in answers] == [True] * MAX_TRIALS + [False]
    assert "Wait some minutes" in answers[-1]["said"]
    assert len(outside.journal.received("smtp")) == MAX_TRIALS
    assert "First correct" in posted(subject="{{ x | nope }}", body="x").json()["said"]
    ops_user.email = ""
    ops_user.save()
    assert "no mail address" in posted(subject="S", body="x").json()["said"]


def test_only_operations_send_tests_publish_and_go_back(posted, support, other_world, mail):
    assert posted(client=support, body="x").status_code == 403
    assert posted(tenant=str(other_world.tenant.pk), body="x").status_code == 403
    for name, more in (("discard", []), ("go_back", [1])):
        address = reverse(f"admin:actions_messagetemplate_{name}", args=[mail.pk, *more])
        assert support.post(address, {"revision": mail.revision}).status_code == 403
    assert MessageTemplate.objects.get(pk=mail.pk).version == 2
