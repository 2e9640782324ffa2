"""Nobody gets round an approval by starting a run again, through whichever door they come."""

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse
from rest_framework.test import APIClient

from actions.spec import Effect
from tenants.models.api_key import ApiKey
from tenants.models.order import Order
from tests.support.paying import (
    CHOICES,
    LARGE,
    YES,
    Bench,
    ask,
    branch,
    by_admin,
    by_api,
    by_service,
    kind,
    refuse,
    step,
    where,
)
from tests.support.people import make_member
from tests.support.time_travel import travel
from workflows.models.approval import WorkflowApproval
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.events.fire import fire
from workflows.services.refusals import NotRetryable
from workflows.services.runs.cancel import cancel
from workflows.services.runs.retry import retry_failed_step, start_again, starting_point
from workflows.services.runs.starting import start_problems, steps_to_start_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bench(tenant, worker, library):
    found = Bench(tenant, worker, make_member(tenant, "boss", "operations"))
    library(Effect.REPEATABLE, found.act)
    return found


DOORS = pytest.mark.parametrize("door", [by_service, by_api, by_admin])


def refused(bench, client, door, run, **wish):
    """Try one door; return why nothing began. Nothing may have been written or done."""
    before = WorkflowRun.objects.count(), WorkflowEvent.objects.count()
    said = door(bench.tenant, run, client, **wish)
    assert said
    bench.go_on("yes")
    assert (WorkflowRun.objects.count(), WorkflowEvent.objects.count()) == before
    assert bench.calls == []
    return said


PAYING = (ask(), branch("which", YES, [step("pay")], [refuse()]))


@DOORS
def test_nobody_starts_inside_a_branch_that_was_not_taken(bench, client, door):
    bench.publish(*PAYING)
    run = bench.run("no")

    said = refused(bench, client, door, run, from_step="pay")

    if door is by_service:
        assert said == "not_reached"


# name: steps, how the run went, and what is refused to be the first step of a new one
WAYS = {
    "an answer that led elsewhere": (PAYING, "no", "pay", "not_reached"),
    "an answer that stopped the run": (
        (ask(), {**refuse(), "condition": where("steps.ask.output.choice", "equals", "no")},
         step("pay")),
        "no", "pay", "not_reached",
    ),
    "an item that stopped the run": (
        (kind("each", "for_each", items=[1], steps=[
            ask(), branch("which", YES, [step("note", "ok")], [kind("end", "stop", scope="run")]),
        ]), step("pay")),
        "no", "pay", "results_missing",
    ),
    "a branch at once that stopped the run": (
        (kind("both", "parallel", branches=[
            {"name": "a", "steps": [ask(), branch("which", YES, [step("note", "ok")], [refuse()])]},
            {"name": "b", "steps": [step("other", "ok")]},
        ]), step("pay")),
        "no", "pay", "results_missing",
    ),
    "a loop that asks, and was left by an answer": (
        (kind("loop", "repeat", steps=[
            ask(), branch("which", YES, [step("pay")], [refuse()]),
        ], until=where("trigger.amount", "equals", 10), every="1s", at_most=3),),
        "no", "pay", "not_reached",
    ),
    "inside an item": (
        (kind("each", "for_each", items=[1], steps=[ask(), step("pay")]), step("last", "ok")),
        "yes", "pay", "inside_a_step",
    ),
    "inside a branch at once": (
        (kind("both", "parallel", branches=[
            {"name": "a", "steps": [ask(), step("pay")]}, {"name": "b", "steps": [step("other")]},
        ]),),
        "yes", "pay", "inside_a_step",
    ),
    "behind an error": (
        (step("first", "ok", on_error={"steps": [ask(), step("pay")], "then": "continue"}),),
        "", "pay", "inside_a_step",
    ),
    "in a reminder": (
        (ask(timeout="9d", reminders=[{"after": "1d", "steps": [step("pay")]}]),),
        "no", "pay", "inside_a_step",
    ),
}  # fmt: skip


@DOORS
@pytest.mark.parametrize("way", WAYS)
def test_a_run_starts_at_no_step_that_it_did_not_come_to(bench, client, door, way):
    steps, answer, begin, code = WAYS[way]
    bench.publish(*steps)
    run = bench.run(answer)
    assert begin not in steps_to_start_at(run)
    assert start_problems(run)[begin] == code

    said = refused(bench, client, door, run, from_step=begin)

    if door is by_service:
        assert said == code


def test_steps_for_a_failed_run_are_no_way_either(bench, client):
    bench.publish(step("first", "ok"), on_failure=[ask(), step("pay")])
    run = bench.run("yes", fails={"first"})
    assert run.status == "failed"

    assert refused(bench, client, by_service, run, from_step="pay") == "inside_a_step"


