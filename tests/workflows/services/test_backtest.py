"""A backtest counts what a draft would have done, says what differs, and leaves nothing."""

import pytest
from django.db import connection

from tenants.models.order import Order
from tests.support.company import Company
from workflows.models.event import WorkflowEvent
from workflows.models.rehearsal import WorkflowRehearsal
from workflows.models.run import WorkflowRun
from workflows.services.dry_run import backtest
from workflows.services.dry_run.test_runs import forget_old, prepare
from workflows.services.events.fire import fire


@pytest.fixture
def company(tenant, outside):
    outside.journal.forget()
    company = Company(tenant, outside)
    company.connect()
    return company


@pytest.fixture(autouse=True)
def queued(monkeypatch):
    """Take what is put into the queue of the cluster `tasks`."""
    tasks = []
    monkeypatch.setattr(backtest, "async_task", lambda *task: tasks.append(task))
    return tasks


def step(name, action, **params):
    return {"name": name, "action": action, "params": params}


def tell(text, name="tell"):
    return step(name, "team_notify", connection="slack", text=text)


def document(*steps, **more):
    return {"name": "Payments", "trigger_type": "payment.received", "steps": list(steps), **more}


def by_amount(limit):
    big = {"all": [{"field": "trigger.amount", "operator": "greater_than", "value": limit}]}
    cases = [{"label": "Big", "when": big, "steps": [tell("Big: {{trigger.amount}}", "big")]}]
    return step("size", "branch", cases=cases)


def pay(tenant, *amounts, **more):
    return [fire(tenant, "payment.received", {"amount": amount, **more}) for amount in amounts]


def tried(company, draft, definition, queued, django_capture_on_commit_callbacks, **window):
    """Do a whole backtest; return it."""
    made = prepare(company.tenant, "user:ops", draft, definition, "backtest")
    with django_capture_on_commit_callbacks(execute=True):
        backtest.start(made, **window)
    while queued:
        task, key = queued.pop()
        assert task == "workflows.services.dry_run.backtest.work"
        with django_capture_on_commit_callbacks(execute=True):
            backtest.work(key)
    made.refresh_from_db()
    return made


@pytest.fixture
def try_it(company, queued, django_capture_on_commit_callbacks):
    return lambda draft, definition, **window: tried(
        company, draft, definition, queued, django_capture_on_commit_callbacks, **window
    )


def found(made):
    return {kind: count for kind, count, _events in backtest.differing(made.result)}


def test_it_counts_what_would_be_done_and_what_differs(company, other_tenant, try_it):
    definition = company.publish(document(by_amount("100")))
    pay(company.tenant, 50, 150, 250)
    pay(other_tenant, 999)
    before = (WorkflowEvent.objects.count(), WorkflowRun.objects.count())

    made = try_it(document(by_amount("200")), definition)

    draft, published = made.result["draft"], made.result["published"]
    assert (made.status, made.done, made.total) == ("done", 3, 3)
    assert (draft["starts"], published["starts"]) == (3, 3)
    assert draft["branches"] == {"size": {"Big": 1, "otherwise": 2}}
    assert published["branches"] == {"size": {"Big": 2, "otherwise": 1}}
    assert draft["sends"]["big slack"] == {
        "step": "big",
        "kind": "slack",
        "count": 1,
        "to": {"ops": 1},
    }
    assert found(made) == {"branch": 1, "message": 1}
    assert (made.result["compared"], made.result["same"]) == (3, 2)
    assert (WorkflowEvent.objects.count(), WorkflowRun.objects.count()) == before
    assert company.received("slack") == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("payload", '{"amount": 1e5000}'),
        ("payload", "[" * 3000 + "]" * 3000),
        ("payload", "[1]"),
        ("payload", "null"),
        ("previous", '{"amount": 1e5000}'),
    ],
)
def test_an_event_that_cannot_be_read_is_told_and_the_others_are_tried(
    company, try_it, column, value
):
    definition = company.publish(document(tell("Paid: {{trigger.amount}}")))
    bad = pay(company.tenant, 1, 2, 3)[1].event_id
    with connection.cursor() as cursor:
        statement = f"UPDATE workflow_events SET {column} = %s::jsonb WHERE id = %s"
        cursor.execute(statement, [value, bad])

    made = try_it(document(tell("Received {{trigger.amount}}")), definition)

    assert (made.status, made.done, made.total) == ("done", 3, 3)
    for side in ("draft", "published"):
        tally = made.result[side]
        assert (tally["starts"], tally["reasons"]) == (2, {"unreadable_event": 1})
        [failure] = tally["failures"].values()
        assert (failure["code"], failure["events"]) == ("unreadable_event", [str(bad)])
    pair = backtest.pair_of(made, bad)
    assert (pair.draft.status, pair.draft.verdict.reason) == ("not_started", "unreadable_event")


