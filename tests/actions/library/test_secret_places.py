"""A connection's secret goes where the connection says, and nowhere else."""

import json

import pytest

from actions.errors import PermanentFailure
from actions.models.connection import Connection

TOKEN = "sk-live-0123456789"


@pytest.mark.parametrize("action", ["http_request", "webhook"])
@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"header": "X-Key"}, {"x-key": TOKEN}),
        ({"header": "Authorization"}, {"authorization": f"Bearer {TOKEN}"}),
        (None, {"authorization": f"Bearer {TOKEN}"}),
    ],
)
def test_the_connection_names_the_header(run, sandbox, crm, action, place, expected):
    Connection.objects.filter(pk=crm.pk).update(settings={**crm.settings, "secret_in": place})

    run(action, method="POST", url="a", connection="crm", body={"a": 1})

    [received] = sandbox.received("hook")
    assert expected.items() <= received.headers.items()
    assert (received.path, received.body) == ("/hook/crm/a", {"a": 1})


@pytest.mark.parametrize("action", ["http_request", "webhook"])
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("a", f"a?api_key={TOKEN}"),
        ("a?x=%20&y", f"a?x=%20&y&api_key={TOKEN}"),
        ("a?api_key=mine&api%5Fkey=2&x=1#part", f"a?x=1&api_key={TOKEN}"),
    ],
)
def test_the_secret_in_the_query(run, sandbox, crm, action, url, expected):
    Connection.objects.filter(pk=crm.pk).update(
        settings={**crm.settings, "secret_in": {"query": "api_key"}}
    )
    sandbox.behave("hook", "answer", body={"you": f"/a?api_key={TOKEN}"})

    output = run(action, method="POST", url=url, connection="crm", body={})

    [received] = sandbox.received("hook")
    assert received.path == f"/hook/crm/{expected}"
    assert "authorization" not in received.headers
    assert output["body"] == {"you": "/a?api_key=[secret]"}
    assert TOKEN not in json.dumps(output)


@pytest.mark.parametrize("action", ["http_request", "webhook"])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"a": 1}, {"a": 1, "token": TOKEN}),
        (None, {"token": TOKEN}),
        ({"token": "x"}, {"token": TOKEN}),
    ],
)
def test_the_secret_in_the_body(run, sandbox, crm, action, body, expected):
    Connection.objects.filter(pk=crm.pk).update(
        settings={**crm.settings, "secret_in": {"body": "token"}}
    )

    output = run(action, method="POST", url="a", connection="crm", body=body)

    [received] = sandbox.received("hook")
    assert received.body == expected
    assert TOKEN not in json.dumps(output)
    assert body in (None, {"a": 1}, {"token": "x"})


def test_a_body_that_has_no_place_for_the_secret(run, sandbox, crm):
    Connection.objects.filter(pk=crm.pk).update(
        settings={**crm.settings, "secret_in": {"body": "token"}}
    )

    with pytest.raises(PermanentFailure, match="secret_needs_object"):
        run("http_request", method="POST", url="a", connection="crm", body=[1])

    assert sandbox.received() == []


@pytest.mark.parametrize(
    "place",
    [
        "query",
        {},
        {"query": ""},
        {"query": 1},
        {"cookie": "a"},
        {"query": "a", "body": "b"},
        [],
        False,
    ],
)
def test_a_place_that_is_none_sends_nothing(run, sandbox, crm, place):
    Connection.objects.filter(pk=crm.pk).update(settings={**crm.settings, "secret_in": place})

    with pytest.raises(PermanentFailure) as failure:
        run("http_request", method="POST", url="a", connection="crm")

    assert failure.value.code == "connection_unclear"
    assert failure.value.params == {"connection": "crm", "setting": "secret_in"}
    assert sandbox.received() == []


def test_a_secret_in_the_query_goes_with_every_page(run, sandbox, crm, book):
    Connection.objects.filter(pk=crm.pk).update(
        settings={**crm.settings, "secret_in": {"query": "key"}}
    )
    book(
        {
            "crm": {"data": [1], "next": f"{sandbox.base_url}/hook/crm?p=2&key={TOKEN}"},
            "crm?p=2": {"data": [2]},
        }
    )

    output = run(
        "http_request",
        method="GET",
        url="",
        connection="crm",
        pages={"next": "body.next", "items": "body.data"},
    )

    assert output["items"] == [1, 2]
    assert [one.path for one in sandbox.received("hook")] == [
        f"/hook/crm?key={TOKEN}",
        f"/hook/crm?p=2&key={TOKEN}",
    ]


def test_a_secret_in_the_query_travels_encrypted_only(run, tenant, crm, settings):
    Connection.objects.filter(pk=crm.pk).update(
        settings={**crm.settings, "secret_in": {"query": "key"}}
    )
    settings.SAYR = {**settings.SAYR, "ACTIONS": {}}

    with pytest.raises(PermanentFailure, match="encryption_required"):
        run("http_request", method="GET", url="a", connection="crm")