@DOORS
@pytest.mark.parametrize("end", ["cancelled", "not in time", "poisoned"])
def test_a_question_without_an_answer_is_not_passed(bench, client, door, end):
    bench.publish(ask(timeout="1d"), step("pay"))
    fire(bench.tenant, "x", {"amount": 10})
    bench.go_on()
    run = WorkflowRun.objects.get()
    match end:
        case "cancelled":
            cancel(bench.tenant, run.pk)
        case "not in time":
            travel()
            bench.go_on()
        case "poisoned":
            WorkflowRun.objects.update(crashes=5, due_at=run.created_at, status="queued")
            bench.go_on()
    run.refresh_from_db()
    assert run.status in {"failed", "cancelled"}

    refused(bench, client, door, run, from_step="pay")


def test_a_called_workflow_that_says_no_is_not_passed(bench, client):
    inner = (
        ask(),
        branch(
            "which", YES, [step("note", "ok")], [kind("no", "stop", outcome="failed", message="no")]
        ),
    )
    bench.publish(*inner, key="inner", trigger_type="nothing")
    bench.publish(kind("call", "run_workflow", workflow="inner", input={"amount": 10}), step("pay"))
    run = bench.run("no")
    assert run.status == "failed"

    assert refused(bench, client, by_service, run, from_step="pay") == "results_missing"


def test_a_step_that_a_condition_left_out_is_asked_again(bench):
    bench.publish(ask(), {**step("pay"), "condition": YES}, step("last", "ok"))
    run = bench.run("no")

    start_again(bench.tenant, run.pk, "user:ops", from_step="pay")
    bench.go_on()

    assert bench.paid() == []


@DOORS
def test_another_amount_needs_another_yes(bench, client, door):
    bench.publish(ask(), step("pay"))
    run = bench.run("yes", fails={"pay"})
    assert run.status == "failed"

    said = refused(bench, client, door, run, from_step="pay", payload={"amount": 999_999})

    assert said in {"decided_on_other_values", "step_not_possible"} or "decide anew" in said


@DOORS
def test_from_the_beginning_another_amount_is_asked_about(bench, client, door):
    bench.publish(ask(), step("pay"))
    run = bench.run("yes", fails={"pay"})

    assert door(bench.tenant, run, client, payload={"amount": 999_999}) == ""
    bench.go_on()

    assert bench.paid() == []
    assert WorkflowApproval.objects.latest("id").title == "Pay 999999?"
    bench.answer("no")


def test_at_the_question_itself_it_is_asked_anew(bench):
    bench.publish(step("first", "ok"), ask(), step("pay"))
    run = bench.run("yes", fails={"pay"})

    start_again(bench.tenant, run.pk, "user:ops", from_step="ask", payload={"amount": 11})
    bench.go_on()

    assert bench.calls == []
    assert WorkflowApproval.objects.latest("id").title == "Pay 11?"


def test_the_same_amount_keeps_the_yes(bench):
    bench.publish(ask(), step("pay"))
    run = bench.run("yes", fails={"pay"})

    start_again(bench.tenant, run.pk, "user:ops", from_step="pay")
    bench.go_on()

    assert (bench.paid(), WorkflowApproval.objects.count()) == (["10"], 1)


INNER_ASKS = kind("each", "for_each", items=[1], steps=[ask()])
CALL = kind("call", "run_workflow", workflow="inner", input={"amount": "10"})
# name: steps, from where with 999,999 instead of 10, and why not
CORRECTED = {
    "a yes in an item": ((INNER_ASKS, step("pay")), "pay", "decided_on_other_values"),
    "a yes in a called workflow": ((CALL, step("pay")), "pay", "decided_on_other_values"),
    "a branch past the question": (
        (branch("which", LARGE, [ask()]), step("pay")), "pay", "decided_otherwise",
    ),
    "a condition past the question": (
        ({**ask(), "condition": LARGE}, step("pay")), "pay", "decided_otherwise",
    ),
    "a result that the branch reads": (
        (step("sum"), branch("which", where("steps.sum.output.to", "not_equals", "10"), [ask()]),
         step("pay")),
        "which", "decided_otherwise",
    ),
    "a result that the question shows": (
        (step("sum"), ask(title="Pay {{ steps.sum.output.to }}?"), step("pay")),
        "ask", "decided_otherwise",
    ),
}  # fmt: skip


