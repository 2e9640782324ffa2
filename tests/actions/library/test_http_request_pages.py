"""Fetching page after page, on one server only."""

from dataclasses import replace

import pytest

from actions.errors import TemporaryFailure


def test_pages_by_address(ask, sandbox, book, as_tenant):
    book(
        {
            "a": {"data": [{"id": 1}, {"id": 2}], "next": f"{sandbox.base_url}/hook/a?page=2"},
            "a?page=2": {"data": [{"id": 3}], "next": "?page=3"},
            "a?page=3": {"data": [], "next": None},
        }
    )

    output = ask(pages={"next": "body.next", "items": "body.data"})

    assert output == {
        "status": 200,
        "items": [{"id": 1}, {"id": 2}, {"id": 3}],
        "pages": 3,
        "more": False,
    }
    key = as_tenant.idempotency_key
    assert [one.idempotency_key for one in sandbox.received("hook")] == [
        key,
        f"{key}-page-2",
        f"{key}-page-3",
    ]


def test_pages_by_mark_pick_from_each_item(ask, sandbox, book):
    book(
        {
            "a": {"data": [{"id": "ج/1", "x": 1}]},
            "a?limit=1&after=%D8%AC%2F1": {"data": [{"id": "2", "x": 2}]},
            "a?limit=1&after=2": {"data": []},
        }
    )

    output = ask(
        query={"limit": 1},
        pages={"next": "body.data.last.id", "cursor": "after", "items": "body.data"},
        response={"pick": {"key": "item.id", "of": "status"}},
    )

    assert output["items"] == [{"key": "ج/1", "of": 200}, {"key": "2", "of": 200}]
    assert (output["pages"], output["more"]) == (3, False)


def test_pages_by_link_header(ask, sandbox):
    link = f'<{sandbox.base_url}/hook/x>; rel="prev", <{sandbox.base_url}/hook/b>; rel="next"'
    sandbox.behave("hook", "answer", path="/hook/a", body=[1], headers={"Link": link})
    last = f'<{sandbox.base_url}/hook/a>; rel="prev"'
    sandbox.behave("hook", "answer", path="/hook/b", body=[2], headers={"Link": last})

    output = ask(pages={"next": "headers.link", "items": "body"})

    assert (output["items"], output["more"]) == ([1, 2], False)


def test_at_most_so_many_pages(ask, sandbox, book):
    book({"a": {"data": [1], "next": "?p=2"}, "a?p=2": {"data": [2], "next": "?p=3"}})

    output = ask(pages={"next": "body.next", "items": "body.data", "at_most": 2})

    assert output == {"status": 200, "items": [1, 2], "pages": 2, "more": True}
    assert len(sandbox.received("hook")) == 2


@pytest.mark.parametrize(
    ("following", "code"),
    [
        ("https://evil.example/a", "page_on_other_server"),
        ("//evil.example/a", "page_on_other_server"),
        ("http://127.0.0.1:1/a", "page_on_other_server"),
        ("http://user@127.0.0.1/a", "bad_address"),
        ("file:///etc/passwd", "bad_address"),
        ("javascript:alert(1)", "bad_address"),
        ("http://[", "bad_address"),
        ("/a\r\nX: 1", "bad_address"),
    ],
)
def test_only_pages_of_the_same_server_are_fetched(refused, sandbox, book, crm, following, code):
    book({"crm": {"data": [1], "next": following}})

    refused(code, url="", connection="crm", pages={"next": "body.next", "items": "body.data"})

    assert len(sandbox.received("hook")) == 1


def test_a_page_that_comes_again_ends_the_step(refused, sandbox, book):
    book({"a": {"data": [1], "next": "?p=2"}, "a?p=2": {"data": [2], "next": "?p=2"}})

    facts = refused("page_repeated", pages={"next": "body.next", "items": "body.data"})

    assert facts == {"host": "127.0.0.1", "page": 2}
    assert len(sandbox.received("hook")) == 2


@pytest.mark.parametrize("body", [{"data": {"a": 1}}, {}, [1], "text", None])
def test_a_page_without_its_list(refused, book, body):
    book({"a": body})

    facts = refused("answer_lacks_field", pages={"next": "body.next", "items": "body.data"})

    assert facts["field"] == "body.data"


@pytest.mark.parametrize("following", [True, {"a": 1}, ["x"]])
def test_a_mark_that_is_none(refused, book, following):
    book({"a": {"data": [1], "next": following}})

    facts = refused("answer_lacks_field", pages={"next": "body.next", "items": "body.data"})

    assert facts["field"] == "body.next"


def test_each_page_is_asked_whether_it_failed(refused, book):
    book({"a": {"data": [1], "next": "?p=2"}, "a?p=2": {"data": [2], "error": "x"}})

    refused(
        "answer_means_failure",
        pages={"next": "body.next", "items": "body.data"},
        fail_when=[{"field": "body.error", "operator": "is_not_empty"}],
    )


def test_an_accepted_status_ends_the_pages(ask, book):
    book({"a": {"error": "none"}}, status=404)

    output = ask(pages={"next": "body.next", "items": "body.data"}, accept_status=[404])

    assert output == {"status": 404, "items": [], "pages": 1, "more": False}


def test_pages_end_at_what_a_step_may_keep(refused, sandbox, book):
    book({"a": {"data": ["x" * 40_000], "next": "?p=2"}, "a?p=2": {"data": ["x" * 40_000]}})

    facts = refused("output_too_large", pages={"next": "body.next", "items": "body.data"})

    assert facts["limit_bytes"] == 65_536


def test_all_pages_share_the_time_of_the_step(run, as_tenant, sandbox, book):
    sandbox.behave("hook", "slow", seconds=0.5)
    context = replace(as_tenant, timeout_seconds=0.2)

    with pytest.raises(TemporaryFailure, match="timed_out"):
        run(
            "http_request",
            context=context,
            method="GET",
            url=f"{sandbox.base_url}/hook/a",
            pages={"next": "body.next", "items": "body.received"},
        )
