"""The same request twice is one event; another one with its key is refused."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from tests.support.definitions import publish_log
from tests.workflows.api.callers import Caller, make_caller
from workflows.models.event import WorkflowEvent
from workflows.models.idempotency import WorkflowIdempotency
from workflows.models.run import WorkflowRun
from workflows.services.events import backlog, fire_once


def test_a_repeated_request_gets_the_same_answer(caller, tenant):
    publish_log(tenant, "one", "new_order")
    publish_log(tenant, "two", "new_order")

    first = caller.fire(payload={"a": 1.50, "b": [1]}, Idempotency_Key="k1")
    again = caller.fire(body='{ "b":[1], "a":1.5 }', Idempotency_Key="k1")

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert (WorkflowEvent.objects.count(), WorkflowRun.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    "other",
    [
        {"payload": {"a": 2}},
        {"payload": {"a": "1"}},
        {"payload": {"a": True}},
        {"payload": {}},
        {"trigger_type": "other", "payload": {"a": 1}},
        {"payload": {"a": 1}, "query": "?subject_type=order&subject_id=1"},
    ],
    ids=repr,
)
def test_the_key_of_another_request_is_refused(caller, other):
    caller.fire(payload={"a": 1}, Idempotency_Key="k1")
    answer = caller.fire(**other, Idempotency_Key="k1")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert WorkflowEvent.objects.count() == 1


def test_keys_of_two_callers_never_meet(caller, tenant, other_caller):
    second = make_caller(tenant)
    for one in (caller, second, other_caller):
        assert "Idempotency-Replayed" not in one.fire(payload={}, Idempotency_Key="same")
    assert WorkflowEvent.objects.count() == 3


def test_without_a_key_each_request_is_an_event(caller):
    caller.fire()
    caller.fire()
    assert WorkflowEvent.objects.count() == 2
    assert not WorkflowIdempotency.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ü", "\x7f"])
def test_a_key_that_is_none_is_refused(caller, key):
    answer = caller.fire(Idempotency_Key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")
    assert not WorkflowEvent.objects.exists()


def test_a_key_of_255_characters_is_accepted(caller):
    assert caller.fire(Idempotency_Key="~" * 255).status_code == 202


def test_a_refused_event_leaves_its_key_free(caller, monkeypatch):
    def full(tenant):
        raise backlog.TooMuchPending(10_000)

    with monkeypatch.context() as patched:
        patched.setattr(fire_once, "refuse_if_full", full)
        assert caller.fire(Idempotency_Key="k").status_code == 429
    assert not WorkflowIdempotency.objects.exists()
    assert "Idempotency-Replayed" not in caller.fire(Idempotency_Key="k")


def test_a_repeated_request_is_answered_although_there_is_no_room(caller, monkeypatch):
    first = caller.fire(Idempotency_Key="k")
    monkeypatch.setattr(backlog, "MAX_DUE_RUNS", 0)
    assert caller.fire(Idempotency_Key="k").content == first.content


def test_an_event_forgotten_before_its_key_is_still_answered(caller):
    first = caller.fire(Idempotency_Key="k").json()
    WorkflowEvent.objects.all().delete()
    again = caller.fire(Idempotency_Key="k")
    assert (again.status_code, again.json()["event_id"]) == (202, first["event_id"])


def _at_once(requests):
    """Send all at the same moment, each on a connection of its own."""
    barrier = Barrier(len(requests))

    def send(request):
        barrier.wait()
        try:
            return request()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_are_one_event_and_one_run(caller, tenant):
    publish_log(tenant, "log", "new_order")

    def send():
        return Caller(caller.key).fire(payload={"order_id": "1"}, Idempotency_Key="k")

    answers = _at_once([send] * 20)

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 19
    assert (WorkflowEvent.objects.count(), WorkflowRun.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_of_two_requests_with_one_key_at_once_one_is_refused(caller):
    def send(number):
        return lambda: Caller(caller.key).fire(payload={"n": number}, Idempotency_Key="k")

    answers = _at_once([send(number) for number in range(8)])

    assert sorted(answer.status_code for answer in answers) == [202] + [422] * 7
    assert WorkflowEvent.objects.count() == 1