@DOORS
@pytest.mark.parametrize("way", CORRECTED)
def test_no_decision_is_kept_nor_avoided_with_other_values(bench, client, door, way):
    steps, begin, code = CORRECTED[way]
    bench.publish(ask(), key="inner", trigger_type="nothing")
    bench.publish(*steps)
    run = bench.run("yes", fails={"pay"})
    assert run.status == "failed"
    if door is by_admin and begin != "pay":
        pytest.skip("the page offers the failed step only")

    said = refused(bench, client, door, run, from_step=begin, payload={"amount": 999_999})

    if door is by_service:
        assert said == code


def test_what_does_not_concern_the_question_may_be_corrected(bench):
    asked = ask(title="Pay?", message="{{ trigger.amount }}")
    last = branch("which", LARGE, [asked])
    bench.publish(step("first", "ok"), last, step("pay", "{{ trigger.phone }}"))
    fire(bench.tenant, "x", {"amount": 10, "phone": "bad"})
    bench.failing = {"pay"}
    bench.go_on()
    bench.failing, run = set(), WorkflowRun.objects.get()
    bench.calls.clear()

    payload = {"amount": 10, "phone": "good"}
    start_again(bench.tenant, run.pk, "user:ops", from_step="pay", payload=payload)
    bench.go_on()

    assert bench.calls == [("pay", "good")]


@DOORS
def test_values_that_are_another_workflows_are_refused(bench, client, door):
    small = where("trigger.amount", "less_than", 1000)
    bench.publish(step("pay"), trigger_filter=small)
    run = bench.run(fails={"pay"})

    refused(bench, client, door, run, payload={"amount": 999_999})


# name: the new version's steps, and why its last step cannot be the first
VERSIONS = {
    "a question that is new": ((ask("more"), ask(), step("pay")), "results_missing"),
    "other people": ((ask(approvers=["ops"]), step("pay")), "asks_otherwise"),
    "one more": ((ask(approvers=["boss", "ops"]), step("pay")), "asks_otherwise"),
    "other words": ((ask(title="Pay {{ trigger.amount }} twice?"), step("pay")), "asks_otherwise"),
    "more to read": ((ask(message="Mind!"), step("pay")), "asks_otherwise"),
    "other choices": (
        (ask(choices=[*CHOICES, {"key": "some", "label": "Some"}]), step("pay")), "asks_otherwise",
    ),
    "a form": (
        (ask(form=[{"key": "why", "label": "Why", "type": "text"}]), step("pay")), "asks_otherwise",
    ),
    "own requests": ((ask(allow_self=True), step("pay")), "asks_otherwise"),
    "a condition that leads elsewhere": (
        (ask(), branch("which", LARGE, [step("pay")])), "results_missing",
    ),
    "a list that asks": (
        (kind("ask", "for_each", items=[1], steps=[ask("each")]), step("pay")), "results_missing",
    ),
}  # fmt: skip


@DOORS
@pytest.mark.parametrize("change", VERSIONS)
def test_another_version_takes_over_what_it_would_ask_as_well(bench, client, door, change):
    steps, code = VERSIONS[change]
    bench.publish(ask(), step("pay"))
    run = bench.run("yes", fails={"pay"})
    bench.publish(*steps)

    said = refused(bench, client, door, run, from_step="pay", newest=True)

    if door is by_service:
        assert said == code


def test_a_version_with_the_same_question_keeps_the_yes(bench):
    bench.publish(ask(), step("pay", "{{ trigger.nothing }}"))
    run = bench.run("yes")
    assert run.status == "failed"
    bench.publish(ask(), step("pay"))

    start_again(bench.tenant, run.pk, "user:ops", from_step="pay", newest=True)
    bench.go_on()

    assert bench.paid() == ["10"]


def test_a_question_is_no_answer_of_an_action_with_its_name(bench, client):
    bench.publish(step("ask", "yes"), step("pay"))
    run = bench.run(fails={"pay"})
    bench.publish(ask(), step("pay"))

    said = refused(bench, client, by_service, run, from_step="pay", newest=True)

    assert said == "results_missing"


def test_a_branch_that_a_new_version_would_take_otherwise(bench, client):
    bench.publish(branch("which", LARGE, [ask()]), step("pay"))
    run = bench.run(fails={"pay"})
    bench.publish(branch("which", where("trigger.amount", "greater_than", 5), [ask()]), step("pay"))

    said = refused(bench, client, by_service, run, from_step="pay", newest=True)

    assert said == "decided_otherwise"


