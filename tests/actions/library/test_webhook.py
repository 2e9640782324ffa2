"""Calling a web address: what is sent, what comes back, whose credentials go where."""

import json

import pytest

from actions.errors import PermanentFailure, TemporaryFailure
from actions.models.connection import Connection

TOKEN = "sk-live-0123456789"


def test_posts_json_and_keeps_the_answer(run, sandbox):
    sandbox.behave("hook", "answer", body={"deal": 7}, headers={"ETag": "1"})

    output = run(
        "webhook", url=f"{sandbox.base_url}/hook/a", body={"id": 1}, headers={"X-Source": "sayr"}
    )

    [received] = sandbox.received("hook")
    assert (received.method, received.body) == ("POST", {"id": 1})
    assert received.headers["x-source"] == "sayr"
    assert output == {
        "status": 200,
        "headers": {"content-type": "application/json", "etag": "1"},
        "body": {"deal": 7},
    }
    assert json.dumps(output)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_every_method(run, sandbox, method):
    run("webhook", url=f"{sandbox.base_url}/hook/a", method=method)

    [received] = sandbox.received("hook")
    assert (received.method, received.body) == (method, None)


def test_the_key_is_the_same_on_a_second_attempt(run, sandbox, as_tenant):
    sandbox.behave("hook", "fail", status=500, times=1)
    with pytest.raises(TemporaryFailure):
        run("webhook", url=f"{sandbox.base_url}/hook/a", body={})

    run("webhook", url=f"{sandbox.base_url}/hook/a", body={})

    keys = {one.idempotency_key for one in sandbox.received("hook")}
    assert keys == {as_tenant.idempotency_key}


@pytest.mark.parametrize("url", ["orders/7", "/orders/7", "{base}/orders/7"])
def test_a_connection_adds_its_credentials(run, sandbox, crm, url):
    url = url.replace("{base}", crm.settings["base_url"])

    output = run("webhook", url=url, connection="crm", body={})

    [received] = sandbox.received("hook")
    assert received.path == "/hook/crm/orders/7"
    assert received.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in json.dumps(output)


def test_a_connection_may_name_the_header(run, sandbox, crm):
    crm.settings = {**crm.settings, "secret_header": "X-Api-Key"}
    crm.save()

    run("webhook", url="a", connection="crm")

    assert sandbox.received("hook")[0].headers["x-api-key"] == TOKEN


def test_credentials_are_not_sent_to_another_server(run, sandbox, crm):
    for url in (
        "https://evil.example/",
        sandbox.base_url.replace("http://", "https://"),
        sandbox.base_url.replace("127.0.0.1", "localhost"),
        f"http://127.0.0.1:{sandbox.smtp_port}/",
    ):
        with pytest.raises(PermanentFailure) as failure:
            run("webhook", url=url, connection="crm")
        assert failure.value.code == "connection_for_other_host"
        assert failure.value.params == {"connection": "crm"}

    assert sandbox.received() == []


def test_credentials_stay_when_the_connection_is_pointed_elsewhere(run, sandbox, crm):
    Connection.objects.filter(pk=crm.pk).update(settings={"base_url": "https://evil.example"})

    with pytest.raises(PermanentFailure) as failure:
        run("webhook", url="a", connection="crm")

    assert failure.value.code == "connection_moved"


def test_credentials_that_are_echoed_are_hidden(run, sandbox, crm):
    sandbox.behave("hook", "answer", body={"you sent": f"Bearer {TOKEN}", TOKEN: [TOKEN]})
    output = run("webhook", url="a", connection="crm")
    sandbox.behave("hook", "answer", status=400, body={"bad": TOKEN})
    with pytest.raises(PermanentFailure) as failure:
        run("webhook", url="a", connection="crm")

    assert output["body"] == {"you sent": "[secret]", "[secret]": ["[secret]"]}
    assert failure.value.params["answer"] == '{"bad":"[secret]"}'
    assert TOKEN not in repr(failure.value)


def test_an_accepted_status_is_an_answer(run, sandbox):
    sandbox.behave("hook", "fail", status=404)

    output = run("webhook", url=f"{sandbox.base_url}/hook/a", accept_status=[404])

    assert (output["status"], output["body"]) == (404, {"error": "it does not work"})


def test_an_answer_over_the_output_limit_fails_and_says_so(run, sandbox):
    sandbox.behave("hook", "answer", body={"text": "x" * 65_536})

    with pytest.raises(PermanentFailure) as failure:
        run("webhook", url=f"{sandbox.base_url}/hook/a")

    assert failure.value.code == "output_too_large"
    assert failure.value.params["limit_bytes"] == 65_536
    assert failure.value.params["bytes"] > 65_536


def test_another_tenants_connection(run, other_tenant, crm, sandbox):
    Connection.objects.filter(pk=crm.pk).update(tenant=other_tenant)

    with pytest.raises(PermanentFailure, match="connection_unknown"):
        run("webhook", url="a", connection="crm")

    assert sandbox.received() == []


def test_only_what_is_picked_is_kept(run, sandbox):
    sandbox.behave("hook", "answer", body={"deal": {"id": 7}, "text": "x" * 70_000})

    output = run(
        "webhook", url=f"{sandbox.base_url}/hook/a", response={"pick": {"deal_id": "body.deal.id"}}
    )

    assert output == {"status": 200, "deal_id": 7}


def test_an_answer_that_means_failure_is_one(run, sandbox):
    sandbox.behave("hook", "answer", body={"ok": False, "error": "no_such_deal"})

    with pytest.raises(PermanentFailure) as failure:
        run(
            "webhook",
            url=f"{sandbox.base_url}/hook/a",
            fail_when=[{"field": "body.ok", "operator": "equals", "value": False}],
        )

    assert failure.value.code == "answer_means_failure"
    assert failure.value.params["rule"] == "body.ok equals false"
