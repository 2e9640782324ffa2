"""WhatsApp's stand-in refuses what Meta refuses, with Meta's codes."""

import http.client
import json

import pytest

from actions.providers.whatsapp import ANSWERS
from actions.sandbox import whatsapp
from actions.sandbox.journal import Behaviour
from actions.sandbox.sandbox import Sandbox
from actions.sandbox.whatsapp_templates import Registrations
from tenants.core.json import Json

FULL: Json = {
    "language": "en_US",
    "status": "APPROVED",
    "parameter_format": "POSITIONAL",
    "components": [
        {"type": "HEADER", "format": "DOCUMENT"},
        {"type": "BODY", "text": "Hi {{1}}, order {{2}}"},
        {"type": "FOOTER", "text": "Cedar"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "URL", "text": "Track", "url": "https://shop.example/{{1}}"},
                {"type": "COPY_CODE"},
                {"type": "QUICK_REPLY", "text": "Stop"},
            ],
        },
    ],
}
TEMPLATES: Json = {
    "full": FULL,
    "short": "Order {{1}}",
    "named": {
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "{{name}}"},
            {"type": "BODY", "text": "Hi {{name}}, {{code}}"},
        ],
    },
    "otp": {
        "components": [
            {"type": "BODY", "text": "{{1}} is your code."},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
        ]
    },
    "paused": {"status": "PAUSED", "components": [{"type": "BODY", "text": "Hello"}]},
    "disabled": {"status": "DISABLED", "components": [{"type": "BODY", "text": "Hello"}]},
    "pending": {"status": "PENDING", "components": [{"type": "BODY", "text": "Hello"}]},
}


@pytest.fixture(scope="module")
def known():
    registered = Registrations()
    registered.put(TEMPLATES)
    return registered


def text(value, **named):
    return {"type": "text", "text": value, **named}


def body(*parameters):
    return {"type": "body", "parameters": list(parameters)}


def header(*parameters):
    return {"type": "header", "parameters": list(parameters)}


def button(index, kind, *parameters):
    return {"type": "button", "sub_type": kind, "index": str(index), "parameters": list(parameters)}


PDF = header({"type": "document", "document": {"link": "https://f.example/a.pdf"}})
HI = body(text("Rana"), text("1001"))
TRACK = button(0, "url", text("1001"))
COUPON = button(1, "copy_code", {"type": "coupon_code", "coupon_code": "25OFF"})
WHOLE = (PDF, HI, TRACK, COUPON)
NAMES = (
    header(text("Rana", parameter_name="name")),
    body(text("Rana", parameter_name="name"), text("V1", parameter_name="code")),
)
IMAGE = header({"type": "image", "image": {"link": "https://f.example/a.png"}})


def message(name, *components, language="en_US", **changed):
    template = {"name": name, "language": {"code": language}, "components": list(components)}
    sent = {
        "messaging_product": "whatsapp",
        "to": "+9613123456",
        "type": "template",
        "template": template,
    }
    return {key: value for key, value in {**sent, **changed}.items() if value is not None}