def test_a_yes_goes_through_several_new_runs_with_its_payload_alone(bench, client):
    bench.publish(ask(), step("pay"))
    run = bench.run("yes", fails={"pay"})
    bench.failing = {"pay"}
    second = start_again(bench.tenant, run.pk, "user:ops", from_step="pay")
    bench.go_on()
    bench.failing = set()
    bench.calls.clear()
    run = WorkflowRun.objects.get(pk=second)

    said = refused(bench, client, by_service, run, from_step="pay", payload={"amount": 5})

    assert said == "decided_on_other_values"
    assert starting_point(run, 1, "pay")[0] == 1


# With the record's values


def orders_run(bench, *steps):
    bench.publish(*steps, trigger_type="new_order")
    bench.failing = {"pay"}
    order = Order.objects.create(tenant=bench.tenant, number="1", total_amount=10)
    bench.go_on("yes")
    bench.failing = set()
    bench.calls.clear()
    order.total_amount = 999_999
    order.save()
    run = WorkflowRun.objects.filter(parent_run=None).earliest("id")
    assert run.status == "failed"
    return run


TOTAL = "{{ trigger.total_amount }}"
ON_ORDERS = {
    "behind a yes": (ask(title=f"Pay {TOTAL}?"), step("pay", TOTAL)),
    "past a question": (
        branch("which", where("trigger.total_amount", "greater_than", 1000), [ask(title="?")]),
        step("pay", TOTAL),
    ),
    "in an item": (
        kind("each", "for_each", items=[1], steps=[ask(title="?"), step("pay", TOTAL)],
             if_one_fails="stop"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", ON_ORDERS)
def test_the_records_values_of_today_are_not_what_was_decided_on(bench, way):
    run = orders_run(bench, *ON_ORDERS[way])

    with pytest.raises(NotRetryable) as why:
        retry_failed_step(bench.tenant, run.pk, with_record=True)

    assert why.value.code == "asks_on_values_of_the_run"
    bench.go_on()
    assert bench.calls == []
    retry_failed_step(bench.tenant, run.pk)
    bench.go_on()
    assert bench.paid() == ["10.00"]


def test_the_api_does_not_take_them_either(bench):
    run = orders_run(bench, *ON_ORDERS["behind a yes"])
    _key, secret = ApiKey.objects.create_key(
        tenant=bench.tenant, name="robot", scopes=["runs:operate", "runs:read"]
    )

    for begin in ("failed_step", "pay"):
        answer = APIClient().post(
            f"/api/v1/runs/{run.pk}/retry/",
            {"from": begin, "values": "record"},
            format="json",
            headers={"Authorization": f"Api-Key {secret}"},
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "step_not_possible")
    bench.go_on()
    assert bench.calls == []


# What the pages say


def opened(client, run, name):
    client.force_login(make_member(run.tenant, "clerk", "operations"))
    page = reverse(f"admin:workflows_workflowrun_{name}", args=[run.pk])
    return client.get(page).content.decode()


def test_the_page_says_why_a_step_is_not_offered(bench, client):
    bench.publish(*PAYING)
    run = bench.run("no")

    page = opened(client, run, "retry")

    assert '<option value="which"' in page
    assert '<option value="pay"' not in page
    assert "This run did not come to this step" in page


def test_the_page_of_a_correction_says_why_it_begins_at_the_beginning(bench, client):
    bench.publish(ask(), step("pay"))
    run = bench.run("yes", fails={"pay"})

    page = opened(client, run, "correct")

    assert 'value="failed_step"' not in page
    assert "Somebody decided before this step" in page


def test_the_page_of_a_run_says_what_it_was_not_asked(bench, client):
    bench.publish({**ask(), "label": "Ask the boss"}, step("pay"))
    run = bench.run("yes", fails={"pay"})
    bench.publish(step("pay"))
    again = start_again(bench.tenant, run.pk, "user:ops", newest=True)
    bench.go_on()
    third = start_again(bench.tenant, again, "user:ops")
    bench.go_on()

    for run_id in (again, third):
        run = WorkflowRun.objects.get(pk=run_id)
        page = opened(client, run, "change")
        client.logout()
        get_user_model().objects.filter(username="clerk").delete()
        assert "“Ask the boss”, which version 1 asks" in page
    assert bench.paid() == ["10", "10"]


def test_the_page_of_a_run_on_a_version_that_asks_the_same_says_nothing(bench, client):
    bench.publish(ask(), step("pay"))
    run = bench.run("yes", fails={"pay"})
    bench.publish(ask(), step("pay"), step("last", "ok"))
    again = start_again(bench.tenant, run.pk, "user:ops", from_step="pay", newest=True)

    assert "No longer asked" not in opened(client, WorkflowRun.objects.get(pk=again), "change")
