"""Each form of a template: what is sent of it, what its reader sees, and what is refused before."""
# ruff: noqa: RUF001 - Arabic letters and digits are no slips here

from contextlib import nullcontext
from typing import Any

import pytest
from django.template.loader import render_to_string

from actions.errors import PermanentFailure
from actions.models.message_template import MessageTemplate
from actions.sandbox import whatsapp
from actions.sandbox.registration import registration
from actions.sandbox.whatsapp_templates import Registrations
from actions.whatsapp.letter import letter
from workflows.presentation.whatsapp import asked, told

TRACK = {"kind": "url", "text": "Track", "target": "https://shop.example/track/{{1}}"}
COUPON = {"kind": "copy_code"}
INVOICE = "https://files.example/invoice.pdf"


def template(**parts):
    given = {"key": "t", "name": "T", "channel": "whatsapp", "language": "en", **parts}
    return MessageTemplate(**given).registered


def text(value, **named):
    return {"type": "text", **named, "text": value}


def button(index, kind, parameter):
    return {"type": "button", "sub_type": kind, "index": index, "parameters": [parameter]}


NUMBERED = {"text": "Order {{1}}: {{2}}", "parameters": ["order_id", "total"]}
NAMED = {
    "text": "Hi {{customer_name}}, {{voucher_code}}",
    "parameters": ["customer_name", "voucher_code"],
}
CODE = {"text": "*{{1}}* is your code.", "parameters": ["code"], "buttons": [{"kind": "otp"}]}

