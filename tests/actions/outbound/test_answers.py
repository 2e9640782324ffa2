"""What each kind of answer becomes: an answer, a temporary or a permanent failure."""
# ruff: noqa: RUF001 - Arabic letters and digits are no slips here

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest

from actions.errors import PermanentFailure, TemporaryFailure
from actions.outbound.answer import retry_after
from actions.outbound.client import send
from actions.outbound.request import Request


def post(url, **details):
    details.setdefault("body", {"a": 1})
    timeout_seconds = details.pop("timeout_seconds", 5)
    request = Request(details.pop("method", "POST"), url, **details)
    return send(request, idempotency_key="run-1", timeout_seconds=timeout_seconds)


def test_a_good_answer_comes_back_as_json_with_exact_numbers(sandbox):
    sandbox.behave("hook", "answer", body={"price": 149.9})

    answer = post(f"{sandbox.base_url}/hook/a")

    assert answer.status == 200
    assert answer.body == {"price": Decimal("149.9")}
    assert answer.headers == {"content-type": "application/json"}


def test_the_request_carries_json_and_the_idempotency_key(sandbox):
    post(f"{sandbox.base_url}/hook/a?b=1", body={"total": Decimal("149.90"), "name": "نور"})

    [received] = sandbox.received("hook")
    assert received.path == "/hook/a?b=1"
    assert received.raw == '{"total":149.90,"name":"\\u0646\\u0648\\u0631"}'
    assert received.headers["content-type"] == "application/json"
    assert received.idempotency_key == "run-1"
    assert received.headers["user-agent"] == "Sayr"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 529])
def test_trouble_on_the_other_side_is_temporary(sandbox, status):
    sandbox.behave("hook", "fail", status=status)

    with pytest.raises(TemporaryFailure) as failure:
        post(f"{sandbox.base_url}/hook/a")

    assert failure.value.code == f"http_{status}"
    assert failure.value.params == {
        "status": status,
        "host": "127.0.0.1",
        "answer": '{"error":"it does not work"}',
        "may_have_arrived": status not in {408, 425, 429, 503},
    }
    assert failure.value.retry_after is None


def test_a_proxy_that_lost_the_server_while_it_waited_had_passed_the_request_on(sandbox):
    said = "upstream connect error or disconnect/reset before headers. reset reason: overflow"
    sandbox.behave("hook", "answer", status=503, body=said)

    with pytest.raises(TemporaryFailure) as failure:
        post(f"{sandbox.base_url}/hook/a")

    assert failure.value.params["may_have_arrived"] is True


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 413, 422, 451])
def test_a_refusal_is_permanent(sandbox, status):
    sandbox.behave("hook", "fail", status=status)

    with pytest.raises(PermanentFailure) as failure:
        post(f"{sandbox.base_url}/hook/a")

    assert failure.value.code == f"http_{status}"
    assert failure.value.params["answer"] == '{"error":"it does not work"}'


def test_an_accepted_status_is_an_answer(sandbox):
    sandbox.behave("hook", "fail", status=404)

    assert post(f"{sandbox.base_url}/hook/a", accept_status=frozenset({404})).status == 404


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta(0)),
        ("999999999999999999999", timedelta(days=1)),
        ("Sun, 22 Nov 2026 12:02:00 GMT", timedelta(minutes=2)),
        ("Sun, 22 Nov 2026 15:02:00 +0300", timedelta(minutes=2)),
        ("Sun, 22 Nov 2020 12:00:00 GMT", timedelta(0)),
        ("Fri, 01 Jan 2100 00:00:00 GMT", timedelta(days=1)),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("", None),
    ],
)
def test_retry_after_in_all_its_forms(value, expected):
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    assert retry_after({"retry-after": value}, limit=timedelta(days=1), now=now) == expected


def test_retry_after_is_honoured_in_seconds(sandbox):
    sandbox.behave("hook", "rate_limit", retry_after=120)

    with pytest.raises(TemporaryFailure) as failure:
        post(f"{sandbox.base_url}/hook/a")

    assert (failure.value.code, failure.value.retry_after) == ("http_429", timedelta(seconds=120))


