"""Asking another system: what is sent, what is kept, what counts as failure."""

import pytest

from actions.errors import PermanentFailure
from actions.models.connection import Connection


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_every_method_carries_the_idempotency_key(ask, sandbox, as_tenant, method):
    output = ask(method=method, body=None if method in {"GET", "HEAD"} else {"اسم": "نور"})

    [received] = sandbox.received("hook")
    assert received.method == method
    assert received.idempotency_key == as_tenant.idempotency_key
    assert output["status"] == 200
    if method == "HEAD":
        assert output["body"] is None


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("a", {"q": "نور & co", "n": 5}, "a?q=%D9%86%D9%88%D8%B1+%26+co&n=5"),
        ("a?x=1", {"y": True}, "a?x=1&y=true"),
        ("a#part", {"y": "1"}, "a?y=1"),
        ("a", {"tag": ["a", "b"], "none": None, "id; drop": "#"}, "a?tag=a&tag=b&id%3B+drop=%23"),
        ("a", {"n": 10**40}, f"a?n={10**40}"),
        ("a", {"none": None}, "a"),
    ],
)
def test_the_query_is_added_to_the_address(ask, sandbox, path, query, expected):
    ask(path, query=query)

    assert sandbox.received("hook")[0].path == f"/hook/{expected}"


def test_only_what_is_picked_is_kept(ask, book):
    book({"a": {"data": [{"id": 7, "name": "نور"}], "more": "x" * 70_000}}, headers={"ETag": "9"})

    output = ask(
        response={
            "pick": {"id": "body.data[0].id", "tag": "headers.etag", "none": "body.data[1].id"}
        }
    )

    assert output == {"status": 200, "id": 7, "tag": "9"}


def test_an_answer_that_means_failure(refused, book):
    book({"a": {"ok": False, "error": "no money"}})

    facts = refused(
        "answer_means_failure",
        fail_when=[
            {"field": "status", "operator": "greater_than", "value": 201},
            {"field": "body.ok", "operator": "equals", "value": False, "message": "رصيد غير كاف"},
        ],
    )

    assert facts == {
        "host": "127.0.0.1",
        "status": 200,
        "message": "رصيد غير كاف",
        "rule": "body.ok equals false",
        "answer": '{"ok":false,"error":"no money"}',
    }


def test_an_answer_that_means_no_failure(ask, book):
    book({"a": {"ok": True, "n": "5"}})
    rows = [
        {"field": "body.error", "operator": "is_not_empty"},
        {"field": "body.n", "operator": "greater_than", "value": 10},
    ]

    assert ask(fail_when=rows)["status"] == 200


def test_an_answer_of_another_shape_is_no_success(refused, book):
    book({"a": {"n": "many"}})

    facts = refused(
        "answer_lacks_field", fail_when=[{"field": "body.ok", "operator": "equals", "value": True}]
    )
    assert facts == {"host": "127.0.0.1", "field": "body.ok"}
    facts = refused(
        "values_not_comparable",
        fail_when=[{"field": "body.n", "operator": "greater_than", "value": 5}],
    )
    assert facts["odd"] == "many"


def test_another_tenants_connection(run, sandbox, other_tenant, crm):
    Connection.objects.filter(pk=crm.pk).update(tenant=other_tenant)

    with pytest.raises(PermanentFailure, match="connection_unknown"):
        run("http_request", method="GET", url="a", connection="crm")

    assert sandbox.received() == []
