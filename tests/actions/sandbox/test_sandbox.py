"""The stand-ins: what they keep, how they are told to behave, what their page shows."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time

import pytest

from actions.sandbox.journal import KEPT, Behaviour, Journal
from actions.sandbox.sandbox import Sandbox


def ask(sandbox, method, path, body=None, **headers):
    connection = http.client.HTTPConnection(sandbox.host_and_port, timeout=3)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, headers)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    kind = answer.headers.get("Content-Type", "")
    return answer.status, json.loads(content) if "json" in kind and content else content.decode()


@pytest.fixture
def fresh():
    with Sandbox(smtp=None) as sandbox:
        yield sandbox


def test_what_came_is_listed_and_filtered(fresh):
    ask(fresh, "POST", "/hook/a", {"order": 1001}, **{"Idempotency-Key": "run-1"})
    ask(fresh, "POST", "/slack/chat.postMessage", {"channel": "#a", "text": "طلب"})

    listed = ask(fresh, "GET", "/received")[1]["received"]
    assert [one["channel"] for one in listed] == ["hook", "slack"]
    assert (listed[0]["idempotency_key"], listed[0]["body"]) == ("run-1", {"order": 1001})
    for query, expected in (
        ("channel=slack", [2]),
        ("since=1", [2]),
        ("contains=1001", [1]),
        ("contains=%D8%B7%D9%84%D8%A8", [2]),
        ("channel=hook&since=1", []),
    ):
        found = ask(fresh, "GET", f"/received?{query}")[1]["received"]
        assert [one["id"] for one in found] == expected, query


def test_what_came_can_be_forgotten(fresh):
    ask(fresh, "POST", "/hook/a", {})

    assert ask(fresh, "DELETE", "/received")[0] == 204
    assert ask(fresh, "GET", "/received") == (200, {"received": []})


def test_a_behaviour_lasts_as_often_as_told(fresh):
    rule = {"channel": "hook", "mode": "fail", "status": 502, "times": 2}

    assert ask(fresh, "PUT", "/behaviour", rule)[0] == 200
    assert [ask(fresh, "POST", "/hook/a", {})[0] for _ in range(3)] == [502, 502, 200]
    assert ask(fresh, "GET", "/behaviour") == (200, {"behaviours": []})


def test_a_behaviour_can_be_for_one_path(fresh):
    fresh.behave("hook", "answer", path="/hook/crm", body={"deals": []})
    fresh.behave("hook", "fail", status=500)

    assert ask(fresh, "GET", "/hook/crm/deals") == (500, {"error": "it does not work"})
    fresh.behave("hook", "ok")
    assert ask(fresh, "GET", "/hook/crm/deals") == (200, {"deals": []})
    assert ask(fresh, "GET", "/hook/other")[0] == 200


@pytest.mark.parametrize(
    "rule",
    [{"channel": "fax", "mode": "ok"}, {"channel": "hook", "mode": "dance"}, {"mode": "ok"}, []],
)
def test_a_behaviour_that_does_not_exist_is_refused(fresh, rule):
    status, answer = ask(fresh, "PUT", "/behaviour", rule)

    assert status == 400
    assert answer["error"]


def test_without_a_token_the_providers_refuse(fresh):
    body = {"messaging_product": "whatsapp", "to": "+9613123456", "template": {"name": "x"}}

    assert ask(fresh, "POST", "/v23.0/1/messages", body)[0] == 401
    assert ask(fresh, "POST", "/slack/chat.postMessage", {})[1] == {
        "ok": False,
        "error": "not_authed",
    }


def test_a_registered_text_is_shown_with_its_values(fresh):
    ask(fresh, "PUT", "/texts", {"order_confirmed": "طلبك {{1}} في الطريق"})
    parameters = [{"type": "text", "text": "1001"}]
    template = {"name": "order_confirmed", "components": [{"parameters": parameters}]}
    ask(fresh, "POST", "/v23.0/1/messages", {"to": "+9613123456", "template": template})

    assert fresh.received("whatsapp")[0].text == "طلبك 1001 في الطريق"


def test_an_unknown_path_is_not_found_and_not_kept(fresh):
    assert ask(fresh, "POST", "/elsewhere", {})[0] == 404
    assert fresh.received() == []


def test_the_page_shows_what_came_and_no_markup_of_others(fresh):
    evil = "<script>alert(1)</script>"
    ask(fresh, "POST", "/hook/a", {"name": evil})
    ask(fresh, "POST", "/slack/chat.postMessage", {"channel": evil, "text": evil})
    ask(fresh, "POST", f"/teams/{evil.replace(' ', '')}", {"text": evil, "title": evil})
    ask(
        fresh,
        "POST",
        "/v23.0/1/messages",
        {"to": evil, "template": {"name": evil}},
        **{"X-A": evil},
    )

    for path in ("/", "/?channel=slack", "/raw/1", "/raw/2", "/raw/3", "/raw/4"):
        status, page = ask(fresh, "GET", path)
        assert status == 200
        assert "&lt;script&gt;" in page
        assert "<script" not in page


def test_the_page_refreshes_itself_until_told_not_to(fresh):
    assert 'http-equiv="refresh"' in ask(fresh, "GET", "/")[1]
    assert 'http-equiv="refresh"' not in ask(fresh, "GET", "/?refresh=0")[1]
    assert ask(fresh, "GET", "/style.css")[0] == 200
    assert ask(fresh, "GET", "/raw/99")[0] == 404
    assert ask(fresh, "GET", "/raw/x")[0] == 400


def test_only_the_last_thousand_are_kept():
    journal = Journal()
    for number in range(KEPT + 5):
        journal.note(number, channel="hook", to="", text="", status=200)

    assert [journal.received()[0].id, len(journal.received())] == [5, KEPT]


def test_one_path_and_channel_has_one_rule():
    journal = Journal()
    journal.behave(Behaviour("hook", "fail"))
    journal.behave(Behaviour("hook", "slow"))
    assert [rule.mode for rule in journal.behaviours()] == ["slow"]

    journal.behave(Behaviour("hook", "ok"))
    assert journal.behaviours() == []


def test_leaving_ends_what_hangs():
    started = time.monotonic()
    with Sandbox(smtp=None) as sandbox:
        sandbox.behave("hook", "hang", seconds=30)
        hanging = socket.create_connection(("127.0.0.1", int(sandbox.base_url.rpartition(":")[2])))
        hanging.sendall(b"GET /hook/a HTTP/1.1\r\nHost: x\r\n\r\n")
    hanging.close()

    assert time.monotonic() - started < 2


def test_it_runs_from_the_command_line():
    command = [sys.executable, "-m", "actions.sandbox"]
    command += ["--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=5)

    assert line.startswith("Sandbox: http://127.0.0.1:")
    assert code == 0
