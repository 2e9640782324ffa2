"""Cancelling and retrying runs from outside."""

import json
from decimal import Decimal

import pytest

from tests.workflows.admin.conftest import World
from tests.workflows.api.callers import make_caller
from workflows.engine.statuses import RunStatus
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish

SCOPES = ["runs:read", "runs:operate", "events:fire"]


@pytest.fixture
def world(tenant):
    return World(tenant)


@pytest.fixture
def operator(tenant):
    return make_caller(tenant, scopes=SCOPES)


@pytest.fixture
def failed(world):
    world.end_run(world.run, "failed", current_step=1)
    world.run.step_results[1]["then"] = "stop"
    world.run.save()
    return world.run


def post(caller, run, name, body=None, **headers):
    content = b"" if body is None else json.dumps(body)
    return caller.http.generic(
        "POST",
        f"/api/v1/runs/{run.pk}/{name}/",
        content,
        "application/json",
        headers=caller._headers(headers),
    )


def code(answer):
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("status", RunStatus)
def test_cancel_answers_in_every_status(status, operator, world):
    if status.has_ended:
        world.end_run(world.run, status)
    else:
        WorkflowRun.objects.update(status=status)

    answer = post(operator, world.run, "cancel")

    now = WorkflowRun.objects.get().status
    if status in {RunStatus.QUEUED, RunStatus.WAITING, RunStatus.CANCELLED}:
        assert (answer.status_code, answer.json()["status"], now) == (200, "cancelled", "cancelled")
    elif status is RunStatus.RUNNING:
        assert (answer.status_code, answer.json()["status"], now) == (200, "running", "running")
        assert answer.json()["cancel_requested_at"] is not None
    else:
        assert code(answer) == (409, "run_has_ended")
        assert now == status


def test_cancelling_twice_is_no_mistake(operator, world):
    first, second = (post(operator, world.run, "cancel") for _time in range(2))

    assert first.json() == second.json()


def test_from_the_failed_step_the_same_run_goes_on(operator, failed):
    answer = post(operator, failed, "retry", {})

    assert (answer.status_code, answer.json()["id"]) == (200, str(failed.pk))
    assert answer.json()["status"] == "queued"
    assert code(post(operator, failed, "retry", {"from": "failed_step"})) == (409, "not_failed")
    assert WorkflowRun.objects.count() == 1


@pytest.mark.parametrize(("begin", "step"), [("start", 0), ("call", 1)])
def test_from_elsewhere_a_new_run_begins(begin, step, operator, failed):
    answer = post(operator, failed, "retry", {"from": begin})

    assert answer.status_code == 201
    new = WorkflowRun.objects.exclude(pk=failed.pk).get()
    assert answer.headers["Location"].endswith(f"/api/v1/runs/{new.pk}/")
    assert answer.json()["retried_from"] == str(failed.pk)
    assert (new.current_step, new.actor) == (step, f"api_key:{operator.record.prefix}")
    again = post(operator, failed, "retry", {"from": begin})
    assert code(again) == (409, "already_under_way")
    assert WorkflowRun.objects.count() == 2


@pytest.mark.parametrize("begin", ["start", "call"])
def test_a_payload_of_the_callers_own_needs_what_firing_needs(tenant, failed, begin):
    operator = make_caller(tenant, scopes=["runs:read", "runs:operate"])

    answer = post(operator, failed, "retry", {"from": begin, "payload": {"price": 1}})

    assert code(answer) == (403, "missing_scope")
    assert "events:fire" in answer.json()["detail"]
    assert (WorkflowRun.objects.count(), WorkflowEvent.objects.count()) == (1, 1)


def test_a_corrected_payload_is_kept_exactly(operator, failed):
    body = '{"from": "call", "payload": {"price": 149.90}}'

    answer = operator.http.generic(
        "POST",
        f"/api/v1/runs/{failed.pk}/retry/",
        body,
        "application/json",
        headers=operator._headers({}),
    )

    assert '"price":149.90' in answer.content.decode()
    new = WorkflowRun.objects.exclude(pk=failed.pk).get()
    assert new.trigger_payload == {"price": Decimal("149.90")}
    event = WorkflowEvent.objects.get(pk=new.event_id)
    assert (event.actor, event.subject_id) == (new.actor, failed.subject_id)


