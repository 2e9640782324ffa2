"""A failure over a value says which value of what is wrong, in both languages."""

import pytest
from django.utils.translation import override

from workflows.presentation.runs.plans import PlannedStep
from workflows.presentation.runs.wrong_values import (
    NOTHING_KNOWN,
    About,
    Source,
    keys_read,
    source_of,
    value_sentence,
)

ORDER = About("orders", "new_order")


def step(action="whatsapp_notify", **params):
    members = {
        name: value if isinstance(value, dict) else {"template": value, "as": "text"}
        for name, value in params.items()
    }
    return PlannedStep("tell", "Tell", action, params={"object": members})


def failed(code, given=None, **params):
    return {"error": {"code": code, "params": params}, "input": given}


PHONE = step(phone="{{ trigger.customer_phone }}")
MAIL = step("send_email", to={"list": [{"template": "{{trigger.customer_email}}"}]})
BAD = {"phone": "70 88 12", "country": "LB"}
WHERE = [{"field": "number", "operator": "equals", "value": "C-9"}]

SENTENCES = [
    (
        failed("bad_phone", **BAD),
        PHONE,
        "The order's phone “70 88 12” is not a phone number of Lebanon.",
    ),
    (failed("bad_phone", phone="", country="LB"), PHONE, "The order has no phone."),
    (failed("bad_phone", phone="-", country="LB"), PHONE, "The order has no phone."),
    (failed("bad_phone", **BAD), None, "“70 88 12” is not a phone number of Lebanon."),
    (failed("bad_phone", phone="x"), None, "“x” is not a phone number."),
    (failed("bad_phone", phone=""), None, "There is no phone."),
    (failed("bad_mail_address", address="", field="to"), MAIL, "The order has no mail address."),
    (
        failed("bad_mail_address", address="rana@", field="to"),
        MAIL,
        "The order's mail address “rana@” is not one mail address.",
    ),
    (failed("bad_mail_address", address="rana@", field="cc"), MAIL, ""),
    (
        failed("missing_value", path="trigger.customer_name"),
        PHONE,
        "The order has no value for “Customer name”.",
    ),
    (failed("missing_value", path="steps.find.output.first"), PHONE, ""),
    (
        failed("no_record_found", {"table": "orders", "where": WHERE}, table="orders"),
        None,
        "Nothing was found in “Orders” where Number is “C-9”, and the step needs it.",
    ),
    (failed("no_record_found", {"table": "orders"}, table="orders"), None, ""),
    (failed("http_500"), PHONE, ""),
]


@pytest.mark.parametrize(("entry", "of", "said"), SENTENCES)
def test_each_failure_has_its_sentence(entry, of, said):
    assert value_sentence(entry, of, ORDER) == said
    with override("ar"):
        assert bool(value_sentence(entry, of, ORDER)) == bool(said)
        assert "%(" not in value_sentence(entry, of, ORDER)


def test_without_a_record_nothing_is_called_the_orders():
    assert (
        value_sentence(failed("bad_phone", phone=""), PHONE, NOTHING_KNOWN) == "There is no phone."
    )
    assert value_sentence(failed("missing_value", path="trigger.a"), None, NOTHING_KNOWN) == ""


SOURCES = [
    ("{{ trigger.customer_phone }}", Source("customer_phone")),
    ("{{trigger.customer_phone | default: ''}}", Source("customer_phone")),
    ("{{ trigger.customer.phone }}", Source("customer", is_whole=False)),
    ("{{ steps.find.output.first.phone }}", Source(step="find")),
    ("+961 {{ trigger.customer_phone }}", Source()),
    ("{{ trigger.a }}{{ trigger.b }}", Source()),
    ("{{ item.phone }}", Source()),
    ("03 123 456", Source()),
]


@pytest.mark.parametrize(("written", "source"), SOURCES)
def test_the_source_of_a_value_is_told_only_where_it_is_sure(written, source):
    assert source_of({"code": "bad_phone", "params": BAD}, step(phone=written)) == source


@pytest.mark.parametrize(
    ("of", "keys"),
    [
        (PHONE, {"customer_phone"}),
        (step(text="{{ trigger.a }} of {{ trigger.b.c }}, {{ steps.x.output }}"), {"a", "b"}),
        (step("send_email", template={"literal": "t"}), None),
        (PlannedStep("sub", "", "run_workflow"), None),
    ],
)
def test_what_a_step_reads_of_the_payload(of, keys):
    found = keys_read(of)
    assert (None if found is None else set(found)) == keys
