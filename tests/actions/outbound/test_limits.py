"""Time and size: a call ends at its deadline and under its limit, whatever the other side does."""

import gzip
import threading
import time
from contextlib import contextmanager

import pytest

from actions.errors import PermanentFailure, TemporaryFailure
from actions.outbound.client import send
from actions.outbound.request import Request


def get(url, timeout_seconds=0.6):
    return send(Request("GET", url), idempotency_key="run-1", timeout_seconds=timeout_seconds)


@contextmanager
def ends_within(seconds):
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds


def drip(connection, text, seconds_each=0.05):
    for place in range(len(text)):
        connection.sendall(text[place : place + 1])
        threading.Event().wait(seconds_each)


def test_a_server_that_does_not_answer_is_given_up_at_the_deadline(sandbox):
    sandbox.behave("hook", "hang", seconds=3)

    with ends_within(1.0), pytest.raises(TemporaryFailure) as failure:
        get(f"{sandbox.base_url}/hook/a")

    assert failure.value.code == "timed_out"
    assert failure.value.params == {"host": "127.0.0.1", "may_have_arrived": True}


def test_a_slow_answer_within_the_deadline_is_an_answer(sandbox):
    sandbox.behave("hook", "slow", seconds=0.2)

    assert get(f"{sandbox.base_url}/hook/a", timeout_seconds=3).status == 200


def test_a_dripping_answer_ends_at_the_deadline(sandbox):
    sandbox.behave("hook", "drip", seconds=5)

    with ends_within(1.0), pytest.raises(TemporaryFailure, match="timed_out"):
        get(f"{sandbox.base_url}/hook/a")


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 " + b"O" * 1000,
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 90,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"a" * 1000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 500,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"a" * 1000,
        b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 1000\r\n\r\n" + b"a" * 1000,
    ],
    ids=["status line", "headers", "body", "chunks", "chunk extension", "redirect"],
)
def test_every_part_of_an_answer_can_drip_and_the_deadline_holds(raw_server, text):
    first, rest = text[:10], text[10:]

    def answer(connection):
        connection.sendall(first)
        drip(connection, rest)

    url = raw_server(answer)

    with ends_within(1.0), pytest.raises(TemporaryFailure, match="timed_out"):
        get(url)


def test_the_next_call_after_a_broken_one_works(sandbox):
    sandbox.behave("hook", "drip", seconds=5, times=1)
    with pytest.raises(TemporaryFailure):
        get(f"{sandbox.base_url}/hook/a")

    assert get(f"{sandbox.base_url}/hook/a", timeout_seconds=3).status == 200


def test_calls_share_one_connection(raw_server):
    connections = []
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    def answer(connection):
        connections.append(connection)
        connection.sendall(reply)
        while connection.recv(65536):
            connection.sendall(reply)

    url = raw_server(answer)

    assert [get(url).body for _ in range(3)] == ["ok", "ok", "ok"]
    assert len(connections) == 1


def test_a_connection_that_the_server_closed_is_not_used_again(raw_server):
    def answer(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    url = raw_server(answer)
    get(url)
    threading.Event().wait(0.05)  # for the end of the connection to arrive

    assert get(url).body == "ok"


def test_a_server_that_hangs_up_is_temporary_and_may_have_acted(raw_server):
    url = raw_server(lambda connection: None)

    with pytest.raises(TemporaryFailure) as failure:
        get(url)

    assert failure.value.code == "connection_lost"
    assert failure.value.params["may_have_arrived"] is True


def test_an_answer_cut_short_is_temporary(raw_server):
    url = raw_server(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok"))

    with pytest.raises(TemporaryFailure, match="connection_lost"):
        get(url)


def test_a_server_that_is_off_is_temporary_and_nothing_was_sent(settings):
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": ["127.0.0.1:9"]}}

    with pytest.raises(TemporaryFailure) as failure:
        get("http://127.0.0.1:9/")

    assert failure.value.code == "unreachable"
    assert failure.value.params["may_have_arrived"] is False


def test_what_speaks_no_http_is_temporary(raw_server):
    url = raw_server(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9\r\n"))

    with pytest.raises(TemporaryFailure, match="connection_lost"):
        get(url)


@pytest.mark.parametrize("length", [b"Content-Length: 2000000\r\n", b"Connection: close\r\n"])
def test_a_long_answer_is_refused(raw_server, length):
    text = b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + b"a" * 2_000_000
    url = raw_server(lambda connection: connection.sendall(text))

    with pytest.raises(PermanentFailure) as failure:
        get(url, timeout_seconds=5)

    assert failure.value.code == "answer_too_large"
    assert failure.value.params == {"host": "127.0.0.1", "limit_bytes": 1_048_576}


def test_a_redirects_body_has_the_same_limit(raw_server):
    """The HTTP library would read it whole while it looks where the redirect leads."""
    text = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nConnection: close\r\n\r\n" + b"a" * 2_000_000
    url = raw_server(lambda connection: connection.sendall(text))

    with pytest.raises(PermanentFailure, match="answer_too_large"):
        get(url, timeout_seconds=5)


def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused(raw_server):
    packed = gzip.compress(b"a" * 50_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    url = raw_server(lambda connection: connection.sendall(head % len(packed) + packed))

    with pytest.raises(PermanentFailure, match="answer_too_large"):
        get(url, timeout_seconds=5)


def test_a_damaged_compression_is_permanent(raw_server):
    text = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"
    url = raw_server(lambda connection: connection.sendall(text))

    with pytest.raises(PermanentFailure, match="answer_unreadable"):
        get(url)


def test_a_packed_answer_is_unpacked(raw_server):
    packed = gzip.compress(b'{"a": 1}')
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(packed)
    url = raw_server(lambda connection: connection.sendall(head + packed))

    assert get(url).body == {"a": 1}


def test_the_machines_own_credentials_and_proxies_are_not_used(sandbox, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login root password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    get(f"{sandbox.base_url}/hook/a", timeout_seconds=3)

    assert "authorization" not in sandbox.received("hook")[0].headers
