"""The mistakes of a text are named where they are."""

import pytest

from actions.models.message_template import MessageTemplate

MAIL = {
    "name": "Hello",
    "key": "hello",
    "channel": "email",
    "language": "en",
    "subject": "Order {{ trigger.order_number }}",
    "text": "Hello",
}


@pytest.fixture
def add(ops, tenant, page):
    """Send the form of a new template."""

    def send(**values):
        data = {"tenant": tenant.pk, **MAIL, **values}
        return ops.post(page(MessageTemplate, "add"), data)

    return send


def test_a_template_is_stored_with_its_writer(add, tenant, ops_user):
    assert add().status_code == 302

    template = MessageTemplate.objects.get()
    assert (template.tenant, template.key, template.updated_by) == (tenant, "hello", ops_user)


@pytest.mark.parametrize("field", ["subject", "text", "html"])
def test_a_mistake_in_a_text_is_named_at_the_text(field, add):
    answer = add(**{field: "{{ trigger.name | no_such_filter }}"})

    assert list(answer.context["adminform"].form.errors) == [field]
    assert "no_such_filter" in str(answer.context["adminform"].form.errors[field])
    assert not MessageTemplate.objects.exists()


def test_parameters_are_written_one_a_line(add):
    add(channel="whatsapp", text="Order {{1}}, {{2}}", parameters="order_id\r\n\r\n total \r\n")

    assert MessageTemplate.objects.get().parameters == ["order_id", "total"]


def test_a_name_that_stands_there_twice_is_refused(add):
    answer = add(channel="whatsapp", parameters="a\na")

    assert "parameters" in answer.context["adminform"].form.errors


def test_the_same_key_twice_is_a_mistake_of_the_form(add, world):
    answer = add(key=world.secret)

    assert "There is already a message template with this key." in answer.content.decode()


def test_the_key_of_a_made_template_stays(ops, world, page):
    ops.post(page(world.template), {**MAIL, "key": "other"})

    world.template.refresh_from_db()
    assert (world.template.key, world.template.name) == (world.secret, "Hello")


WHATSAPP = {"channel": "whatsapp", "text": "Order {{1}}", "parameters": "order_id"}
URL = {"buttons-0-kind": "url", "buttons-0-text": "Track"}
# What is entered, and the field at which it is refused.
WRONG = {
    "a gap between numbers": ({"text": "{{1}} {{3}}", "parameters": "a\nb"}, "text"),
    "numbers and names": ({"text": "{{1}} {{name}}", "parameters": "a\nname"}, "text"),
    "a path of ours": ({"text": "{{ trigger.order_id }}", "parameters": "a"}, "text"),
    "a name in capitals": ({"text": "{{Name}}", "parameters": "Name"}, "text"),
    "a text that is too long": ({"text": "x" * 1025, "parameters": ""}, "text"),
    "too few names": ({"text": "{{1}} {{2}}"}, "parameters"),
    "too many names": ({"parameters": "a\nb"}, "parameters"),
    "names of nothing": ({"text": "Hello"}, "parameters"),
    "other names": ({"text": "{{customer}}", "parameters": "order_id"}, "parameters"),
    "marked the other way": ({"parameter_format": "named"}, "parameter_format"),
    "a header without a text": ({"header_kind": "text"}, "header_text"),
    "a header with two values": (
        {"header_kind": "text", "header_text": "{{1}} {{2}}"},
        "header_text",
    ),
    "a header marked the other way": (
        {"header_kind": "text", "header_text": "{{name}}"},
        "header_text",
    ),
    "a header that is too long": (
        {"header_kind": "text", "header_text": "x" * 61},
        "header_text",
    ),
    "a header of no kind": ({"header_kind": "hologram"}, "header_kind"),
    "a footer with a value": ({"footer": "{{1}}"}, "footer"),
    "a footer that is too long": ({"footer": "x" * 61}, "footer"),
    "a button without an address": (URL, "buttons"),
    "a button without a label": ({**URL, "buttons-0-text": ""}, "buttons"),
    "a button with half an address": ({**URL, "buttons-0-target": "shop.example/"}, "buttons"),
    "a value in the middle": (
        {**URL, "buttons-0-target": "https://a.example/{{1}}/x"},
        "buttons",
    ),
    "a value in the server's name": ({**URL, "buttons-0-target": "https://a{{1}}"}, "buttons"),
    "a label that is too long": (
        {**URL, "buttons-0-text": "x" * 26, "buttons-0-target": "https://a.example/"},
        "buttons",
    ),
    "a button of no kind": ({"buttons-0-kind": "fly", "buttons-0-text": "Fly"}, "buttons"),
    "two coupons": (
        {"buttons-0-kind": "copy_code", "buttons-1-kind": "copy_code"},
        "buttons",
    ),
    "answers on both sides": (
        {
            "buttons-0-kind": "quick_reply",
            "buttons-0-text": "A",
            "buttons-1-kind": "copy_code",
            "buttons-2-kind": "quick_reply",
            "buttons-2-text": "B",
        },
        "buttons",
    ),
    "a one-time code beside another button": (
        {"buttons-0-kind": "otp", "buttons-1-kind": "copy_code"},
        "buttons",
    ),
    "a phone that is none": (
        {"buttons-0-kind": "phone", "buttons-0-text": "Call", "buttons-0-target": "us"},
        "buttons",
    ),
    "a language of ours": ({"language": "english"}, "language"),
    "a name that WhatsApp cannot have": ({"provider_name": "Order-Confirmed"}, "provider_name"),
    "a key that is no name of WhatsApp": ({"key": "order-confirmed"}, "provider_name"),
}