TAKEN = {
    "a whole template": message("full", *WHOLE),
    "a text in any language": message("short", body(text("1")), language="ar"),
    "names": message("named", *NAMES),
    "a one-time code": message("otp", body(text("1")), button(0, "url", text("1"))),
    "a quick reply with its payload": message(
        "full", *WHOLE, button(2, "quick_reply", {"type": "payload", "payload": "x"})
    ),
}
UNEVEN = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
# A message, the code it is refused with, and what is said.
REFUSED = {
    "an unknown template": (message("other"), 132001, "(other) does not exist in en_US"),
    "another language": (message("full", *WHOLE, language="ar"), 132001, "does not exist in ar"),
    "one in review": (message("pending"), 132001, "does not exist"),
    "one that is paused": (message("paused"), 132015, "cannot be sent"),
    "one that is disabled": (message("disabled"), 132016, "cannot be sent"),
    "too few values": (
        message("full", PDF, body(text("Rana")), TRACK, COUPON),
        132000,
        "body: number of localizable_params (1) does not match the expected number of params (2)",
    ),
    "too many values": (message("short", body(text("1"), text("2"))), 132000, "(2)"),
    "no values": (message("short"), 132000, "(0)"),
    "a header that is not there": (
        message("short", header(text("x")), body(text("1"))),
        132000,
        "header",
    ),
    "no name": (message("named", NAMES[0], body(text("a"), text("b"))), 100, "Parameter name is"),
    "another name": (
        message(
            "named", NAMES[0], body(*NAMES[1]["parameters"][:1], text("x", parameter_name="y"))
        ),
        132000,
        "body",
    ),
    "a name where there are numbers": (
        message("short", body(text("1", parameter_name="order"))),
        132018,
        "by place",
    ),
    "an empty value": (message("short", body(text(""))), 131008, "is missing text value"),
    "a line break": (message("short", body(text("a\nb"))), 132018, UNEVEN),
    "five spaces": (message("short", body(text("a     b"))), 132018, UNEVEN),
    "a text that is too long": (message("short", body(text("x" * 32_768))), 132005, "32768"),
    "a text that is too long beside other parts": (
        message("full", PDF, body(text("x" * 1020), text("1")), TRACK, COUPON),
        132005,
        "1024",
    ),
    "a header that is too long": (
        message("named", header(text("x" * 61, parameter_name="name")), NAMES[1]),
        132005,
        "60",
    ),
    "no header": (
        message("full", HI, TRACK, COUPON),
        132012,
        "header: Format mismatch, expected DOCUMENT, received UNKNOWN",
    ),
    "another header": (message("full", IMAGE, HI, TRACK, COUPON), 132012, "received IMAGE"),
    "a picture as a value": (
        message("short", body({"type": "image", "image": {"link": "https://f.example/a.png"}})),
        132012,
        "expected TEXT, received IMAGE",
    ),
    "a document without an address": (
        message("full", header({"type": "document", "document": {}}), HI, TRACK, COUPON),
        131008,
        "link",
    ),
    "an address that is none": (
        message(
            "full", header({"type": "document", "document": {"link": "a.pdf"}}), HI, TRACK, COUPON
        ),
        100,
        "not a valid URL",
    ),
    "no value of the link button": (
        message("full", PDF, HI, COUPON),
        131008,
        "Button at index 0 of type Url requires a parameter",
    ),
    "an empty value of the link button": (
        message("full", PDF, HI, button(0, "url", text("")), COUPON),
        131008,
        "requires a parameter",
    ),
    "no code": (message("full", PDF, HI, TRACK), 131008, "index 1"),
    "a button of another kind": (
        message("full", PDF, HI, button(0, "copy_code", text("1001")), COUPON),
        132012,
        "expected url",
    ),
    "a button that is not there": (
        message("full", *WHOLE, button(7, "url", text("1"))),
        132018,
        "7",
    ),
    "a code with a hyphen": (
        message("full", PDF, HI, TRACK, button(1, "copy_code", {"coupon_code": "A-1"})),
        131009,
        "letters and digits",
    ),
    "an end of an address that is not encoded": (
        message("full", PDF, HI, button(0, "url", text("a b")), COUPON),
        132018,
        "not encoded",
    ),
    "a one-time code for the text alone": (message("otp", body(text("1"))), 131008, "Otp"),
    "a one-time code that is too long": (
        message("otp", body(text("1" * 16)), button(0, "url", text("1" * 16))),
        132005,
        "15",
    ),
    "another product": (message("full", messaging_product="sms"), 100, "messaging_product"),
    "nobody": (message("full", to=None), 100, "to"),
    "no phone number": (message("full", to="Rana"), 131009, "no phone number"),
    "a text message": (message("full", type="text"), 131051, "type"),
    "no name of a template": (message(""), 100, "name"),
    "no language": (message("short", language=""), 100, "language"),
}


@pytest.mark.parametrize("sent", TAKEN.values(), ids=TAKEN)
def test_what_meta_takes(known, sent):
    answer = whatsapp.reply(sent, "Bearer x", 7, known)

    assert (answer.status, answer.body["messages"][0]["id"]) == (200, "wamid.sandbox7")


@pytest.mark.parametrize(("sent", "code", "said"), REFUSED.values(), ids=REFUSED)
def test_what_meta_refuses(known, sent, code, said):
    answer = whatsapp.reply(sent, "Bearer x", 7, known)

    error = answer.body["error"]
    assert (error["code"], answer.status) == (code, ANSWERS[str(code)].status)
    assert said in error["error_data"]["details"]


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Basic x", "Bearer wrong"])
def test_without_a_token_nothing_is_taken(known, authorization):
    answer = whatsapp.reply(TAKEN["names"], authorization, 7, known)

    assert (answer.status, answer.body["error"]["code"]) == (401, 190)


def test_told_of_no_template_it_takes_any():
    answer = whatsapp.reply(message("other"), "Bearer x", 7, Registrations())

    assert answer.status == 200


@pytest.mark.parametrize("row", ANSWERS.values(), ids=lambda row: row.code)
def test_told_to_fail_it_answers_as_it_is_documented(row):
    answer = whatsapp.failure(Behaviour("whatsapp", "fail", code=int(row.code)))

    error = answer.body["error"]
    assert (answer.status, error["code"]) == (row.status, int(row.code))
    assert row.said in error["message"]


def test_a_message_is_shown_as_the_phone_shows_it(known):
    assert whatsapp.read(TAKEN["a whole template"], known).text == (
        "https://f.example/a.pdf\nHi Rana, order 1001\nCedar\n"
        "[Track: https://shop.example/1001]\n[COPY_CODE: 25OFF]\n[Stop]"
    )
    assert whatsapp.read(TAKEN["names"], known).text == "Rana\nHi Rana, V1"


def test_templates_are_registered_over_http_in_several_languages():
    with Sandbox(smtp=None) as sandbox:
        connection = http.client.HTTPConnection(sandbox.host_and_port, timeout=3)

        def ask(method, content=None):
            connection.request(method, "/texts", json.dumps(content))
            answer = connection.getresponse()
            return answer.status, answer.read()

        arabic = {**FULL, "language": "ar"}
        assert ask("PUT", {"full": [FULL, arabic], "short": "Hello"})[0] == 200
        templates = sandbox.journal.templates
        assert templates.names() == ["full", "short"]
        assert [templates.find("full", code) is None for code in ("en_US", "ar", "fr")] == [
            *(False, False, True)
        ]
        for wrong in ({"x": 7}, {"x": {"components": [{}]}}, []):
            assert ask("PUT", wrong)[0] in {200, 400}
        assert templates.names() == ["full", "short"]
        assert ask("DELETE")[0] == 204
        assert not templates
        connection.close()