@pytest.mark.parametrize("results", ["[7]", "7", '[{"a": 1e5000}]', '[{"status": "completed"}]'])
def test_a_run_that_cannot_be_read_is_as_if_it_had_not_been(company, try_it, results):
    definition = company.publish(document(tell("Paid: {{trigger.amount}}")))
    pay(company.tenant, 1, 2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE workflow_runs SET step_results = %s::jsonb", [results])

    made = try_it(document(tell("Paid: {{trigger.amount}}")), definition)

    assert (made.status, made.done, made.result["draft"]["starts"]) == ("done", 2, 2)


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (document(tell("Paid: {{trigger.amount}}")), {}),
        (document(tell("Received {{trigger.amount}}")), {"message": 2}),
        (document(tell("Paid: {{trigger.nothing}}")), {"fails": 2, "message": 2}),
        (
            document(tell("Paid: {{trigger.amount}}"), step("x", "set_values", values={"a": 1})),
            {"steps": 2},
        ),
        (document(tell("Paid: {{trigger.amount}}"), trigger_type="else"), {"starts_no_more": 2}),
        (
            document(
                tell("Paid: {{trigger.amount}}"),
                step("tell_all", "emit_event", type="paid.for", payload={}),
            ),
            {"data": 2},
        ),
    ],
)
def test_each_kind_of_difference_is_found(company, try_it, draft, expected):
    definition = company.publish(document(tell("Paid: {{trigger.amount}}")))
    pay(company.tenant, 50, 150)

    assert found(try_it(draft, definition)) == expected


def test_a_filter_that_lets_more_in_starts_more(company, try_it):
    only_big = {"all": [{"field": "trigger.amount", "operator": "greater_than", "value": "100"}]}
    definition = company.publish(document(tell("x"), trigger_filter=only_big))
    pay(company.tenant, 50, 150)

    made = try_it(document(tell("x")), definition)

    assert found(made) == {"starts": 1}
    assert made.result["published"]["reasons"] == {"filtered_out": 1}


def test_failures_are_grouped_by_step_and_cause(company, try_it):
    definition = company.publish(document(tell("{{trigger.name}}")))
    pay(company.tenant, 1, 2, 3)
    pay(company.tenant, 4, name="Rami")

    made = try_it(document(tell("{{trigger.name}}!")), definition)

    [failure] = made.result["draft"]["failures"].values()
    assert (failure["step"], failure["code"], failure["count"]) == ("tell", "missing_value", 3)
    assert failure["params"]["path"] == "trigger.name"
    assert len(failure["events"]) == 3
    assert found(made) == {"message": 1}


def test_each_event_finds_the_records_as_they_are(company, try_it):
    order = company.order(status="new")
    confirm = step(
        "confirm", "update_record", table="orders", id=str(order.pk), fields={"status": "confirmed"}
    )
    definition = company.publish(document(confirm))
    pay(company.tenant, 1, 2)

    made = try_it(document(confirm), definition)

    assert made.result["draft"]["statuses"] == {"completed": 2}
    assert Order.objects.get(pk=order.pk).status == "new"
    [pair] = [
        backtest.pair_of(made, event.pk)
        for event in WorkflowEvent.objects.filter(type="payment.received")[:1]
    ]
    assert pair.draft.entries[0]["output"]["changed"] == {
        "status": {"from": "new", "to": "confirmed"}
    }