# What was entered, the values of the step, the components that are sent, and what is shown.
FORMS: dict[str, tuple[dict[str, Any], dict[str, str], list[Any], dict[str, Any]]] = {
    "a text alone": ({"text": "Hello"}, {}, [], {"text": "Hello"}),
    "values by number": (
        NUMBERED,
        {"total": "149.90", "order_id": "1001"},
        [{"type": "body", "parameters": [text("1001"), text("149.90")]}],
        {"text": "Order 1001: 149.90"},
    ),
    "values by name": (
        NAMED,
        {"customer_name": "Rana", "voucher_code": "V1"},
        [
            {
                "type": "body",
                "parameters": [
                    text("Rana", parameter_name="customer_name"),
                    text("V1", parameter_name="voucher_code"),
                ],
            }
        ],
        {"text": "Hi Rana, V1"},
    ),
    "named without a copy of the text": (
        {"parameters": ["customer_name"], "parameter_format": "named"},
        {"customer_name": "Rana"},
        [{"type": "body", "parameters": [text("Rana", parameter_name="customer_name")]}],
        {"text": ""},
    ),
    "a header of text": (
        {**NUMBERED, "header_kind": "text", "header_text": "Hello {{1}}", "footer": "Cedar"},
        {"header": "Rana", "order_id": "1", "total": "2"},
        [
            {"type": "header", "parameters": [text("Rana")]},
            {"type": "body", "parameters": [text("1"), text("2")]},
        ],
        {
            "text": "Order 1: 2",
            "header": {"kind": "text", "text": "Hello Rana"},
            "footer": "Cedar",
        },
    ),
    "a header of text without a value": (
        {"text": "Hello", "header_kind": "text", "header_text": "News"},
        {},
        [],
        {"text": "Hello", "header": {"kind": "text", "text": "News"}},
    ),
    "a header that shares its name with the text": (
        {**NAMED, "header_kind": "text", "header_text": "For {{customer_name}}"},
        {"customer_name": "Rana", "voucher_code": "V1"},
        [
            {"type": "header", "parameters": [text("Rana", parameter_name="customer_name")]},
            {
                "type": "body",
                "parameters": [
                    text("Rana", parameter_name="customer_name"),
                    text("V1", parameter_name="voucher_code"),
                ],
            },
        ],
        {"text": "Hi Rana, V1", "header": {"kind": "text", "text": "For Rana"}},
    ),
    **{
        f"a header with {kind}": (
            {"text": "See", "header_kind": kind},
            {"header_link": f"https://files.example/a b.{end}"},
            [
                {
                    "type": "header",
                    "parameters": [
                        {"type": kind, kind: {"link": f"https://files.example/a%20b.{end}"}}
                    ],
                }
            ],
            {
                "text": "See",
                "header": {"kind": kind, "link": f"https://files.example/a%20b.{end}"},
            },
        )
        for kind, end in (("image", "png"), ("video", "mp4"), ("document", "pdf"))
    },
    "a document with its name": (
        {"text": "See", "header_kind": "document"},
        {"header_link": INVOICE, "header_file_name": "فاتورة ١٠٠١.pdf"},
        [
            {
                "type": "header",
                "parameters": [
                    {
                        "type": "document",
                        "document": {"link": INVOICE, "filename": "فاتورة ١٠٠١.pdf"},
                    }
                ],
            }
        ],
        {
            "text": "See",
            "header": {"kind": "document", "link": INVOICE, "file_name": "فاتورة ١٠٠١.pdf"},
        },
    ),
    "a button with an address": (
        {"text": "On its way", "buttons": [TRACK]},
        {"button_1": "1001?lang=ar"},
        [button("0", "url", text("1001?lang=ar"))],
        {
            "text": "On its way",
            "buttons": [
                {
                    "kind": "url",
                    "text": "Track",
                    "target": "https://shop.example/track/1001?lang=ar",
                }
            ],
        },
    ),
    "a button whose address is encoded": (
        {"text": "On its way", "buttons": [TRACK]},
        {"button_1": "x:y|Peña 5%"},
        [button("0", "url", text("x%3Ay%7CPe%C3%B1a%205%25"))],
        {
            "text": "On its way",
            "buttons": [
                {
                    "kind": "url",
                    "text": "Track",
                    "target": "https://shop.example/track/x%3Ay%7CPe%C3%B1a%205%25",
                }
            ],
        },
    ),
    "a whole address of the same server": (
        {"text": "On its way", "buttons": [TRACK]},
        {"button_1": "https://shop.example/track/1001"},
        [button("0", "url", text("1001"))],
        {
            "text": "On its way",
            "buttons": [
                {"kind": "url", "text": "Track", "target": "https://shop.example/track/1001"}
            ],
        },
    ),
    "a button with a named value": (
        {
            **NAMED,
            "buttons": [
                {"kind": "url", "text": "Go", "target": "https://a.example/?n={{customer_name}}"}
            ],
        },
        {"customer_name": "Rana Ö", "voucher_code": "V1"},
        [
            {
                "type": "body",
                "parameters": [
                    text("Rana Ö", parameter_name="customer_name"),
                    text("V1", parameter_name="voucher_code"),
                ],
            },
            button("0", "url", text("Rana%20%C3%96", parameter_name="customer_name")),
        ],
        {
            "text": "Hi Rana Ö, V1",
            "buttons": [
                {"kind": "url", "text": "Go", "target": "https://a.example/?n=Rana%20%C3%96"}
            ],
        },
    ),
    "a coupon behind other buttons": (
        {
            "text": "Sale",
            "buttons": [
                {"kind": "url", "text": "Shop", "target": "https://shop.example/"},
                {"kind": "phone", "text": "Call", "target": "+9613123456"},
                COUPON,
                {"kind": "quick_reply", "text": "Stop"},
            ],
        },
        {"button_3": "25OFF"},
        [button("2", "copy_code", {"type": "coupon_code", "coupon_code": "25OFF"})],
        {
            "text": "Sale",
            "buttons": [
                {"kind": "url", "text": "Shop", "target": "https://shop.example/"},
                {"kind": "phone", "text": "Call", "target": "+9613123456"},
                {"kind": "copy_code", "target": "25OFF"},
                {"kind": "quick_reply", "text": "Stop"},
            ],
        },
    ),
    "a one-time code, which goes into the button too": (
        CODE,
        {"code": "446211"},
        [
            {"type": "body", "parameters": [text("446211")]},
            button("0", "url", text("446211")),
        ],
        {"text": "*446211* is your code.", "buttons": [{"kind": "otp", "target": "446211"}]},
    ),
}


@pytest.mark.parametrize(("entered", "given", "components", "shown"), FORMS.values(), ids=FORMS)
def test_what_is_sent_and_what_is_seen(entered, given, components, shown):
    made = letter("+9613123456", template(**entered), given)

    sent = made.body()
    assert sent["template"].get("components", []) == components
    assert (sent["to"], sent["template"]["name"]) == ("+9613123456", "t")
    assert {k: v for k, v in made.shown().items() if k not in {"language", "values"}} == shown


