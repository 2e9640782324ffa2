"""The WhatsApp templates that come with Sayr: registered with the strict stand-in, and taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.errors import PermanentFailure
from actions.models.message_template import MessageTemplate
from actions.sandbox import whatsapp
from actions.sandbox.registration import register, registration, registrations
from actions.sandbox.sandbox import Sandbox
from actions.sandbox.whatsapp_templates import Registrations
from actions.whatsapp.faults import faults
from actions.whatsapp.letter import letter
from config.demo.seed import messages
from tests.support.tenants import make_tenant
from workflows.services.onboarding import gallery

LANGUAGES = ("en", "ar")


def of_gallery(language):
    for ready in (entry.in_language(language) for entry in gallery.entries()):
        for one in ready.templates:
            if one["channel"] == "whatsapp":
                yield MessageTemplate(language=language, **one)


READY = [(language, row) for language in LANGUAGES for row in of_gallery(language)]


def answer_to(known, given):
    registered = Registrations()
    registered.put({known.name: registration(known)})
    return whatsapp.reply(letter("+9613123456", known, given).body(), "Bearer x", 1, registered)


@pytest.mark.parametrize(("language", "row"), READY, ids=lambda one: str(getattr(one, "key", one)))
def test_a_template_of_the_gallery_could_be_registered_and_is_taken(language, row):
    known = row.registered

    assert faults(known, row.parameter_format) == []
    assert answer_to(known, dict.fromkeys(row.parameters, "x")).status == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_demos_template_could_be_registered_and_is_taken(db, language):
    tenant = make_tenant("demo", language=language)
    messages.add_messages(tenant)
    row = MessageTemplate.objects.get(tenant=tenant, channel="whatsapp")

    assert faults(row.registered) == []
    assert answer_to(row.registered, {"order_id": "1001", "total": "9.90"}).status == 200


def test_what_is_saved_beside_a_sandbox_is_registered_with_it(
    tenant, settings, django_capture_on_commit_callbacks
):
    with Sandbox(smtp=None) as sandbox:
        settings.SAYR = {**settings.SAYR, "ACTIONS": {"SANDBOX_URL": sandbox.base_url}}
        with django_capture_on_commit_callbacks(execute=True):
            hello = MessageTemplate(tenant=tenant, key="hello", channel="whatsapp", text="Hi {{1}}")
            hello.parameters = ["name"]
            hello.save()
            MessageTemplate(tenant=tenant, key="mail", channel="email", text="Hi").save()

        assert sandbox.journal.templates.names() == ["hello"]
        assert sandbox.journal.templates.find("hello", "en").body == "Hi {{1}}"


def test_a_sandbox_that_is_off_hinders_nobody():
    with Sandbox(smtp=None) as sandbox:
        gone = sandbox.base_url

    register(gone, [MessageTemplate(key="hello", channel="whatsapp", text="Hi")])


def test_a_template_without_a_copy_of_its_text_is_registered_by_its_values():
    rows = [
        MessageTemplate(key="a", channel="whatsapp", parameters=["x", "y"]),
        MessageTemplate(key="b", channel="whatsapp", parameters=["x"], parameter_format="named"),
    ]

    found = registrations(rows)

    assert found["a"][0]["components"] == [{"type": "BODY", "text": "{{1}} {{2}}"}]
    assert found["b"][0]["components"] == [{"type": "BODY", "text": "{{x}}"}]


BUTTONS = [{"kind": "url", "text": "Track", "target": "https://shop.example/t/{{1}}"}]
ANY = MessageTemplate(
    key="t",
    language="en",
    text="Order {{1}}",
    parameters=["order"],
    header_kind="image",
    buttons=[*BUTTONS, {"kind": "copy_code"}],
).registered
VALUES = {
    "order": "1",
    "header_link": "https://files.example/a.png",
    "button_1": "1",
    "button_2": "A1",
}


@given(st.sampled_from(sorted(VALUES)), st.text(max_size=80))
def test_whatever_a_value_holds_it_is_refused_before_or_taken(key, value):
    try:
        taken = answer_to(ANY, {**VALUES, key: value}).status
    except PermanentFailure as failure:
        taken = (failure.code.partition("_")[0], failure.params["name"])

    assert taken in (200, ("template", key))