def test_retry_after_is_honoured_as_a_date(sandbox):
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    sandbox.behave("hook", "rate_limit", retry_after=format_datetime(in_an_hour, usegmt=False))

    with pytest.raises(TemporaryFailure) as failure:
        post(f"{sandbox.base_url}/hook/a")

    assert failure.value.retry_after is not None
    assert timedelta(minutes=59) < failure.value.retry_after <= timedelta(hours=1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(sandbox, status):
    target = f"{sandbox.base_url}/hook/elsewhere"
    sandbox.behave("hook", "fail", status=status, headers={"Location": target}, path="/hook/a")

    with pytest.raises(PermanentFailure) as failure:
        post(f"{sandbox.base_url}/hook/a")

    assert failure.value.code == "redirect_refused"
    assert failure.value.params["location"] == target
    assert [one.path for one in sandbox.received("hook")] == ["/hook/a"]


def test_an_empty_answer_has_no_body(sandbox):
    sandbox.behave("hook", "answer", status=204)

    assert post(f"{sandbox.base_url}/hook/a").body is None


def test_text_stays_text_and_loses_what_the_database_refuses(sandbox):
    sandbox.behave("hook", "answer", body="مرحبا \x00!")

    assert post(f"{sandbox.base_url}/hook/a").body == "مرحبا \N{REPLACEMENT CHARACTER}!"


def test_json_loses_what_the_database_refuses(sandbox):
    sandbox.behave("hook", "answer", body={"a\x00": ["\x00", "\udc00"]})

    mark = "\N{REPLACEMENT CHARACTER}"
    # A lone surrogate cannot even be written as UTF-8 by an honest server; \u escapes can.
    assert post(f"{sandbox.base_url}/hook/a").body == {f"a{mark}": [mark, mark]}


# JSON, but no database keeps it.
@pytest.mark.parametrize(
    "text",
    [b"{", b"[" * 100_000, b"NaN", b"1" * 10_000, b"\xff\xfe"],
    ids=["cut", "deep", "nan", "long", "binary"],
)
def test_an_answer_that_only_says_json_never_breaks_a_step(raw_server, text):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    url = raw_server(lambda connection: connection.sendall(head % len(text) + text))

    assert isinstance(post(url).body, str)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("1e999999999", "1E+999999999"),
        ("1e5000", "1E+5000"),
        ("-1e-5000", "-1E-5000"),
        ("9" * 101, "9" * 101),
        ("9" * 4000, "9" * 4000),
        ("9" * 100, int("9" * 100)),
        ("18446744073709551615", 2**64 - 1),
    ],
)
def test_a_hostile_number_in_an_answer_is_told_as_text(raw_server, number, told):
    text = f'{{"a": [{number}]}}'.encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    url = raw_server(lambda connection: connection.sendall(head % len(text) + text))

    assert post(url).body == {"a": [told]}


def test_headers_that_may_hold_credentials_are_not_kept(sandbox):
    headers = {"Set-Cookie": "session=1", "ETag": '"7"', "X-Internal": "x"}
    sandbox.behave("hook", "answer", body={}, headers=headers)

    assert post(f"{sandbox.base_url}/hook/a").headers == {
        "content-type": "application/json",
        "etag": '"7"',
    }


def test_a_cookie_does_not_travel_to_the_next_call(sandbox):
    sandbox.behave("hook", "answer", body={}, headers={"Set-Cookie": "session=1; Path=/"})
    post(f"{sandbox.base_url}/hook/a")

    post(f"{sandbox.base_url}/hook/a")

    assert "cookie" not in sandbox.received("hook")[1].headers


@pytest.mark.parametrize(
    "name",
    ["Host", "content-length", "Transfer-Encoding", "Idempotency-Key", "X\r\nY", "X Y", "", "ا"],
)
def test_a_header_name_that_could_change_the_request_is_refused(sandbox, name):
    with pytest.raises(PermanentFailure) as failure:
        post(f"{sandbox.base_url}/hook/a", headers={name: "1"})

    assert failure.value.code == "bad_header"
    assert sandbox.received() == []


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "نور"])
def test_a_header_value_that_could_change_the_request_is_refused(sandbox, value):
    with pytest.raises(PermanentFailure) as failure:
        post(f"{sandbox.base_url}/hook/a", headers={"X-Name": value})

    assert failure.value.code == "bad_header"
    assert sandbox.received() == []


@pytest.mark.parametrize(
    "secret", [{"secret_headers": {"Authorization": "Bearer x"}}, {"secrets": ("abcdefgh",)}]
)
def test_a_secret_does_not_travel_unencrypted(secret):
    with pytest.raises(PermanentFailure) as failure:
        post("http://api.example.com/", **secret)

    assert (failure.value.code, failure.value.params) == (
        "encryption_required",
        {"host": "api.example.com"},
    )


def test_a_method_of_its_own_is_refused(sandbox):
    with pytest.raises(PermanentFailure, match="bad_method"):
        post(f"{sandbox.base_url}/hook/a", method="CONNECT")

    assert sandbox.received() == []


def test_a_request_over_the_limit_is_refused(sandbox):
    with pytest.raises(PermanentFailure, match="request_too_large"):
        post(f"{sandbox.base_url}/hook/a", body="x" * 1_048_576)

    assert sandbox.received() == []
