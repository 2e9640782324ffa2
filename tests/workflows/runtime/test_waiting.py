"""Waiting for others: events, decisions, reminders, deadlines."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from actions.errors import TemporaryFailure
from actions.spec import Effect
from tests.support.machine import entries, output
from tests.support.time_travel import travel
from workflows.models.approval import WorkflowApproval
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.runtime.waits.notify import wake_decided
from workflows.services.events.fire import fire
from workflows.services.runs.cancel import cancel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def calls(library):
    asked = []

    def probe(params, context):
        asked.append(params.get("to"))
        return {"did": params.get("to")}

    library(Effect.REPEATABLE, probe)
    return asked


def probe(name, to="ok", **more):
    return {"name": name, "action": "probe", "params": {"to": to}, **more}


def fetched(**params):
    asked = {"type": "goods.fetched", "match": {"orderId": "{{ trigger.orderId }}"}, **params}
    return {"name": "fetch", "action": "wait_for_event", "params": asked}


def run_of():
    return WorkflowRun.objects.filter(definition__key="w").order_by("id").last()


def test_the_event_that_matches_wakes_the_run(tenant, other_tenant, machine, calls, publish_steps):
    publish_steps(tenant, fetched(), probe("ship", "{{ steps.fetch.output.payload.by }}"))
    fire(tenant, "x", {"orderId": "1234"})
    machine.work()
    assert run_of().status == "waiting"

    fire(tenant, "goods.fetched", {"orderId": "999", "by": "nobody"})
    fire(other_tenant, "goods.fetched", {"orderId": "1234", "by": "a stranger"})
    machine.work()
    assert run_of().status == "waiting"

    # A number in text is the same number.
    fire(tenant, "goods.fetched", {"orderId": 1234, "by": "Rami"})
    machine.work()

    assert run_of().status == "completed"
    assert calls == ["Rami"]
    assert not WorkflowEvent.objects.filter(matched_at=None).exists()


def test_an_event_that_came_while_the_run_was_on_its_way_counts(
    tenant, machine, calls, publish_steps
):
    publish_steps(tenant, probe("charge"), fetched(), probe("ship"))
    fire(tenant, "x", {"orderId": "1"})
    fire(tenant, "goods.fetched", {"orderId": "1"})

    machine.work()

    assert run_of().status == "completed"


def test_an_event_from_before_counts_only_where_the_step_looks_back(tenant, machine, publish_steps):
    fire(tenant, "goods.fetched", {"orderId": "1"})
    machine.work()
    publish_steps(tenant, fetched())
    fire(tenant, "x", {"orderId": "1"})
    machine.work()
    assert run_of().status == "waiting"

    publish_again(tenant, fetched(look_back="1h"))
    fire(tenant, "x", {"orderId": "1"})
    machine.work()

    assert run_of().status == "completed"


def publish_again(tenant, *steps):
    from workflows.models.definition import WorkflowDefinition
    from workflows.services.definitions.publish import publish

    definition = WorkflowDefinition.objects.get(tenant=tenant, key="w")
    publish(tenant, "tester", definition, {"name": "W", "trigger_type": "x", "steps": list(steps)})


def test_the_event_that_started_a_run_does_not_end_its_wait(tenant, machine, publish_steps):
    again = {"type": "x", "match": {"orderId": "{{ trigger.orderId }}"}}
    publish_steps(tenant, {"name": "again", "action": "wait_for_event", "params": again})
    fire(tenant, "x", {"orderId": "1"})
    machine.work()
    first = run_of()
    assert first.status == "waiting"

    fire(tenant, "x", {"orderId": "1"})
    machine.work()

    first.refresh_from_db()
    assert first.status == "completed"


def test_without_the_event_the_step_fails_when_its_time_is_up(tenant, machine, publish_steps):
    publish_steps(tenant, fetched(timeout="2d"))
    fire(tenant, "x", {"orderId": "1"})
    machine.work()

    travel()
    machine.work()

    assert (run_of().status, run_of().error_code) == ("failed", "not_in_time")


def test_or_goes_its_own_way_then(tenant, machine, calls, publish_steps):
    late = fetched(timeout="2d", on_timeout=[probe("apologise", "sorry")])
    publish_steps(tenant, late, probe("last"))
    fire(tenant, "x", {"orderId": "1"})
    machine.work()
    travel()

    machine.work()

    assert run_of().status == "completed"
    assert calls == ["sorry", "ok"]
    assert output(run_of(), "fetch") == {"timed_out": True}


def test_a_reminder_runs_meanwhile_and_does_not_interrupt(tenant, machine, calls, publish_steps):
    notice = {"after": "2d", "every": "1d", "at_most": 2, "steps": [probe("notice", "late")]}
    publish_steps(tenant, fetched(timeout="9d", reminders=[notice]), probe("ship"))
    fire(tenant, "x", {"orderId": "1"})
    machine.work()

    travel()
    machine.work()
    assert (calls, run_of().status) == (["late"], "waiting")
    travel()
    machine.work()
    assert calls == ["late", "late"]

    fire(tenant, "goods.fetched", {"orderId": "1"})
    machine.work()

    assert calls == ["late", "late", "ok"]
    assert run_of().status == "completed"
    assert entries(run_of()) == [
        ("fetch", "completed"),
        ("notice", "completed"),
        ("fetch", "completed"),
        ("notice", "completed"),
        ("fetch", "completed"),
        ("ship", "completed"),
    ]


def test_after_the_last_reminder_time_is_still_up(tenant, machine, calls, publish_steps):
    notice = {"after": "2d", "steps": [probe("notice", "late")]}
    publish_steps(tenant, fetched(timeout="9d", reminders=[notice]))
    fire(tenant, "x", {"orderId": "1"})
    machine.work()
    travel()
    machine.work()
    travel()
    machine.work()

    assert (run_of().status, run_of().error_code, calls) == ("failed", "not_in_time", ["late"])


APPROVE: dict[str, Any] = {
    "name": "review",
    "action": "approval",
    "params": {
        "title": "Refund {{ trigger.price }}?",
        "approvers": ["role:operations"],
        "choices": [{"key": "refund", "label": "Refund"}, {"key": "refuse", "label": "Refuse"}],
        "form": [{"key": "note", "label": "Note", "type": "text"}],
        "timeout": "7d",
        "timeout_choice": "refuse",
    },
}


def decide(tenant, choice, **answers):
    approval = WorkflowApproval.objects.get(tenant=tenant, decided_at=None)
    approval.choice, approval.answers = choice, answers
    approval.decided_by, approval.decided_at = "Sara", timezone.now()
    approval.save()
    wake_decided(tenant.id, approval.run_id, approval.pk)


def test_a_decision_wakes_the_run_with_what_was_chosen(tenant, machine, calls, publish_steps):
    publish_steps(tenant, APPROVE, probe("act", "{{ steps.review.output.answers.note }}"))
    fire(tenant, "x", {"price": 1450})
    machine.work()
    question = WorkflowApproval.objects.get()
    assert (question.title, question.run_id) == ("Refund 1450?", run_of().id)
    assert run_of().wait_type == "approval"

    decide(tenant, "refund", note="damaged")
    machine.work()

    assert run_of().status == "completed"
    assert calls == ["damaged"]
    shown = output(run_of(), "review")
    assert (shown["choice"], shown["decided_by"], shown["timed_out"]) == ("refund", "Sara", False)


def test_nobody_decides_and_the_agreed_choice_counts(tenant, machine, calls, publish_steps):
    publish_steps(tenant, APPROVE, probe("act", "{{ steps.review.output.choice }}"))
    fire(tenant, "x", {"price": 1450})
    machine.work()

    travel()
    machine.work()

    assert calls == ["refuse"]
    question = WorkflowApproval.objects.get()
    assert question.decided_via == "timeout"


def test_a_decision_during_a_reminder_is_not_lost(tenant, machine, calls, library, publish_steps):
    nudge = {"after": "1d", "steps": [{"name": "nudge", "action": "decide", "params": {}}]}
    step = {**APPROVE, "params": {**APPROVE["params"], "reminders": [nudge]}}
    library(Effect.REPEATABLE, lambda params, context: decide(tenant, "refund", note="x"), "decide")
    publish_steps(tenant, step, probe("act"))
    fire(tenant, "x", {"price": 1})
    machine.work()
    travel()

    machine.work()

    assert run_of().status == "completed"
    assert calls == ["ok"]


def test_the_link_of_the_question_is_there_for_reminders(tenant, machine, calls, publish_steps):
    nudge = {"after": "1d", "steps": [probe("nudge", "{{ steps.review.output.link }}")]}
    step = {**APPROVE, "params": {**APPROVE["params"], "reminders": [nudge]}}
    publish_steps(tenant, step)
    fire(tenant, "x", {"price": 1})
    machine.work()
    travel()

    machine.work()

    assert str(WorkflowApproval.objects.get().id) in calls[0]


def test_a_deadline_ends_a_wait_and_the_steps_for_failures_run(
    tenant, machine, calls, publish_steps
):
    publish_steps(
        tenant, fetched(), settings={"deadline": "7d"}, on_failure=[probe("tell", "too late")]
    )
    fire(tenant, "x", {"orderId": "1"})
    machine.work()
    run = run_of()
    assert (run.due_at, run.status) == (run.deadline_at, "waiting")

    travel(past_deadline=True)
    machine.work()

    assert (run_of().status, run_of().error_code) == ("failed", "deadline_passed")
    assert calls == ["too late"]


def test_a_run_that_is_cancelled_just_before_it_waits_is_no_failure(
    tenant, machine, library, publish_steps
):
    library(Effect.REPEATABLE, lambda params, context: cancel(tenant, context.run_id), "cancel")
    publish_steps(tenant, {"name": "a", "action": "cancel", "params": {}}, fetched())
    fire(tenant, "x", {"orderId": "1"})

    machine.work()

    run = run_of()
    assert (run.status, run.due_at) == ("cancelled", None)
    assert (run.error_code, run.error_fingerprint) == (None, None)


def test_a_run_that_waits_for_an_event_can_be_cancelled(tenant, machine, publish_steps):
    publish_steps(tenant, fetched())
    fire(tenant, "x", {"orderId": "1"})
    machine.work()

    cancel(tenant, run_of().id)
    fire(tenant, "goods.fetched", {"orderId": "1"})
    machine.work()

    run = run_of()
    assert (run.status, run.due_at, run.wait_match) == ("cancelled", None, None)


def reason_of(run):
    run.refresh_from_db()
    return run.wake_reason


def wake(run):
    WorkflowRun.objects.filter(pk=run.pk).update(due_at=timezone.now())


WAITS: dict[str, Any] = {
    "wait": {"name": "it", "action": "wait", "params": {"for": "2d"}},
    "event": {**fetched(timeout="2d"), "name": "it"},
    "approval": {**APPROVE, "name": "it", "params": {**APPROVE["params"], "timeout": "2d"}},
}


@pytest.mark.parametrize("step", WAITS.values(), ids=WAITS)
def test_a_run_that_is_woken_before_its_time_waits_on(tenant, machine, publish_steps, step):
    publish_steps(tenant, step)
    fire(tenant, "x", {"orderId": "1", "price": 1})
    machine.work()
    run = run_of()
    first = run.due_at
    assert first - run.started_at == timedelta(days=2)

    wake(run)
    machine.work()

    run.refresh_from_db()
    assert (run.status, run.due_at, run.wake_reason) == ("waiting", first, "time")
    assert not WorkflowApproval.objects.exclude(decided_at=None).exists()
    travel()
    machine.work()
    assert run_of().status in ("completed", "failed")


SLOW = {"name": "slow", "action": "slow", "params": {}}
PARKS: dict[str, Any] = {
    **WAITS,
    "endless event": {**fetched(), "name": "it"},
    "children": {
        "name": "it",
        "action": "for_each",
        "params": {"items": [1, 2], "steps": [{**WAITS["wait"], "name": "nap"}]},
    },
    "retry": {
        "name": "it",
        "action": "broken",
        "params": {},
        "retry": {"attempts": 2, "delay": "1h", "max_delay": "2h"},
    },
}


@pytest.fixture
def slow(library):
    """Two steps: one lasts until the deadline has passed, one fails for now."""

    def broken(params, context):
        raise TemporaryFailure("down")

    def take_long(params, context):
        WorkflowRun.objects.update(deadline_at=F("started_at"))
        return {}

    library(Effect.REPEATABLE, take_long, "slow")
    library(Effect.REPEATABLE, broken, "broken")


@pytest.mark.parametrize("step", PARKS.values(), ids=PARKS)
def test_a_deadline_that_passed_in_the_step_before_ends_any_wait(
    tenant, machine, calls, slow, publish_steps, step
):
    publish_steps(
        tenant, SLOW, step, settings={"deadline": "1h"}, on_failure=[probe("tell", "too late")]
    )
    fire(tenant, "x", {"orderId": "1", "price": 1})
    machine.turn()
    run = WorkflowRun.objects.get(parent_run=None)
    if run.status == "waiting":
        assert (run.due_at, run.wake_reason) == (run.deadline_at, "deadline")

    machine.work()

    run.refresh_from_db()
    assert (run.status, run.error_code, calls) == ("failed", "deadline_passed", ["too late"])
    assert not WorkflowRun.objects.exclude(due_at=None).exists()


@pytest.mark.parametrize("step", [*WAITS.values(), PARKS["endless event"]])
def test_the_steps_for_a_failure_wait_as_long_as_they_say(
    tenant, machine, slow, publish_steps, step
):
    broken = {"name": "a", "action": "broken", "params": {}, "retry": {"attempts": 1}}
    publish_steps(tenant, broken, on_failure=[step], settings={"deadline": "1h"})
    fire(tenant, "x", {"orderId": "1", "price": 1})
    machine.work()
    run = run_of()
    begun = run.due_at

    WorkflowRun.objects.update(deadline_at=F("created_at"), due_at=timezone.now())
    machine.work()

    run.refresh_from_db()
    assert (run.status, run.due_at) == ("waiting", begun)
    assert not WorkflowApproval.objects.exclude(decided_at=None).exists()


SPOKEN = {"after": "1d", "steps": [probe("nudge", "still open")]}


@pytest.mark.parametrize(
    "step",
    [
        {**APPROVE, "params": {**APPROVE["params"], "reminders": [SPOKEN]}},
        fetched(timeout="9d", reminders=[SPOKEN]),
        fetched(timeout="1d", on_timeout=[probe("nudge", "still open")]),
    ],
    ids=["reminder of a question", "reminder of an event", "time-out of an event"],
)
def test_the_steps_of_a_wait_under_on_failure_are_steps_for_a_failure(
    tenant, machine, calls, slow, publish_steps, step
):
    broken = {"name": "a", "action": "broken", "params": {}, "retry": {"attempts": 1}}
    publish_steps(tenant, broken, on_failure=[step], settings={"deadline": "1h"})
    fire(tenant, "x", {"orderId": "1", "price": 1})
    machine.work()

    travel()  # past the deadline, too
    machine.work()

    assert calls == ["still open"]
    if run_of().status == "waiting":
        cancel(tenant, run_of().pk)
        machine.work()
    assert (run_of().status, run_of().error_step, run_of().error_code) == ("failed", "a", "down")


def test_the_deadline_of_a_list_ends_its_items(tenant, machine, calls, publish_steps):
    nap = {**WAITS["wait"], "name": "nap"}
    each = {"name": "each", "action": "for_each", "params": {"items": [1, 2], "steps": [nap]}}
    publish_steps(tenant, each, settings={"deadline": "1h"}, on_failure=[probe("tell", "late")])
    fire(tenant, "x", {})
    machine.work()
    whole = WorkflowRun.objects.filter(parent_run=None)
    assert whole.get().wake_reason == "deadline"

    travel(whole)
    machine.work()

    assert (whole.get().status, whole.get().error_code) == ("failed", "deadline_passed")
    items = WorkflowRun.objects.exclude(parent_run=None)
    assert set(items.values_list("status", flat=True)) == {"cancelled"}
    assert calls == ["late"]


def test_every_wake_up_says_why(tenant, machine, slow, publish_steps):
    for key, step in PARKS.items():
        WorkflowRun.objects.all().delete()
        WorkflowApproval.objects.all().delete()
        publish_only(tenant, step)
        fire(tenant, "x", {"orderId": "1", "price": 1})
        run = WorkflowRun.objects.get()
        assert reason_of(run) == "start"
        machine.work()
        parked = {"retry": "retry", "children": None, "endless event": None}
        assert reason_of(run) == parked.get(key, "time")
        if "event" in key:
            fire(tenant, "goods.fetched", {"orderId": "1"})
            machine.session.match_events()
            assert reason_of(run) == "event"
        if key == "approval":
            decide(tenant, "refund", note="")
            assert reason_of(run) == "decision"
        if key == "children":
            first, second = WorkflowRun.objects.filter(parent_run=run.pk).order_by("item_index")
            assert reason_of(first) == reason_of(second) == "time"
            travel()
            machine.turn()
            assert reason_of(run) == "child"


def publish_only(tenant, *steps):
    from workflows.models.definition import WorkflowDefinition
    from workflows.services.definitions.publish import publish

    definition = WorkflowDefinition.objects.filter(tenant=tenant, key="w").first()
    definition = definition or WorkflowDefinition(tenant=tenant, key="w", is_active=True)
    publish(tenant, "tester", definition, {"name": "W", "trigger_type": "x", "steps": list(steps)})
