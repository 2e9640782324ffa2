"""POST /triggers/{type}/: an event is stored before it is answered."""

import json
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from django.test import RequestFactory

from tenants.core.json.faults import JsonFault
from tenants.core.json.strict_json import MAX_BYTES
from tests.support.definitions import publish_log
from tests.tenants.test_strict_json import REFUSED
from workflows.api.views.triggers import TriggerView
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun


def test_an_event_starts_the_workflow_that_listens(caller, tenant):
    publish_log(tenant, "log", "new_order")

    answer = caller.fire(payload={"order_id": "1001"})

    event, run = WorkflowEvent.objects.get(), WorkflowRun.objects.get()
    assert answer.status_code == 202
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {
        "event_id": str(event.id),
        "trigger_type": "new_order",
        "listeners": 1,
        "runs": [{"id": str(run.id), "url": f"http://testserver/api/v1/runs/{run.id}/"}],
        "evaluations": [{"workflow": "Workflow log", "started": True, "reason": "started"}],
    }
    assert (event.type, event.source, event.tenant) == ("new_order", "api", tenant)
    assert event.actor == run.actor == f"api_key:{caller.record.prefix}"
    assert run.trigger_payload == event.payload == {"order_id": "1001"}


def test_nobody_listens_and_the_event_is_kept(caller):
    answer = caller.fire("unheard_of")
    assert answer.status_code == 202
    assert (answer.json()["listeners"], answer.json()["runs"]) == (0, [])
    assert WorkflowEvent.objects.get().type == "unheard_of"


def test_the_answer_tells_which_workflow_did_not_start(caller, tenant):
    only_large = {"all": [{"field": "trigger.total", "operator": "greater_than", "value": "100"}]}
    publish_log(tenant, "large", "sale", trigger_filter=only_large)
    body = caller.fire("sale", {"total": "50"}).json()
    assert (body["listeners"], body["runs"]) == (1, [])
    assert body["evaluations"] == [
        {"workflow": "Workflow large", "started": False, "reason": "filtered_out"}
    ]


def test_a_paused_tenants_events_are_accepted(caller, tenant):
    publish_log(tenant, "log", "new_order")
    type(tenant).objects.update(paused_at="2026-01-01T00:00:00Z")
    assert caller.fire().status_code == 202
    assert WorkflowRun.objects.get().status == "queued"


def test_numbers_keep_all_their_digits(caller, tenant):
    publish_log(tenant, "log", "new_order")
    exact = "0.1234567890123456789012345678901234567890"
    body = f'{{"total": 149.90, "exact": {exact}, "big": 9007199254740993}}'

    event_id = caller.fire(body=body).json()["event_id"]

    with connection.cursor() as cursor:
        for table in ("workflow_events", "workflow_runs"):
            column = "payload" if table == "workflow_events" else "trigger_payload"
            cursor.execute(
                f"SELECT {column}->>'total', jsonb_typeof({column}->'total') FROM {table}"
            )
            assert cursor.fetchall() == [("149.90", "number")]
    shown = json.loads(caller.get(f"events/{event_id}/").content, parse_float=Decimal)["payload"]
    assert shown["total"].as_tuple() == Decimal("149.90").as_tuple()
    assert shown["exact"] == Decimal(exact)
    assert shown["big"] == 9007199254740993