@pytest.mark.parametrize(("entered", "field"), WRONG.values(), ids=WRONG)
def test_what_whatsapp_could_not_have_registered_is_refused_at_its_field(add, entered, field):
    answer = add(**{**WHATSAPP, **entered})

    assert list(answer.context["adminform"].form.errors) == [field]
    assert not MessageTemplate.objects.exists()


@pytest.mark.parametrize(
    ("text", "names", "is_named"),
    [
        ("Order {{1}}: {{2}}, {{1}}", ["value_1", "value_2"], False),
        ("Hi {{customer_name}}: {{ total }}", ["customer_name", "total"], True),
        ("Hello", [], False),
        ("", [], False),
    ],
)
def test_values_are_taken_from_the_text_where_nobody_names_them(add, text, names, is_named):
    assert add(channel="whatsapp", text=text, parameters="").status_code == 302

    made = MessageTemplate.objects.get()
    assert (made.parameters, made.registered.is_named) == (names, is_named)


def test_every_part_is_stored_as_entered_and_shown_again(add, ops, page):
    entered = {
        **WHATSAPP,
        "header_kind": "document",
        "header_text": "left over from another kind",
        "footer": "Cedar",
        **URL,
        "buttons-0-target": "https://shop.example/track/{{1}}",
        "buttons-4-kind": "copy_code",
        "buttons-4-text": "",
    }

    assert add(**entered).status_code == 302

    made = MessageTemplate.objects.get()
    assert (made.header_kind, made.header_text, made.footer) == ("document", "", "Cedar")
    assert made.buttons == [
        {"kind": "url", "text": "Track", "target": "https://shop.example/track/{{1}}"},
        {"kind": "copy_code"},
    ]
    shown = ops.get(page(made)).content.decode()
    assert 'value="https://shop.example/track/{{1}}"' in shown


def test_a_mail_keeps_nothing_that_only_whatsapp_has(add):
    add(header_kind="text", header_text="x", footer="y", **URL)

    made = MessageTemplate.objects.get()
    assert (made.header_kind, made.footer, made.buttons) == ("", "", [])


def test_support_reads_the_buttons_in_words(support, world, page):
    target = "https://shop.example/{{1}}"
    world.template.buttons = [
        {"kind": "url", "text": "Track", "target": target},
        {"kind": "copy_code"},
    ]
    world.template.save()

    shown = support.get(page(world.template)).content.decode()

    assert f"Track {target}; Copies an offer code" in shown


# What a form may bring, and at which field it is refused
HOSTILE = {
    "a place of 5,000 digits": ({"text": "Order {{" + "9" * 5000 + "}}", "parameters": ""}, "text"),
    "NUL in a value's name": ({"parameters": "order_id\0"}, "parameters"),
    "NUL on a button": ({"buttons-0-kind": "quick_reply", "buttons-0-text": "a\0b"}, "buttons"),
    "NUL in an address": ({**URL, "buttons-0-target": "https://a.example/\0"}, "buttons"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_no_row_can_hold_is_refused_at_its_field(add, what):
    sent, field = HOSTILE[what]

    answer = add(**{**WHATSAPP, **sent})

    assert field in answer.context["adminform"].form.errors
    assert not MessageTemplate.objects.exists()