def test_what_the_real_run_was_told_is_used(company, try_it):
    ask = step("ask", "http_request", method="GET", url="https://crm.example/c")
    approve = step(
        "ok",
        "approval",
        title="Well?",
        approvers=["ops"],
        choices=[{"key": "yes", "label": "Yes"}, {"key": "no", "label": "No"}],
    )
    say = tell("{{steps.ask.output.body.name}} {{steps.ok.output.choice}}")
    definition = company.publish(document(ask, approve, say))
    [fired] = pay(company.tenant, 1)
    decided = {"choice": "no", "answers": {}, "decided_by": "user:x", "timed_out": False}
    WorkflowRun.objects.filter(pk=fired.run_ids[0]).update(
        step_results=[
            {
                "step_name": "ask",
                "action": "http_request",
                "status": "completed",
                "output": {"status": 200, "body": {"name": "Rami"}},
            },
            {"step_name": "ok", "action": "approval", "status": "completed", "output": decided},
        ]
    )

    made = try_it(document(ask, approve, say), definition)
    pair = backtest.pair_of(made, fired.event_id)

    assert [one["content"]["text"] for one in pair.draft.would_send if one["kind"] == "slack"] == [
        "Rami no"
    ]


def test_events_of_its_own_doing_are_left_out(company, try_it):
    definition = company.publish(document(tell("x")))
    [first] = pay(company.tenant, 1)
    [second] = pay(company.tenant, 2)
    WorkflowEvent.objects.filter(pk=second.event_id).update(caused_by_run=first.run_ids[0])

    made = try_it(document(tell("x")), definition)

    assert made.result["draft"]["reasons"] == {"own_change": 1}


def test_only_the_last_events_are_taken(company, try_it):
    definition = company.publish(document(tell("x")))
    pay(company.tenant, 1, 2, 3, 4)

    assert try_it(document(tell("x")), definition, last=3).done == 3
    assert try_it(document(tell("x")), definition, days=1).done == 4


def test_it_goes_on_slice_by_slice_and_can_be_cancelled(
    company, queued, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(backtest, "CHUNK", 2)
    monkeypatch.setattr(backtest, "SLICE_SECONDS", 0.0001)
    definition = company.publish(document(tell("x")))
    pay(company.tenant, *range(5))
    made = prepare(company.tenant, "user:ops", document(tell("x")), definition, "backtest")

    with django_capture_on_commit_callbacks(execute=True):
        backtest.start(made)
    with django_capture_on_commit_callbacks(execute=True):
        backtest.work(queued.pop()[1])
    made.refresh_from_db()
    assert (made.status, made.done, len(queued)) == ("running", 2, 1)
    backtest.cancel(made)
    with django_capture_on_commit_callbacks(execute=True):
        backtest.work(queued.pop()[1])

    made.refresh_from_db()
    assert (made.status, made.done, queued) == ("cancelled", 2, [])
    assert made.result["draft"]["starts"] == 2


def test_a_slice_that_is_done_twice_counts_once(
    company, queued, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(backtest, "CHUNK", 2)
    definition = company.publish(document(tell("x")))
    pay(company.tenant, *range(4))
    made = prepare(company.tenant, "user:ops", document(tell("x")), definition, "backtest")
    with django_capture_on_commit_callbacks(execute=True):
        backtest.start(made)
    stale = WorkflowRehearsal.objects.select_related("tenant", "definition").get(pk=made.pk)

    backtest.work(str(made.pk))
    backtest._slice(stale)

    made.refresh_from_db()
    assert (made.status, made.done, made.result["draft"]["starts"]) == ("done", 4, 4)


def test_a_draft_with_mistakes_says_them(company, try_it):
    definition = company.publish(document(tell("x")))
    pay(company.tenant, 1)

    made = try_it(document(step("x", "no_such_action")), definition)

    assert made.status == "failed"
    assert [one["code"] for one in made.result["problems"]] == ["unknown_action"]


def test_a_workflow_that_was_never_published_is_tried_alone(company, try_it):
    pay(company.tenant, 1, 2)

    made = try_it(document(tell("x")), None)

    assert made.result["draft"]["starts"] == 2
    assert made.result["compared"] == 0


def test_old_ones_are_forgotten(tenant):
    from datetime import timedelta

    from django.utils import timezone

    old, new = (prepare(tenant, "x", {}, None) for _ in range(2))
    WorkflowRehearsal.objects.filter(pk=old.pk).update(
        created_at=timezone.now() - timedelta(days=8)
    )

    assert forget_old() == 1
    assert list(WorkflowRehearsal.objects.values_list("pk", flat=True)) == [new.pk]
