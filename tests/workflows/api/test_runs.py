"""Find runs, and read one."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils.http import urlencode

from tenants.core.json.jsontext import dumps
from tests.support.definitions import publish_log
from workflows.engine.statuses import RunStatus
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.runs import queries as find_runs

EARLY = datetime(2026, 3, 1, 8, tzinfo=UTC)


def id_at(moment, number=0):
    """Return a UUIDv7 of `moment`."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | number)


@pytest.fixture
def workflow(tenant):
    return publish_log(tenant, "log", "new_order")


@pytest.fixture
def make_run(tenant, workflow):
    """Insert a run, as it stands after its work."""

    def make(*, minute=0, trigger_type="new_order", definition=workflow, **values):
        moment = EARLY + timedelta(minutes=minute)
        event = WorkflowEvent.objects.create(
            id=id_at(moment, 1), tenant=tenant, type=trigger_type, created_at=moment
        )
        defaults = {
            "status": "completed",
            "completed_at": moment,
            "version": 1,
            "created_at": moment,
        }
        return WorkflowRun.objects.create(
            id=id_at(moment, 2),
            tenant=tenant,
            definition=definition,
            event=event,
            **{**defaults, **values},
        )

    return make


def found(caller, **query):
    """Return the ids on the first page."""
    answer = caller.get(f"runs/?{urlencode(query)}")
    assert answer.status_code == 200, answer.content
    return [run["id"] for run in answer.json()["results"]]


def test_runs_are_listed_with_the_newest_first(caller, make_run):
    runs = [make_run(minute=minute) for minute in (1, 3, 2)]
    assert found(caller) == [str(runs[1].id), str(runs[2].id), str(runs[0].id)]


def test_a_run_in_a_list(caller, make_run):
    run = make_run(
        status="failed",
        error_step="call",
        error_code="http_404",
        error_message="There is nothing.",
        error_fingerprint="x",
        subject_type="order",
        subject_id="1001",
        actor="api_key:abc",
        started_at=EARLY,
    )
    [shown] = caller.get("runs/").json()["results"]
    assert shown == {
        "id": str(run.id),
        "url": f"http://testserver/api/v1/runs/{run.id}/",
        "workflow": {"key": "log", "name": "Workflow log", "version": 1},
        "status": "failed",
        "trigger_type": "new_order",
        "event_id": str(run.event_id),
        "subject": {"type": "order", "id": "1001"},
        "actor": "api_key:abc",
        "created_at": "2026-03-01T08:00:00Z",
        "started_at": "2026-03-01T08:00:00Z",
        "completed_at": "2026-03-01T08:00:00Z",
        "error": {"step": "call", "code": "http_404", "message": "There is nothing."},
    }


def test_each_filter_finds_its_runs(caller, tenant, make_run):
    other = publish_log(tenant, "other", "sale")
    plain = make_run(minute=1)
    failed = make_run(minute=2, status="failed", error_fingerprint="x")
    live = make_run(minute=3, status="waiting", due_at=EARLY, completed_at=None)
    sale = make_run(minute=4, definition=other, trigger_type="sale")
    ordered = make_run(minute=5, trigger_payload={"order_id": "A-1"})
    numbered = make_run(minute=6, trigger_payload={"order_id": 77})
    about = make_run(minute=7, subject_type="order", subject_id="9")
    assert found(caller, status="failed") == [str(failed.id)]
    assert found(caller, status="waiting") == [str(live.id)]
    assert found(caller, status="running") == []
    assert len(found(caller, status="completed")) == 5
    assert found(caller, workflow="other") == [str(sale.id)]
    assert found(caller, workflow="none") == []
    assert found(caller, trigger_type="sale") == [str(sale.id)]
    assert found(caller, order_id="A-1") == [str(ordered.id)]
    assert found(caller, order_id="77") == [str(numbered.id)]
    assert found(caller, subject_type="order", subject_id="9") == [str(about.id)]
    assert found(caller, event_id=plain.event_id) == [str(plain.id)]
    assert found(caller, workflow="log", status="completed", order_id="77") == [str(numbered.id)]