@pytest.mark.parametrize(("entered", "given", "components", "shown"), FORMS.values(), ids=FORMS)
def test_the_stand_in_takes_what_is_sent(entered, given, components, shown):
    known = template(**entered)
    registered = Registrations()
    registered.put({known.name: registration(known)})

    answer = whatsapp.reply(letter("+9613123456", known, given).body(), "Bearer x", 7, registered)

    assert (answer.status, answer.body.get("error")) == (200, None)


@pytest.mark.parametrize(("entered", "given", "components", "shown"), FORMS.values(), ids=FORMS)
def test_a_page_shows_it_in_a_test_and_of_a_run(entered, given, components, shown):
    made = letter("+9613123456", template(**entered), given).shown()

    # A test names the registered template, a run the message template.
    for named in ({"name": "t"}, {"template": "t"}):
        page = render_to_string(
            "admin/sayr/whatsapp_message.html", {"message": told({**made, **named})}
        )
        for seen in (shown["text"].replace("*", "") or ">t<", shown.get("footer", "")):
            assert seen in page.replace("<b>", "").replace("</b>", "")
        for one in shown.get("buttons", ()):
            assert one.get("target", "") in page
        assert shown.get("header", {}).get("link", "") in page


@pytest.mark.parametrize("entered", [entered for entered, *_ in FORMS.values()], ids=FORMS)
def test_the_step_asks_for_exactly_what_the_template_takes(entered):
    known = template(**entered)
    needed = [one["value"] for one in asked(known) if "optional" not in one]

    with pytest.raises(PermanentFailure) if needed else nullcontext() as failure:
        letter("+9613123456", known, {})

    if needed:
        assert failure.value.code == "template_values_differ"
        assert failure.value.params["missing"] == needed


HEADER = {"text": "See", "header_kind": "text", "header_text": "{{1}}"}
PICTURE = {"text": "See", "header_kind": "image"}
DOCUMENT = {"text": "See", "header_kind": "document"}
BUTTON = {"text": "See", "buttons": [TRACK]}
LONG = "x" * 2000
# What was entered, the values, the code of the failure, and the value that it names.
REFUSED: list[tuple[dict[str, Any], dict[str, str], str, str]] = [
    (NUMBERED, {"order_id": "1"}, "template_values_differ", ""),
    (NUMBERED, {"order_id": "1", "total": "2", "x": "3"}, "template_values_differ", ""),
    (BUTTON, {}, "template_values_differ", ""),
    (NUMBERED, {"order_id": " \n", "total": "2"}, "template_value_empty", "order_id"),
    (NUMBERED, {"order_id": "\u200f\u200b", "total": "2"}, "template_value_empty", "order_id"),
    (PICTURE, {"header_link": " "}, "template_value_empty", "header_link"),
    (BUTTON, {"button_1": "\u2060"}, "template_value_empty", "button_1"),
    (HEADER, {"header": "x" * 61}, "template_value_too_long", "header"),
    (
        {**NUMBERED, "footer": "F"},
        {"order_id": "x" * 1025, "total": "2"},
        "template_value_too_long",
        "order_id",
    ),
    (NUMBERED, {"order_id": "x" * 32_769, "total": "2"}, "template_value_too_long", "order_id"),
    (CODE, {"code": "1" * 16}, "template_value_too_long", "code"),
    (BUTTON, {"button_1": LONG}, "template_value_too_long", "button_1"),
    (
        PICTURE,
        {"header_link": f"https://a.example/{LONG}"},
        "template_value_too_long",
        "header_link",
    ),
    (
        DOCUMENT,
        {"header_link": INVOICE, "header_file_name": "x" * 241},
        "template_value_too_long",
        "header_file_name",
    ),
    (
        {"text": "S", "buttons": [COUPON]},
        {"button_1": "A" * 21},
        "template_value_too_long",
        "button_1",
    ),
    (
        {"text": "S", "buttons": [COUPON]},
        {"button_1": "SAVE-25"},
        "template_code_refused",
        "button_1",
    ),
    (
        {"text": "S", "buttons": [COUPON]},
        {"button_1": "٢٥OFF"},
        "template_code_refused",
        "button_1",
    ),
    (
        {"text": "S", "buttons": [COUPON]},
        {"button_1": "A\nB"},
        "template_value_line_break",
        "button_1",
    ),
    (BUTTON, {"button_1": "a\r\nb"}, "template_value_line_break", "button_1"),
    (PICTURE, {"header_link": "https://a.example/\nb"}, "template_value_line_break", "header_link"),
    (
        DOCUMENT,
        {"header_link": INVOICE, "header_file_name": "a\u2028b"},
        "template_value_line_break",
        "header_file_name",
    ),
    (
        DOCUMENT,
        {"header_link": INVOICE, "header_file_name": "../a.pdf"},
        "template_file_name_refused",
        "header_file_name",
    ),
    (BUTTON, {"button_1": "https://evil.example/x"}, "template_whole_address", "button_1"),
    *(
        (PICTURE, {"header_link": link}, "template_link_refused", "header_link")
        for link in (
            "a.png",
            "http://files.example/a.png",
            "ftp://files.example/a.png",
            "https://",
            "https://localhost/a.png",
            "https://files/a.png",
            "https://files.local/a.png",
            "https://127.0.0.1/a.png",
            "https://10.1.2.3/a.png",
            "https://[::1]/a.png",
            "https://user:secret@files.example/a.png",
            "https://files.example:x/a.png",
            "data:image/png;base64,AAAA",
        )
    ),
    (
        {
            "text": "S",
            "buttons": [{"kind": "url", "text": "T", "target": "https://shop.example{{1}}"}],
        },
        {"button_1": ".evil.example/"},
        "template_link_refused",
        "button_1",
    ),
]