def test_the_subject_is_named_in_the_address(caller, tenant):
    publish_log(tenant, "log", "new_order")
    caller.fire(query="?subject_type=order&subject_id=1001")
    for row in (WorkflowEvent.objects.get(), WorkflowRun.objects.get()):
        assert (row.subject_type, row.subject_id) == ("order", "1001")


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ("?subject_type=order", "subject_type", "belongs_together"),
        ("?subject_id=1", "subject_id", "belongs_together"),
        ("?subject_type=&subject_id=1", "subject_type", "parameter_empty"),
        ("?subject_type=order&subject_id=" + "x" * 101, "subject_id", "parameter_too_long"),
        ("?subject_type=order&subject_id=%00", "subject_id", "bad_characters"),
        ("?subject_type=a&subject_type=b&subject_id=1", "subject_type", "repeated_parameter"),
        ("?subjekt=1", "subjekt", "unknown_parameter"),
    ],
)
def test_wrong_parameters_are_refused(caller, query, parameter, code):
    answer = caller.fire(query=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameters")
    assert [(e["parameter"], e["code"]) for e in answer.json()["errors"]] == [(parameter, code)]
    assert not WorkflowEvent.objects.exists()


@pytest.mark.parametrize("name", ["New", "1st", "_x", "a-b", "a b", "a" * 101, "%00", "نص", "a%0A"])
def test_a_name_that_is_none_is_refused(caller, name):
    answer = caller.fire(name)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_trigger_type")


@pytest.mark.parametrize("name", ["a", "order.created", "new_order2", "a" * 100])
def test_a_good_name_is_accepted(caller, name):
    assert caller.fire(name).status_code == 202


@pytest.mark.parametrize(("body", "fault"), REFUSED.values(), ids=REFUSED)
def test_bad_json_is_refused_and_nothing_is_stored(caller, body, fault):
    answer = caller.fire(body=body)
    assert answer.status_code == (413 if fault is JsonFault.TOO_LARGE else 400)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == fault
    assert "%(" not in answer.json()["detail"]
    assert not WorkflowEvent.objects.exists()


def test_a_syntax_error_points_to_its_place(caller):
    [error] = caller.fire(body='{"a": }').json()["errors"]
    assert (error["code"], error["line"], error["column"]) == ("json_syntax", 1, 7)


def test_a_character_that_cannot_be_stored_points_to_its_value(caller):
    [error] = caller.fire(body=b'{"a": {"b": "\\u0000"}}').json()["errors"]
    assert (error["code"], error["pointer"]) == ("json_nul_character", "/a/b")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_another_kind_of_body_is_refused(caller, content_type):
    answer = caller.fire(body='{"a": 1}', content_type=content_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_json_with_a_charset_is_read(caller):
    assert caller.fire(content_type="application/json; charset=utf-8").status_code == 202


def test_an_order_id_too_long_to_look_up_is_refused(caller):
    answer = caller.fire(payload={"order_id": "x" * 201})
    assert (answer.status_code, answer.json()["code"]) == (400, "order_id_too_long")
    assert answer.json()["errors"][0]["pointer"] == "/order_id"
    assert caller.fire(payload={"order_id": ["x" * 200]}).status_code == 400
    assert caller.fire(payload={"order_id": "x" * 200}).status_code == 202


class Chunks(BytesIO):
    """A body whose length nobody told; counts what is read of it."""

    taken = 0

    def read(self, size=-1):
        part = super().read(min(size, 1000) if size >= 0 else size)
        self.taken += len(part)
        return part


def chunked(caller, stream, **environ):
    request = RequestFactory().post(
        "/api/v1/triggers/new_order/", headers={"Authorization": f"Api-Key {caller.key}"}
    )
    request.META.pop("CONTENT_LENGTH", None)
    request.META.update(
        {
            "CONTENT_TYPE": "application/json",
            "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input": stream,
            **environ,
        }
    )
    answer = TriggerView.as_view()(request, trigger_type="new_order")
    return answer.render()


def test_a_chunked_body_is_read(caller):
    stream = Chunks(json.dumps({"text": "x" * 5000}).encode())
    answer = chunked(caller, stream, **{"wsgi.input_terminated": True})
    assert answer.status_code == 202
    assert WorkflowEvent.objects.get().payload == {"text": "x" * 5000}


def test_a_chunked_body_is_not_read_beyond_the_limit(caller):
    stream = Chunks(b" " * MAX_BYTES * 4)
    answer = chunked(caller, stream, **{"wsgi.input_terminated": True})
    assert (answer.status_code, answer.data["code"]) == (413, "payload_too_large")
    assert stream.taken == MAX_BYTES + 1


def test_a_chunked_body_of_another_kind_is_refused(caller):
    stream = Chunks(b"{}")
    environ = {"wsgi.input_terminated": True, "CONTENT_TYPE": "text/plain"}
    assert chunked(caller, stream, **environ).status_code == 415


def test_a_bad_chunk_is_the_callers_mistake(caller):
    class BadChunk(Exception):
        """What some server raises."""

    class Broken:
        def read(self, size):
            raise BadChunk

    answer = chunked(caller, Broken(), **{"wsgi.input_terminated": True})
    assert (answer.status_code, answer.data["code"]) == (400, "request_interrupted")
    assert not WorkflowEvent.objects.exists()


def test_a_body_shorter_than_promised_is_refused_although_it_is_json(caller):
    stream = BytesIO(b'{"a": 1}')
    answer = chunked(caller, stream, HTTP_TRANSFER_ENCODING="", CONTENT_LENGTH="100")
    assert (answer.status_code, answer.data["code"]) == (400, "request_interrupted")
    assert not WorkflowEvent.objects.exists()


def test_a_length_is_asked_for_where_the_server_cannot_tell_the_end(caller):
    answer = chunked(caller, Chunks(b"{}"))
    assert (answer.status_code, answer.data["code"]) == (411, "length_required")
    assert not WorkflowEvent.objects.exists()