@pytest.mark.parametrize("status", RunStatus)
def test_every_status_can_be_asked_for(caller, make_run, status):
    live = {} if status.has_ended else {"due_at": EARLY}
    bad = {"error_fingerprint": "x"} if status in {"failed", "completed_with_errors"} else {}
    run = make_run(status=status, **live, **bad)
    assert found(caller, status=status.value) == [str(run.id)]


def test_dates_are_compared_with_the_ids(caller, make_run):
    runs = [make_run(minute=minute) for minute in range(4)]
    after, before = (
        (EARLY + timedelta(minutes=1)).isoformat(),
        (EARLY + timedelta(minutes=3)).isoformat(),
    )
    assert found(caller, created_after=after, created_before=before) == [
        str(runs[2].id),
        str(runs[1].id),
    ]
    assert found(caller, created_after="2026-03-01T10:02:00+02:00") == [
        str(runs[3].id),
        str(runs[2].id),
    ]
    assert found(caller, created_before="1890-01-01T00:00:00Z") == []
    assert found(caller, created_after="9999-12-31T23:59:59-14:00") == []


def test_a_plus_that_the_address_lost_is_understood(caller, make_run):
    make_run()
    answer = caller.get("runs/?created_after=2026-03-01T11:00:00+03:00")
    assert len(answer.json()["results"]) == 1


def test_children_are_not_listed(caller, make_run):
    root = make_run(minute=1)
    make_run(minute=2, parent_run=root.id, item_index=0)
    assert found(caller) == [str(root.id)]


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ("stauts=failed", "stauts", "unknown_parameter"),
        ("page=2", "page", "unknown_parameter"),
        ("status=broken", "status", "not_a_choice"),
        ("status=failed&status=queued", "status", "repeated_parameter"),
        ("status=", "status", "parameter_empty"),
        ("limit=0", "limit", "not_in_range"),
        ("limit=201", "limit", "not_in_range"),
        ("limit=-1", "limit", "not_in_range"),
        ("limit=ten", "limit", "not_in_range"),
        ("limit=" + "9" * 150, "limit", "not_in_range"),
        ("limit=%D9%A5", "limit", "not_in_range"),
        ("cursor=abc", "cursor", "not_a_uuid"),
        ("event_id=1", "event_id", "not_a_uuid"),
        ("created_after=yesterday", "created_after", "not_a_moment"),
        ("created_after=2026-03-01T08:00:00", "created_after", "not_a_moment"),
        ("created_before=2026-02-30T08:00:00Z", "created_before", "not_a_moment"),
        ("subject_type=order", "subject_type", "belongs_together"),
        ("order_id=%00", "order_id", "bad_characters"),
        ("workflow=" + "x" * 201, "workflow", "parameter_too_long"),
        ("%00=1", "?", "unknown_parameter"),
    ],
)
def test_a_parameter_that_is_not_right_is_refused(caller, query, parameter, code):
    answer = caller.get(f"runs/?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameters")
    [error] = answer.json()["errors"]
    assert (error["parameter"], error["code"]) == (parameter, code)
    assert "%(" not in error["detail"]


def test_an_unknown_parameter_is_told_the_known_ones(caller):
    [error] = caller.get("runs/?order=1").json()["errors"]
    assert "order_id" in error["detail"]
    assert "created_after" in error["detail"]


def test_everything_that_is_wrong_is_told_at_once(caller):
    errors = caller.get("runs/?a=1&limit=x&cursor=y").json()["errors"]
    assert [error["parameter"] for error in errors] == ["a", "cursor", "limit"]


@pytest.mark.parametrize("address", ["runs/{}/", "events/{}/"])
def test_a_single_row_takes_no_parameters(caller, make_run, address):
    run = make_run()
    answer = caller.get(address.format(run.id) + "?expand=all")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameters")


def pages(caller, address, between=lambda: None):
    """Follow `next` to the end; return the ids of each page."""
    result = []
    while address:
        page = caller.get(address).json()
        result.append([run["id"] for run in page["results"]])
        address = page["next"]
        between()
    return result


