"""What became of runs that branch, wait and start others, told from what the real engine wrote."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.support.stories import Storyteller, note, step
from tests.support.time_travel import travel
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.children import part_title
from workflows.presentation.runs.lines import StepState
from workflows.presentation.runs.summary import summary
from workflows.presentation.runs.timeline import flow, timeline
from workflows.presentation.times import by_clock
from workflows.services.events.fire import fire
from workflows.services.operations.pause import pause
from workflows.services.runs.cancel import cancel
from workflows.services.runs.summaries import facts_of, failed_step, plans_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def teller(tenant):
    found = Storyteller(tenant)
    yield found
    found.close()


@pytest.fixture(autouse=True)
def clock():
    with timezone.override("UTC"):
        yield


def facts(run):
    run = WorkflowRun.objects.select_related("tenant", "definition").get(pk=run.pk)
    return facts_of(run, plans_of([run]))


def said(run):
    return summary(facts(run))


def lines(run):
    return flow(facts(run)).lines


def parts(line):
    """Return the parts of a line: title, whether it was taken, and its steps with their states."""
    return [
        (part_title(part), part.is_taken, [(one.label, one.state.value) for one in part.lines])
        for part in line.parts
    ]


def test_a_list_with_one_item_that_failed(teller):
    run = teller.a_list_with_one_failure()

    [each, report] = lines(run)
    assert said(run) == (
        "Completed with errors: “Send reminders” was done only in part."
        " 1 of 5 went wrong. The page of each says why."
    )
    assert (each.state, report.state) == (StepState.PARTLY, StepState.COMPLETED)
    assert each.kin is not None
    assert each.parts == ()


def test_items_that_are_not_done_yet_are_counted(teller):
    wait = step("pause", "", "wait", **{"for": "1h"})
    each = step("each", "Tell each", "for_each", items="{{ trigger.who }}", steps=[wait])
    teller.publish("tell", "Tell", each, note("end"))
    run = teller.start("tell", who=["a", "b", "c", "d", "e"])
    assert said(run) == "Waiting at step 1 of 2, “Tell each”. Waits for 5 of 5 items."

    first = WorkflowRun.objects.filter(parent_run=run.pk, item_index__lt=2)
    travel(first)
    teller.machine.work()

    assert said(run) == "Waiting at step 1 of 2, “Tell each”. Waits for 3 of 5 items."


def test_an_event_with_a_reminder(teller):
    run = teller.a_wait_for_an_event()

    # Two of the nine days have passed, and one is left until the next reminder.
    until = by_clock(run.created_at + timedelta(days=9 - 2))
    following = by_clock(run.created_at + timedelta(days=3 - 2))
    assert said(run) == (
        "Waiting at step 2 of 3, “Fetch the goods”. Waits for the event “goods.fetched” with"
        f" orderId: 1234. Until {until} at the longest. Next reminder: {following}."
    )
    fetch = lines(run)[1]
    assert fetch.state is StepState.WAITING
    [reminder, late] = parts(fetch)
    assert reminder[0].startswith("Reminder 1, ")
    assert reminder[1:] == (True, [("Tell the customer that it is late", "completed")])
    assert late == ("If it does not come in time", False, [("Apologise", "not_reached")])


def test_an_event_that_came_and_one_that_did_not(teller, tenant):
    came, missed = teller.a_wait_for_an_event(), teller.start("order.received", orderId="9")
    fire(tenant, "goods.fetched", {"orderId": "1234"})
    teller.machine.work()
    for _moment in range(4):
        teller.later(missed)

    assert said(came) == ("Completed: 4 steps were done.")
    [_charge, fetch, _ship] = lines(came)
    assert fetch.told == "The event came."
    assert fetch.output == {"orderId": "1234"}
    assert fetch.event_id
    late = parts(lines(missed)[1])
    assert [title[:10] for title, _taken, _steps in late[:3]] == [
        "Reminder 1",
        "Reminder 2",
        "Reminder 3",
    ]
    assert late[3] == ("It did not come in time", True, [("Apologise", "completed")])


def test_a_decision(teller):
    run = teller.a_decision()

    until = by_clock(run.created_at + timedelta(days=7))
    assert said(run) == (
        "Waiting at step 1 of 2, “Review the refund”. Waits for a decision: “Refund 1450?”"
        f" Asked: sara@company.example, everybody of Operations. Until {until} at the longest."
    )
    teller.later(run)
    assert lines(run)[0].told == "“Refund 1450?” Nobody decided in time, so “Refuse” counts."


def test_a_turn(teller):
    run, _ahead = teller.a_lane()

    assert said(run) == "Waits for its turn: another run with the key “7” is under way."


def test_room_for_one_run_of_the_workflow(teller):
    pause_ = step("pause", "", "wait", **{"for": "1h"})
    teller.publish("one", "One", pause_, settings={"max_running": 1})
    teller.start("one")
    run = teller.start("one")

    assert said(run) == ("Waits for its turn: at most 1 run of this workflow is under way at once.")


def test_who_took_the_place_of_whom(teller):
    pause_ = step("pause", "", "wait", **{"for": "1h"})
    settings = {"concurrency_key": "{{ trigger.shop }}", "when_busy": "replace"}
    teller.publish("newest", "Newest", pause_, settings=settings)
    begun = teller.start("newest", shop="7")
    fire(teller.tenant, "newest", {"shop": "7"})
    skipped = teller.newest("newest")
    teller.start("newest", shop="7")

    taken = "A newer run with the same key has taken its place."
    assert said(skipped) == f"Skipped: nothing was done. {taken}"
    assert said(begun) == f"Cancelled before anything was done. {taken}"


def test_a_branch_with_a_loop_in_it(teller):
    run = teller.a_branch()

    [by_risk, done] = lines(run)
    assert by_risk.told == "“High risk” was chosen."
    [high, medium, otherwise] = by_risk.parts
    assert (high.is_taken, medium.is_taken, otherwise.is_taken) == (True, False, False)
    assert [part_title(part) for part in by_risk.parts] == ["High risk", "Medium risk", "Otherwise"]
    [ask] = high.lines
    rounds = [(part.number, [one.label for one in part.lines]) for part in ask.parts[:3]]
    assert rounds == [(number, ["Look at the account"]) for number in (1, 2, 3)]
    assert parts(ask)[3] == ("After the failure", True, [("Tell the team", "completed")])
    assert ask.state is StepState.FAILED
    assert done.state is StepState.COMPLETED
    [failure] = flow(facts(run)).after_failure
    assert (part_title(failure), failure.is_taken) == ("If the workflow fails", False)
    # Each step once, and none from a way that was not taken.
    assert [line.name for line in timeline(facts(run))] == [
        "by_risk",
        "ask",
        "look",
        "tell",
        "done",
    ]


def test_a_round_that_has_not_begun(teller):
    teller.a_branch()
    run = teller.start("order.risk", risk="HIGH", settled="no")

    due = by_clock(WorkflowRun.objects.get(pk=run.pk).due_at)
    assert said(run) == (
        "Waiting at step 1 of 2, “Ask the bank”, at “Look at the account”."
        f" The next round begins at {due}."
    )


def test_branches_at_once(teller):
    run = teller.branches_at_once()

    assert said(run) == (
        "Failed at step 2 of 3, “Reach the customer”. The branch “By phone” failed."
        " At “Ring them up”: “trigger.phone” has no value. Correct the record or the event,"
        " or give the field a default. “End” was not reached."
    )


def test_another_workflow_and_the_steps_after_the_failure(teller):
    run = teller.another_workflow()

    assert said(run).startswith("Failed at step 1 of 2, “Pay back”. The workflow “callee” failed.")
    [failure] = flow(facts(run)).after_failure
    assert part_title(failure) == "After the run had failed"
    assert [(one.label, one.state) for one in failure.lines] == [
        ("Raise the alarm", StepState.COMPLETED)
    ]
    child = WorkflowRun.objects.get(parent_run=run.pk)
    assert said(child).startswith("Failed at step 1 of 1, “Pay it back”.")


def test_a_part_has_the_steps_of_its_block_only(teller):
    run = teller.a_list_with_one_failure()
    child = WorkflowRun.objects.filter(parent_run=run.pk, status="failed").get()

    assert [line.label for line in lines(child)] == ["Write to the customer"]
    plans = plans_of([child])
    assert failed_step(child, plans)[0] == "Write to the customer"


def test_a_part_that_was_cancelled_with_its_run(teller, tenant):
    pause_ = step("pause", "", "wait", **{"for": "1h"})
    each = step("each", "", "for_each", items="{{ trigger.who }}", steps=[pause_])
    teller.publish("tell", "Tell", each)
    run = teller.start("tell", who=["a"])

    cancel(tenant, run.pk)

    assert said(WorkflowRun.objects.get(parent_run=run.pk)) == (
        "Cancelled before anything was done. The run that it is part of did not need it any more."
    )


def test_a_pause_of_everything_is_told_of_runs_that_wait(teller, tenant):
    run = teller.a_decision()
    pause(tenant, "user:ops")

    assert said(run).endswith(" All workflows are paused: it goes on when they do.")


def test_a_run_that_a_step_ended(teller):
    enough = {
        **step("enough", "Enough", "stop", message="No more"),
        "condition": {"all": [{"field": "trigger.left", "operator": "equals", "value": 0}]},
    }
    teller.publish("stop", "Stop", note("look"), enough, note("order"))

    run = teller.start("stop", left=0)

    assert said(run) == "Completed: “Look” was done. It ended early, at “Enough”."


def test_state_of_the_engine_is_not_for_people(teller):
    runs = [teller.a_wait_for_an_event(), teller.a_list_with_one_failure(), teller.a_branch()]
    for run in runs:
        for line in timeline(facts(run)):
            shown = {**(line.input or {}), **(line.output or {})}
            assert not {"waiting", "done", "round", "case", "reminder", "items"} & set(shown)


def test_no_workflow_is_told_with_anothers_plan(teller):
    run = teller.a_list_with_one_failure()
    definition = WorkflowDefinition.objects.get(pk=run.definition_id)

    assert set(plans_of([run])) == {(definition.pk, 1, 0)}
