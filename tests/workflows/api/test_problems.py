"""Whatever goes wrong is answered with problem details."""

import logging
from urllib.parse import quote

import pytest
from django.utils.http import urlencode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.definitions import publish_log
from tests.workflows.api.callers import Caller
from workflows.api.codes import KINDS, PARAMETER_SENTENCES
from workflows.api.problems import ProblemSerializer
from workflows.api.refusals import ApiProblem
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun


def test_a_problem_has_the_members_of_the_standard(caller):
    answer = caller.fire(body="{")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:sayr:problem:json_syntax",
        "title": "The body is not acceptable JSON.",
        "status": 400,
        "detail": "This is not JSON: Expecting property name enclosed in double quotes.",
        "code": "json_syntax",
        "errors": [
            {
                "line": 1,
                "column": 2,
                "code": "json_syntax",
                "detail": "This is not JSON: Expecting property name enclosed in double quotes.",
            }
        ],
    }


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "head"])
@pytest.mark.parametrize(
    "address", ["", "nothing/", "runs", "runs/1/", "triggers/", "triggers/new_order", "%00/"]
)
def test_an_unknown_address_is_a_problem_too(nobody, method, address):
    answer = getattr(nobody.http, method)(f"/api/v1/{address}")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert method == "head" or answer.json()["code"] == "unknown_address"


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("triggers/new_order/", "POST"), ("runs/", "GET, HEAD"), ("health/", "GET, HEAD")],
)
@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_a_method_that_is_not_allowed(caller, address, allowed, method):
    answer = getattr(caller.http, method)(
        f"/api/v1/{address}", headers={"Authorization": f"Api-Key {caller.key}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer["Allow"] == allowed


def test_an_answer_in_another_form_is_not_given(caller):
    answer = caller.get("runs/", Accept="text/html")
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert answer["Content-Type"] == "application/problem+json"


def test_a_fault_of_ours_shows_nothing_of_it(caller, monkeypatch, caplog):
    def broken(*_args):
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("workflows.api.views.runs.find_runs", broken)
    with caplog.at_level(logging.ERROR):
        answer = caller.get("runs/")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert b"secret" not in answer.content
    assert b"Traceback" not in answer.content
    assert "a secret detail" in caplog.text


def test_too_much_pending_work_is_refused_until_later(caller, tenant, monkeypatch):
    publish_log(tenant, "log", "new_order")
    monkeypatch.setattr("workflows.services.events.backlog.MAX_DUE_RUNS", 2)
    monkeypatch.setattr("workflows.services.events.backlog.LOOK_EVERY_SECONDS", 0)
    for _ in range(3):
        assert caller.fire().status_code == 202

    answer = caller.fire()

    assert (answer.status_code, answer.json()["code"]) == (429, "too_much_pending")
    assert answer["Retry-After"] == "30"
    assert WorkflowEvent.objects.count() == 3


def test_another_tenants_pending_work_is_not_ours(caller, other_caller, other_tenant, monkeypatch):
    publish_log(other_tenant, "log", "new_order")
    monkeypatch.setattr("workflows.services.events.backlog.MAX_DUE_RUNS", 0)
    monkeypatch.setattr("workflows.services.events.backlog.LOOK_EVERY_SECONDS", 0)
    other_caller.fire()
    assert other_caller.fire().status_code == 429
    assert caller.fire().status_code == 202


def test_runs_that_wait_for_a_date_are_not_pending_work(caller, tenant, monkeypatch):
    publish_log(tenant, "log", "new_order")
    monkeypatch.setattr("workflows.services.events.backlog.MAX_DUE_RUNS", 0)
    caller.fire()
    WorkflowRun.objects.update(due_at="2999-01-01T00:00:00Z", status="waiting")
    assert caller.fire().status_code == 202


def test_pending_work_is_counted_once_a_second_at_most(caller, monkeypatch):
    asked = []

    def rows(*question):
        asked.append(question)
        return [(False,)]

    monkeypatch.setattr("workflows.services.events.backlog.rows", rows)
    for _ in range(5):
        caller.fire()
    assert len(asked) == 1


@pytest.mark.parametrize("code", KINDS)
def test_every_problem_has_a_status_and_sentences(code):
    of_json = ("byte", "reason", "limit", "key", "number", "found", "limit_bytes")
    of_decisions = ("choice", "who", "when", "choices", "expected")
    params = dict.fromkeys((*of_json, *of_decisions, "scope"), 1)
    body = ProblemSerializer(ApiProblem(code, params)).data
    assert 400 <= body["status"] < 600
    assert body["title"]
    assert body["detail"]


@pytest.mark.parametrize("code", PARAMETER_SENTENCES)
def test_every_sentence_about_a_parameter_can_be_filled_in(code):
    params = dict.fromkeys(("known", "limit", "choices", "least", "most", "other"), 1)
    assert str(PARAMETER_SENTENCES[code]) % params


SLOW = settings(
    max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
NEAR_JSON = st.text('{}[]":,0123456789.eE+-truefalsnl \\ud8\0\n\x00é', max_size=60).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)


@SLOW
@given(body=st.binary(max_size=100) | NEAR_JSON)
def test_no_body_is_too_much_for_us(caller, body):
    assert caller.fire(body=body).status_code in {202, 400}


TEXT = st.text(max_size=30)


@SLOW
@given(
    payload=st.dictionaries(TEXT, TEXT | st.integers() | st.floats() | st.lists(TEXT)),
    trigger_type=TEXT,
)
def test_no_payload_is_too_much_for_us(caller, payload, trigger_type):
    answer = caller.fire(quote(trigger_type, safe="") or "x", payload)
    assert answer.status_code in {202, 400, 404}


@SLOW
@given(
    query=st.dictionaries(
        st.sampled_from(
            ["status", "workflow", "order_id", "event_id", "created_after", "cursor", "limit", "x"]
        ),
        TEXT,
    )
)
def test_no_question_is_too_much_for_us(caller, query):
    assert caller.get(f"runs/?{urlencode(query)}").status_code in {200, 400}


@SLOW
@given(header=st.text(st.characters(max_codepoint=255), max_size=50))
def test_no_header_is_too_much_for_us(db, header):
    assert Caller(header).fire().status_code == 401
    assert Caller(None).get("runs/", Authorization=header).status_code == 401