def test_pages_hold_each_run_once_while_new_ones_arrive(caller, make_run):
    runs = [str(make_run(minute=minute).id) for minute in range(7)]
    later = iter(range(100, 200))

    seen = pages(caller, "runs/?limit=3", lambda: make_run(minute=next(later)))

    assert seen == [runs[6:3:-1], runs[3:0:-1], runs[:1]]


def test_the_next_page_keeps_the_filters(caller, make_run):
    failed = [str(make_run(minute=m, status="failed", error_fingerprint="x").id) for m in (0, 2, 4)]
    [make_run(minute=m) for m in (1, 3, 5)]
    seen = pages(caller, "runs/?status=failed&limit=2")
    assert seen == [[failed[2], failed[1]], [failed[0]]]


def test_a_page_that_ends_exactly_has_no_next(caller, make_run):
    [make_run(minute=m) for m in range(2)]
    assert caller.get("runs/?limit=2").json()["next"] is None


def test_a_rare_status_is_found_in_steps_of_a_bounded_size(caller, make_run, monkeypatch):
    monkeypatch.setattr(find_runs, "LOOKED_AT", 3)
    rare = [str(make_run(minute=m, status="cancelled").id) for m in (0, 5)]
    [make_run(minute=m) for m in (1, 2, 3, 4, 6, 7, 8, 9)]

    seen = pages(caller, "runs/?status=cancelled")

    assert [run for page in seen for run in page] == [rare[1], rare[0]]
    assert seen[0] == []
    assert len(seen) > 2


STEPS = [
    {
        "step_name": "call",
        "action": "webhook",
        "status": "completed",
        "started_at": "2026-03-01T08:00:00+00:00",
        "duration_ms": 120,
        "input": {"url": "https://example.com"},
        "output": {"status": 200, "total": Decimal("149.90")},
        "attempts": [
            {
                "started_at": "2026-03-01T07:59:00+00:00",
                "duration_ms": 5,
                "error": {"code": "unreachable", "params": {"host": "example.com"}},
            },
            {"started_at": "2026-03-01T08:00:00+00:00", "duration_ms": 120, "error": None},
        ],
    },
    {
        "step_name": "maybe",
        "action": "webhook",
        "status": "skipped",
        "reason": "condition_not_met",
        "started_at": "2026-03-01T08:00:01+00:00",
        "duration_ms": 0,
    },
    {
        "step_name": "tell",
        "action": "send_email",
        "status": "failed",
        "started_at": "2026-03-01T08:00:01+00:00",
        "duration_ms": 7,
        "input": {"to": ["a@example.com"]},
        "error": {"code": "missing_value", "params": {"path": "trigger.name"}},
    },
]


@pytest.fixture
def failed_run(make_run):
    run = make_run(
        status="failed",
        error_step="tell",
        error_code="missing_value",
        error_message="English",
        crashes=0,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE workflow_runs SET step_results = %s, trigger_payload = %s WHERE id = %s",
            [dumps(STEPS), '{"total": 149.90}', run.id],
        )
    return run


def test_a_run_tells_everything_about_its_steps(caller, failed_run):
    answer = caller.get(f"runs/{failed_run.id}/")
    shown = json.loads(answer.content, parse_float=Decimal)
    call, maybe, tell = shown["steps"]
    assert call["output"] == {"status": 200, "total": Decimal("149.90")}
    assert (call["name"], call["label"], call["action"]) == ("call", "call", "webhook")
    assert (call["input"], call["duration_ms"]) == ({"url": "https://example.com"}, 120)
    assert [attempt["error"] and attempt["error"]["code"] for attempt in call["attempts"]] == [
        "unreachable",
        None,
    ]
    assert "example.com" in call["attempts"][0]["error"]["message"]
    assert (maybe["status"], maybe["reason"], maybe["input"]) == (
        "skipped",
        "condition_not_met",
        None,
    )
    assert tell["error"]["params"] == {"path": "trigger.name"}
    assert "trigger.name" in tell["error"]["message"]
    assert shown["error"] == {
        "step": "tell",
        "code": "missing_value",
        "message": tell["error"]["message"],
    }
    assert shown["trigger_payload"] == {"total": Decimal("149.90")}
    assert b"149.90" in answer.content


