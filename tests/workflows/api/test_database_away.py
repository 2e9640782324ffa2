"""Without the database nothing is accepted, and the caller is told to come again."""

import os

import psycopg
import pytest
from django.db import connection

from tests.support.definitions import publish_log
from workflows.models.event import WorkflowEvent
from workflows.models.idempotency import WorkflowIdempotency
from workflows.models.run import WorkflowRun
from workflows.services.events import fire, fire_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dead_address():
    """Lead this thread's connection to a port on which nobody listens."""
    before = connection.settings_dict.copy()
    connection.close()
    connection.settings_dict.update(HOST="127.0.0.1", PORT="1")
    yield
    connection.close()
    connection.settings_dict.update(before)


@pytest.fixture
def kill_session():
    """End this thread's session from outside, as a server that restarts does."""

    def kill():
        number = connection.connection.info.backend_pid
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [number])

    yield kill
    connection.close()


def assert_come_again(answer):
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert answer["Retry-After"] == "5"
    assert answer["Content-Type"] == "application/problem+json"
    assert b"127.0.0.1" not in answer.content


def test_no_event_is_accepted(caller, dead_address):
    assert_come_again(caller.fire())


@pytest.mark.parametrize(
    "address", ["runs/", "runs/0198c0de-0000-7000-8000-000000000001/", "health/"]
)
def test_nothing_is_read(caller, dead_address, address):
    assert_come_again(caller.get(address))


@pytest.mark.parametrize("moment", ["before the event", "before the commit"])
def test_a_session_that_ends_half_way_leaves_nothing(
    caller, tenant, monkeypatch, kill_session, moment
):
    publish_log(tenant, "log", "new_order")
    real = fire.fire_all

    def fire_and_lose(*args, **more):
        if moment == "before the event":
            kill_session()
            return real(*args, **more)
        fired = real(*args, **more)
        kill_session()
        return fired

    with monkeypatch.context() as patched:
        patched.setattr(fire_once, "fire_all", fire_and_lose)
        answer = caller.fire(Idempotency_Key="k")
    connection.close()

    assert_come_again(answer)
    for model in (WorkflowEvent, WorkflowRun, WorkflowIdempotency):
        assert not model.objects.exists()
    again = caller.fire(Idempotency_Key="k")
    assert (again.status_code, len(again.json()["runs"])) == (202, 1)
    assert "Idempotency-Replayed" not in again


def test_the_wake_up_is_not_needed_for_the_answer(caller, tenant, monkeypatch, kill_session):
    publish_log(tenant, "log", "new_order")
    monkeypatch.setattr("workflows.runtime.waits.notify.THROTTLE_SECONDS", 0)
    monkeypatch.setattr("workflows.runtime.waits.notify.WAKE", "NOTIFY no such thing")
    assert caller.fire().status_code == 202
    assert WorkflowRun.objects.count() == 1


def test_a_database_that_only_reads_is_as_good_as_away(caller):
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        assert_come_again(caller.fire())
    finally:
        connection.close()