@pytest.mark.parametrize(("entered", "given", "code", "name"), REFUSED)
def test_what_whatsapp_would_refuse_is_refused_before_and_named(entered, given, code, name):
    with pytest.raises(PermanentFailure) as failure:
        letter("+9613123456", template(**entered), given)

    assert failure.value.code == code
    assert failure.value.params.get("name", "") == name
    assert failure.value.params["template"] == "t"


@pytest.mark.parametrize(
    "given",
    [
        "orders/1001",
        "/orders/1001",
        "https://shop.example/track/orders/1001",
        "shop.example/track/orders/1001",
        " \u200fshop.example/track/orders/1001\n",
    ],
)
def test_what_repeats_the_registered_address_is_not_sent_twice(given):
    made = letter("+9613123456", template(**BUTTON), {"button_1": given})

    assert made.shown()["buttons"][0]["target"] == "https://shop.example/track/orders/1001"


def test_a_slash_belongs_to_a_value_that_the_registered_address_does_not_end_before():
    target = "https://shop.example/open?path={{1}}"
    known = template(text="S", buttons=[{**TRACK, "target": target}])

    made = letter("+9613123456", known, {"button_1": "/orders/1001"})

    assert made.shown()["buttons"][0]["target"] == "https://shop.example/open?path=/orders/1001"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("\u202ahttps://files.example/a.png\u202c", "https://files.example/a.png"),
        (" https://files.example/a.png\n", "https://files.example/a.png"),
        (
            "https://files.example/فاتورة.png?x=1:2",
            "https://files.example/%D9%81%D8%A7%D8%AA%D9%88%D8%B1%D8%A9.png?x=1:2",
        ),
        ("https://müller.example/a.png", "https://xn--mller-kva.example/a.png"),
        ("https://files.example/a%20b.png#page", "https://files.example/a%20b.png"),
    ],
)
def test_an_address_travels_in_the_form_that_servers_read(given, sent):
    made = letter("+9613123456", template(**PICTURE), {"header_link": given})

    assert made.shown()["header"]["link"] == sent


@pytest.mark.parametrize(
    ("given", "sent"), [("", "en"), ("ar", "ar"), ("en-US", "en_US"), (" ", "en")]
)
def test_the_language_is_written_as_whatsapp_writes_it(given, sent):
    made = letter("+9613123456", template(text="Hello"), {}, given)

    assert made.body()["template"]["language"] == {"code": sent}


def test_a_value_of_the_text_may_be_called_as_one_of_the_header():
    known = template(
        text="{{1}}", parameters=["header"], header_kind="text", header_text="{{1}}", buttons=[]
    )

    made = letter("+9613123456", known, {"header": "body", "header_": "above"})

    assert made.shown()["text"] == "body"
    assert made.shown()["header"]["text"] == "above"


@pytest.mark.parametrize(
    "odd",
    [
        {"parameters": "x", "buttons": None},
        {"parameters": [1, None], "buttons": [1, {"kind": "fly"}, {}]},
        {"header_kind": "hologram", "parameter_format": "x"},
    ],
)
def test_a_row_with_odd_values_can_still_be_read(odd):
    assert template(text="Hello", **odd).body == "Hello"