def test_a_label_comes_from_the_version_that_ran(caller, tenant, make_run):
    labelled = publish_log(
        tenant,
        "labelled",
        "sale",
        steps=[
            {
                "name": "call",
                "label": "Call them",
                "action": "webhook",
                "params": {"url": "https://example.com/x"},
            }
        ],
    )
    step = {"step_name": "call", "action": "webhook", "status": "completed", "output": None}
    run = make_run(definition=labelled, step_results=[step])
    assert caller.get(f"runs/{run.id}/").json()["steps"][0]["label"] == "Call them"


def test_the_step_under_way_stands_as_the_run_does(caller, make_run):
    pending = {
        "step": 0,
        "step_name": "call",
        "action": "webhook",
        "input": {"url": "https://example.com"},
        "attempts": [
            {
                "started_at": "2026-03-01T08:00:00+00:00",
                "duration_ms": 3,
                "error": {"code": "unreachable", "params": {"host": "h"}},
            }
        ],
    }
    run = make_run(status="waiting", due_at=EARLY, completed_at=None, pending=pending)
    shown = caller.get(f"runs/{run.id}/").json()
    [step] = shown["steps"]
    assert (step["name"], step["status"], step["output"]) == ("call", "waiting", None)
    assert len(step["attempts"]) == 1
    assert shown["due_at"] == "2026-03-01T08:00:00Z"


def test_a_run_in_which_workers_died_tells_where_and_how_often(caller, make_run):
    pending = {"step_name": "call", "action": "webhook", "input": {}, "attempts": [], "begun": True}
    run = make_run(
        status="failed", error_code="poisoned", error_message="x", crashes=5, pending=pending
    )
    shown = caller.get(f"runs/{run.id}/").json()
    [step] = shown["steps"]
    assert "5 times" in shown["error"]["message"]
    assert (step["name"], step["status"], step["error"]["code"]) == ("call", "failed", "poisoned")


def test_a_claimed_run_that_has_begun_no_step_can_be_read(caller, make_run):
    run = make_run(status="running", due_at=EARLY, completed_at=None, pending={"begun": True})
    assert caller.get(f"runs/{run.id}/").json()["steps"] == []


def test_a_run_whose_event_is_gone_can_be_read(caller, make_run):
    run = make_run()
    WorkflowEvent.objects.filter(pk=run.event_id)._raw_delete("default")
    for answer in (caller.get("runs/").json()["results"][0], caller.get(f"runs/{run.id}/").json()):
        assert (answer["event_id"], answer["trigger_type"]) == (str(run.event_id), "")


def test_an_event_tells_what_listened(caller, tenant, workflow):
    only = {"all": [{"field": "trigger.total", "operator": "greater_than", "value": "1"}]}
    publish_log(tenant, "filtered", "sale", trigger_filter=only)
    event_id = caller.fire("sale", {"name": "x"}, query="?subject_type=order&subject_id=1").json()[
        "event_id"
    ]
    shown = caller.get(f"events/{event_id}/").json()
    [evaluation] = shown["evaluations"]
    assert (shown["payload"], shown["subject"]) == ({"name": "x"}, {"type": "order", "id": "1"})
    assert (evaluation["workflow"], evaluation["reason"]) == ("Workflow filtered", "problem")
    assert "trigger.total" in evaluation["message"]
    assert shown["runs"] == []


def test_an_event_tells_its_runs(caller, workflow):
    fired = caller.fire().json()
    [run] = caller.get(f"events/{fired['event_id']}/").json()["runs"]
    assert (run["id"], run["status"]) == (fired["runs"][0]["id"], "queued")


@pytest.mark.parametrize("address", ["runs/{}/", "events/{}/"])
def test_what_does_not_exist_is_not_found(caller, address):
    answer = caller.get(address.format(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