def test_the_newest_version_is_taken_if_asked_for(operator, failed, world):
    publish(world.tenant, "user:x", world.definition, world.definition.definition)

    answer = post(operator, failed, "retry", {"from": "start", "version": "newest"})

    assert answer.json()["workflow"]["version"] == 2


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"steps": "call"}, "/steps"),
        ({"from": 1}, "/from"),
        ({"from": ""}, "/from"),
        ({"version": "latest"}, "/version"),
        ({"version": ["own"]}, "/version"),
        ({"version": "newest"}, "/version"),
        ({"payload": {}}, "/payload"),
        ({"from": "start", "payload": []}, "/payload"),
    ],
)
def test_a_body_that_says_something_else_is_refused(body, pointer, operator, failed):
    answer = post(operator, failed, "retry", body)

    assert code(answer) == (400, "invalid_retry")
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert WorkflowRun.objects.get().status == "failed"


def test_a_missing_body_is_refused(operator, failed):
    assert code(post(operator, failed, "retry")) == (400, "json_empty")


def test_a_step_that_is_not_there_is_refused(operator, failed):
    answer = post(operator, failed, "retry", {"from": "nothing"})

    assert code(answer) == (422, "step_not_possible")
    assert "no step with this name" in answer.json()["detail"]
    assert WorkflowRun.objects.count() == 1


def test_a_run_under_way_is_not_retried(operator, world):
    assert code(post(operator, world.run, "retry", {})) == (409, "not_failed")
    assert code(post(operator, world.run, "retry", {"from": "start"})) == (409, "still_running")


@pytest.mark.parametrize("name", ["cancel", "retry"])
def test_a_key_needs_the_scope(name, tenant, world):
    reader = make_caller(tenant, scopes=["runs:read", "events:fire"])

    answer = post(reader, world.run, name, {"from": "start"})

    assert code(answer) == (403, "missing_scope")
    assert WorkflowRun.objects.get().status == "queued"


@pytest.mark.parametrize("name", ["cancel", "retry"])
def test_a_run_of_another_tenant_is_not_there(name, other_tenant, world):
    stranger = make_caller(other_tenant, scopes=SCOPES)

    answer = post(stranger, world.run, name, {"from": "start"})

    assert code(answer) == (404, "not_found")
    assert WorkflowRun.objects.get().status == "queued"


def test_a_step_is_retried_with_what_the_record_says_today(operator, failed):
    answer = post(operator, failed, "retry", {"values": "record"})

    assert (answer.status_code, answer.json()["status"]) == (200, "queued")
    pending = WorkflowRun.objects.get(pk=failed.pk).pending
    assert (pending["revision"], "input" in pending) == (1, False)
    assert pending["record_values"]["read_at"]


@pytest.mark.parametrize(
    "body",
    [
        {"values": "yesterday"},
        {"values": ["record"]},
        {"values": "record", "payload": {}, "from": "start"},
    ],
)
def test_values_are_of_the_trigger_or_of_the_record(operator, failed, body):
    assert code(post(operator, failed, "retry", body)) == (400, "invalid_retry")


def test_one_failed_step_is_done_again_or_marked_as_done(operator, world):
    world.end_run(world.run, "completed_with_errors")

    assert code(post(operator, world.run, "retry", {"step": "confirm"})) == (409, "done_meanwhile")
    assert post(operator, world.run, "retry", {"step": "call"}).json()["status"] == "queued"
    assert code(post(operator, world.run, "done", {})) == (409, "not_failed")
    world.end_run(world.run, "completed_with_errors")
    answer = post(operator, world.run, "done", {"step": "call"}).json()
    assert (answer["status"], answer["steps"][1]["status"]) == ("completed", "completed")


def test_a_value_is_corrected_for_one_step(operator, world):
    world.end_run(world.run, "completed_with_errors")
    correct = {"correct": {"customer_phone": "03 881 234"}, "write_back": True}

    assert code(post(operator, world.run, "retry", {"correct": {"a": ""}})) == (
        422,
        "value_refused",
    )
    assert post(operator, world.run, "retry", correct).status_code == 200

    world.order.refresh_from_db()
    assert world.order.customer_phone == "03 881 234"
    assert WorkflowRun.objects.get(pk=world.run.pk).pending["record_values"]["changed"] == {
        "customer_phone": ["03 123 456", "03 881 234"]
    }


@pytest.mark.parametrize(
    "body",
    [
        {"from": "start", "step": "call"},
        {"from": "start", "correct": {"a": "b"}},
        {"values": "record", "correct": {"a": "b"}},
        {"correct": {}},
        {"correct": {"a": "b", "c": "d"}},
        {"correct": {"a": 1}},
        {"write_back": "yes"},
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(body, operator, world):
    world.end_run(world.run, "completed_with_errors")

    assert code(post(operator, world.run, "retry", body)) == (400, "invalid_retry")
    assert WorkflowRun.objects.get(pk=world.run.pk).status == "completed_with_errors"
