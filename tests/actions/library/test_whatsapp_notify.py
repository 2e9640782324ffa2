"""Sending a WhatsApp template: the request, and what each answer means."""
# ruff: noqa: RUF001 - Arabic letters and digits are no slips here

from datetime import timedelta

import pytest

from actions.errors import PermanentFailure, TemporaryFailure
from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate

VALUES = {"total": "149.90", "order_id": "1001"}


@pytest.fixture
def notify(run, whatsapp, order_confirmed):
    def send(**params):
        given = {"phone": "03 123 456", "template": "order_confirmed", "template_vars": VALUES}
        return run("whatsapp_notify", **{**given, **params})

    return send


def failed(notify, kind=PermanentFailure, **params):
    with pytest.raises(kind) as failure:
        notify(**params)
    return failure.value


def test_the_request_is_what_the_cloud_api_wants(notify, sandbox, as_tenant):
    output = notify()

    [received] = sandbox.received("whatsapp")
    assert received.path == "/v23.0/555/messages"
    assert received.headers["authorization"] == "Bearer EAAG-very-secret"
    assert received.idempotency_key == as_tenant.idempotency_key
    assert received.body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+9613123456",
        "type": "template",
        "template": {
            "name": "order_confirmed_v2",
            "language": {"code": "en"},
            "components": [
                {
                    "type": "body",
                    "parameters": [
                        {"type": "text", "text": "1001"},
                        {"type": "text", "text": "149.90"},
                    ],
                }
            ],
        },
    }
    assert output == {
        "message_id": f"wamid.sandbox{received.id}",
        "phone": "+9613123456",
        "template": "order_confirmed",
        "language": "en",
        "values": ["1001", "149.90"],
        "text": "",
    }


@pytest.mark.parametrize(
    "copy", ["طلبك {{1}}: {{2}} $ {{3}}", "طلبك {{ order_id }}: {{total}} $ {{3}}"]
)
def test_the_output_shows_what_the_customer_reads(notify, order_confirmed, copy):
    order_confirmed.text = copy
    order_confirmed.save()

    assert notify()["text"] == "طلبك 1001: 149.90 $ {{3}}"


def test_a_language_and_line_breaks_in_a_value(notify, sandbox):
    notify(language="ar", template_vars={"order_id": "طلب\n\t  ١", "total": "1"})

    template = sandbox.received("whatsapp")[0].body["template"]
    assert template["language"] == {"code": "ar"}
    assert template["components"][0]["parameters"][0]["text"] == "طلب ١"


def test_a_template_without_values_has_no_components(notify, sandbox, tenant):
    MessageTemplate.objects.create(tenant=tenant, key="hello", name="Hello", channel="whatsapp")

    notify(template="hello", template_vars={})

    assert sandbox.received("whatsapp")[0].body["template"] == {
        "name": "hello",
        "language": {"code": "en"},
    }


@pytest.mark.parametrize(
    ("given", "missing", "superfluous"),
    [
        ({"order_id": "1"}, ["total"], []),
        ({}, ["order_id", "total"], []),
        ({**VALUES, "name": "x"}, [], ["name"]),
    ],
)
def test_values_that_differ_from_the_template(notify, sandbox, given, missing, superfluous):
    failure = failed(notify, template_vars=given)

    assert failure.code == "template_values_differ"
    assert failure.params == {
        "template": "order_confirmed",
        "missing": missing,
        "superfluous": superfluous,
    }
    assert sandbox.received() == []


def test_an_empty_value(notify, sandbox):
    failure = failed(notify, template_vars={"order_id": " ", "total": "1"})

    assert (failure.code, failure.params["name"]) == ("template_value_empty", "order_id")
    assert sandbox.received() == []


def test_a_bad_phone(notify, sandbox):
    assert failed(notify, phone="call me").code == "bad_phone"
    assert sandbox.received() == []


@pytest.mark.parametrize("key", ["unknown", "theirs", "a_mail"])
def test_a_template_that_this_tenant_lacks(notify, sandbox, tenant, other_tenant, key):
    MessageTemplate.objects.create(tenant=other_tenant, key="theirs", name="x", channel="whatsapp")
    MessageTemplate.objects.create(tenant=tenant, key="a_mail", name="x", channel="email")

    failure = failed(notify, template=key)

    assert failure.code == "template_unknown"
    assert failure.params == {"template": key, "channel": "whatsapp"}
    assert sandbox.received() == []


def test_without_a_connection(run, order_confirmed, sandbox):
    def send(**params):
        run("whatsapp_notify", phone="03 123 456", template="order_confirmed", template_vars=VALUES)

    failure = failed(send)

    assert (failure.code, failure.params) == ("connection_missing", {"kind": "whatsapp"})


def test_another_tenants_connection(notify, other_tenant, sandbox):
    Connection.objects.create(tenant=other_tenant, key="theirs", name="x", kind="whatsapp")

    assert failed(notify, connection="theirs").code == "connection_unknown"
    assert sandbox.received() == []


def test_with_several_connections_the_step_must_choose(notify, tenant, whatsapp, sandbox):
    second = Connection(tenant=tenant, key="second", name="Second", kind="whatsapp")
    second.settings = {**whatsapp.settings, "phone_number_id": "777"}
    second.secrets = {"access_token": "another-secret"}
    second.save()

    failure = failed(notify)
    notify(connection="second")

    assert failure.code == "connection_ambiguous"
    assert failure.params == {"kind": "whatsapp", "choices": ["second", "whatsapp"]}
    assert [one.path for one in sandbox.received("whatsapp")] == ["/v23.0/777/messages"]


def test_a_connection_that_is_off_or_not_filled_in(notify, whatsapp, sandbox):
    whatsapp.is_active = False
    whatsapp.save()
    off = failed(notify, connection="whatsapp")
    whatsapp.is_active, whatsapp.secrets = True, {}
    whatsapp.save()
    incomplete = failed(notify)

    assert off.code == "connection_off"
    assert incomplete.code == "connection_incomplete"
    assert incomplete.params == {"connection": "whatsapp", "missing": ["access_token"]}
    assert sandbox.received() == []


def test_a_limit_is_temporary_and_says_when_to_come_back(notify, sandbox):
    sandbox.behave("whatsapp", "fail", status=429, code=130429, headers={"Retry-After": "60"})

    failure = failed(notify, TemporaryFailure)

    assert failure.code == "whatsapp_busy"
    assert failure.retry_after == timedelta(seconds=60)
    assert failure.params == {
        "status": 429,
        "provider_code": 130429,
        "answer": "Rate limit hit",
        "may_have_arrived": False,
    }


@pytest.mark.parametrize("body", [None, "oops", [], {"error": "x"}, {"error": {"code": "x"}}])
def test_an_error_of_another_shape_goes_by_its_status(notify, sandbox, body):
    sandbox.behave("whatsapp", "answer", status=503, body=body)
    assert failed(notify, TemporaryFailure).code == "http_503"

    sandbox.behave("whatsapp", "answer", status=404, body=body)
    assert failed(notify).code == "http_404"


def test_the_token_never_comes_back(notify, sandbox):
    body = {"error": {"code": 100, "message": "bad token EAAG-very-secret"}}
    sandbox.behave("whatsapp", "answer", status=400, body=body)

    failure = failed(notify)

    assert failure.params["answer"] == "bad token [secret]"
