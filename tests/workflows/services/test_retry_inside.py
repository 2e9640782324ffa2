"""A retry goes on inside what failed: what ended well, at any depth, is not carried out again."""

from collections import Counter

import pytest
from django.db.models import F
from django.utils import timezone

from actions.errors import PermanentFailure, TemporaryFailure
from actions.spec import Effect
from tenants.models.order import Order
from tests.support.time_travel import travel
from tests.workflows.services.conftest import Killed
from workflows.engine.decide import MAX_CRASHES
from workflows.models.approval import WorkflowApproval
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.approvals.approvers import Via, mail_decider
from workflows.services.approvals.decide import GivenAnswer, decide, open_ones
from workflows.services.approvals.refusals import NoLongerOpen
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.runs.cancel import cancel
from workflows.services.runs.one_step import do_again, mark_done
from workflows.services.runs.retry import retry_failed_step

pytestmark = pytest.mark.django_db(transaction=True)


class Outside:
    """What steps call: it notes every call that it answers, and refuses what is down."""

    def __init__(self):
        self.down, self.lost, self.answered, self.keys = set(), set(), Counter(), {}

    def call(self, params, context):
        name, to = context.step_name, params["to"]
        self.keys.setdefault((name, to), set()).add(context.idempotency_key)
        if to in self.down or name in self.down:
            raise PermanentFailure("down")
        if to in self.lost:
            raise TemporaryFailure("no_answer")
        self.answered[name, to] += 1
        return {}


@pytest.fixture
def outside(library):
    world = Outside()
    library(Effect.REPEATABLE, world.call)
    library(Effect.NOT_REPEATABLE, world.call, "once")
    return world


def probe(name, to="ok", action="probe", **more):
    return {"name": name, "action": action, "params": {"to": to}, **more}


def make(name, number):
    fields = {"number": number, "source": "store"}
    return {
        "name": name,
        "action": "create_record",
        "params": {"table": "orders", "fields": fields},
    }


def each(name, items, *steps, **params):
    return {
        "name": name,
        "action": "for_each",
        "params": {"items": items, "steps": list(steps), **params},
    }


def arms(name, **ways):
    branches = [{"name": key, "label": key, "steps": steps} for key, steps in ways.items()]
    return {"name": name, "action": "parallel", "params": {"branches": branches}}


def ask(name="ask", **params):
    who = {"title": "Pay?", "approvers": ["sara@company.example"]}
    return {"name": name, "action": "approval", "params": {**who, **params}}


def whole():
    return WorkflowRun.objects.get(parent_run=None)


def parts():
    return list(WorkflowRun.objects.exclude(parent_run=None).order_by("item_index"))


def let_the_deadline_pass():
    WorkflowRun.objects.filter(parent_run=None, due_at__isnull=False).update(
        due_at=timezone.now(), deadline_at=F("created_at")
    )


# The steps of an item, a branch, a called workflow.

BODY = [
    make("make", "{{ item }}-{{ run.id }}"),
    probe("call", "{{ item }}"),
    probe("end", "{{ item }}"),
]


def called(tenant, *steps):
    document = {"name": "C", "trigger_type": "never", "steps": list(steps)}
    publish(tenant, "t", WorkflowDefinition(tenant=tenant, key="callee", is_active=True), document)
    return {"name": "sub", "action": "run_workflow", "params": {"workflow": "callee"}}


def in_a_list(tenant):
    return each("each", ["a"], *BODY, if_one_fails="stop")


def in_a_branch(tenant):
    return arms("both", left=[make("make", "{{ run.id }}"), probe("call", "a")], right=[probe("r")])


def in_a_called_workflow(tenant):
    return called(tenant, make("make", "{{ run.id }}"), probe("call", "a"))


def in_a_list_of_a_called_workflow_in_a_branch(tenant):
    sub = called(tenant, each("each", ["a", "b"], *BODY, if_one_fails="stop"))
    return arms("both", left=[make("outer", "o-{{ run.id }}"), sub], right=[probe("r")])


# With how many records and runs there are in the end.
SHAPES = [
    (in_a_list, 1, 2),
    (in_a_branch, 1, 3),
    (in_a_called_workflow, 1, 2),
    (in_a_list_of_a_called_workflow_in_a_branch, 3, 6),
]


@pytest.mark.parametrize(
    ("shape", "records", "runs"), SHAPES, ids=lambda shape: getattr(shape, "__name__", None)
)
@pytest.mark.parametrize("tries", [1, 3])
def test_a_retry_goes_on_in_the_failed_step_of_the_failed_part(
    tenant, worker, outside, publish_steps, shape, records, runs, tries
):
    publish_steps(tenant, shape(tenant), probe("last"))
    outside.down = {"a"}
    fire(tenant, "x", {})
    worker.work()
    assert whole().status == "failed"
    for _ in range(tries - 1):
        retry_failed_step(tenant, whole().pk)
        worker.work()
        assert whole().status == "failed"

    outside.down = set()
    retry_failed_step(tenant, whole().pk)
    worker.work()

    assert whole().status == "completed"
    assert (Order.objects.count(), WorkflowRun.objects.count()) == (records, runs)
    assert max(outside.answered.values()) == 1
    assert all(len(keys) == 1 for keys in outside.keys.values())
    assert not WorkflowRun.objects.exclude(children_open=0).exists()


def test_the_other_items_keep_their_results(tenant, worker, outside, publish_steps):
    body = [probe("call", "{{ item }}")]
    publish_steps(
        tenant, each("each", list("abc"), *body, if_one_fails="stop", result="{{ item }}")
    )
    outside.down = {"b"}
    fire(tenant, "x", {})
    worker.work()

    outside.down = set()
    retry_failed_step(tenant, whole().pk)
    worker.work()

    [entry] = whole().step_results
    assert entry["output"]["results"] == ["a", "b", "c"]
    assert outside.answered == {("call", one): 1 for one in "abc"}
    assert [one["error"]["code"] for one in entry["attempts"][:1]] == ["item_failed"]


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_no_more_items_go_on_at_once_than_the_list_allows(
    tenant, worker, outside, publish_steps, at_once
):
    body = [probe("call", "{{ item }}")]
    publish_steps(tenant, each("each", list("abcde"), *body, concurrency=at_once), stop())
    outside.down = {"call"}
    fire(tenant, "x", {})
    worker.work()
    # The list went on without them; the run fails behind it, and is retried from the list.
    WorkflowRun.objects.filter(parent_run=None).update(
        step_results=[{**whole().step_results[0], "status": "failed", "then": "stop"}],
        error_step="each",
        current_step=0,
    )

    outside.down = set()
    retry_failed_step(tenant, whole().pk)
    [claim] = worker.claim()
    WorkflowRun.objects.filter(pk=claim.run_id).update(status="queued", lease_token=99)
    worker.step()

    due = WorkflowRun.objects.exclude(parent_run=None).filter(due_at__lte=timezone.now())
    assert due.count() == at_once
    worker.work()
    assert outside.answered == {("call", one): 1 for one in "abcde"}


def stop():
    return {"name": "stop", "action": "stop", "params": {"outcome": "failed", "message": "no"}}


# Whatever ended the step.


def test_after_a_deadline_the_items_that_were_done_stay_done(
    tenant, worker, outside, publish_steps
):
    slow = {"name": "nap", "action": "wait", "params": {"for": "1h"}}
    is_c = {"all": [{"field": "item", "operator": "equals", "value": "c"}]}
    body = [probe("tell", "{{ item }}", "once"), {**slow, "condition": is_c}]
    publish_steps(tenant, each("each", list("abc"), *body), settings={"deadline": "30m"})
    fire(tenant, "x", {})
    worker.work()
    let_the_deadline_pass()
    worker.work()
    assert (whole().status, whole().error_code) == ("failed", "deadline_passed")
    assert {one.status for one in parts()} == {"completed", "cancelled"}

    retry_failed_step(tenant, whole().pk)
    worker.work()

    assert outside.answered == {("tell", one): 1 for one in "abc"}
    assert whole().status == "waiting"
    assert [(one.status, one.wait_type) for one in parts()][-1] == ("waiting", "time")


def test_a_cancelled_run_goes_on_where_it_stood(tenant, worker, outside, publish_steps):
    body = [probe("tell", "{{ item }}", "once"), ask()]
    publish_steps(tenant, probe("first"), each("each", list("ab"), *body, concurrency=2))
    fire(tenant, "x", {})
    worker.work()
    cancel(tenant, whole().pk)
    worker.work()
    assert {run.status for run in WorkflowRun.objects.all()} == {"cancelled"}
    assert not open_ones(WorkflowApproval.objects.all()).exists()

    retry_failed_step(tenant, whole().pk)
    worker.work()

    assert max(outside.answered.values()) == 1
    assert (whole().status, whole().wait_type, whole().children_open) == ("waiting", "children", 2)
    assert open_ones(WorkflowApproval.objects.all()).count() == 2


def test_a_list_with_too_large_a_result_fails_once_more_and_nothing_is_done_again(
    tenant, worker, library, publish_steps
):
    calls = Counter()

    def act(params, context):
        calls[context.idempotency_key] += 1
        return {"x": "y" * 100_000}

    library(Effect.REPEATABLE, act)
    result = "{{ steps.a.output.x }}"
    publish_steps(tenant, each("each", [1, 2, 3], probe("a"), result=result))
    fire(tenant, "x", {})
    worker.work()
    assert whole().error_code == "output_too_large"

    retry_failed_step(tenant, whole().pk)
    worker.work()

    assert (whole().status, whole().error_code) == ("failed", "output_too_large")
    assert sorted(calls.values()) == [1, 1, 1]


def test_a_poisoned_run_goes_on_with_the_input_of_its_own_step(
    tenant, worker, outside, publish_steps
):
    publish_steps(
        tenant, probe("one", "first-address", on_error="continue"), probe("two", "second-address")
    )
    outside.down = {"first-address"}
    fire(tenant, "x", {})
    worker.work_until_before("two")
    worker.poison()
    worker.work()
    assert (whole().status, whole().error_code, whole().error_step) == ("failed", "poisoned", "two")

    retry_failed_step(tenant, whole().pk)
    worker.work()

    assert outside.answered == {("two", "second-address"): 1}
    assert [one["step_name"] for one in whole().step_results] == ["one", "two"]
    tries = whole().step_results[1]["attempts"]
    assert [(one["error"] or {}).get("code") for one in tries] == ["poisoned", None]


def test_a_result_that_could_not_be_worked_out_is_worked_out_again(
    tenant, worker, outside, publish_steps
):
    body = [probe("call", "{{ item }}")]
    result = "{{ steps.call.output.missing.x }}"
    publish_steps(tenant, each("each", ["a"], *body, result=result, if_one_fails="stop"))
    fire(tenant, "x", {})
    worker.work()
    assert whole().status == "failed"

    retry_failed_step(tenant, whole().pk)
    worker.work()

    assert whole().status == "failed"
    assert outside.answered == {("call", "a"): 1}


# What is said of it.


def test_the_failure_that_ended_the_last_attempt_is_shown_and_told(
    tenant, worker, outside, publish_steps
):
    publish_steps(tenant, probe("a", "A"), probe("b", "B"), on_failure=[probe("n", "N")])
    outside.down = {"A", "N"}
    fire(tenant, "x", {})
    worker.work()
    assert (whole().error_step, whole().error_code) == ("a", "down")

    outside.down = {"B"}
    retry_failed_step(tenant, whole().pk)
    worker.work()
    assert (whole().status, whole().error_step) == ("failed", "b")

    outside.down = set()
    retry_failed_step(tenant, whole().pk)
    worker.work()

    assert (whole().status, whole().error_step) == ("completed", None)
    assert outside.answered == {("a", "A"): 1, ("b", "B"): 1, ("n", "N"): 1}
    told = [(one["step_name"], one["status"]) for one in whole().step_results]
    assert told == [("n", "failed"), ("a", "completed"), ("n", "completed"), ("b", "completed")]


def test_a_failure_behind_an_error_block_is_the_one_that_is_retried(
    tenant, worker, outside, publish_steps
):
    block = {"steps": [probe("tell", "T")], "then": "stop"}
    publish_steps(tenant, probe("a", "A", on_error=block), on_failure=[probe("n", "N")])
    outside.down = {"A", "N"}
    fire(tenant, "x", {})
    worker.work()
    assert (whole().error_step, whole().status) == ("a", "failed")

    outside.down = set()
    retry_failed_step(tenant, whole().pk)
    worker.work()

    assert (whole().status, outside.answered["a", "A"]) == ("completed", 1)


def test_a_cancel_during_the_steps_for_a_failure_leaves_it_a_failure(
    tenant, worker, outside, publish_steps
):
    publish_steps(tenant, probe("a", "A"), on_failure=[ask()])
    outside.down = {"A"}
    fire(tenant, "x", {})
    worker.work()
    assert whole().status == "waiting"

    cancel(tenant, whole().pk)
    worker.work()

    assert (whole().status, whole().error_step, whole().error_code) == ("failed", "a", "down")
    assert WorkflowApproval.objects.get().closed_at is not None


# Questions.


def sara():
    return mail_decider("sara@company.example", Via.LINK)


def test_an_answer_to_the_question_of_an_earlier_visit_touches_nothing(
    tenant, worker, outside, publish_steps
):
    publish_steps(tenant, ask(timeout="2d", timeout_choice="reject"), settings={"deadline": "1d"})
    fire(tenant, "x", {})
    worker.work()
    old = WorkflowApproval.objects.get()
    let_the_deadline_pass()
    worker.work()
    assert whole().error_code == "deadline_passed"
    retry_failed_step(tenant, whole().pk)
    worker.work()
    new = WorkflowApproval.objects.exclude(pk=old.pk).get()
    before = WorkflowRun.objects.values().get()

    with pytest.raises(NoLongerOpen) as refused:
        decide(tenant, old.pk, sara(), GivenAnswer("approve"))

    assert refused.value.reason == "step_over"
    assert list(open_ones(WorkflowApproval.objects.all())) == [new]
    assert WorkflowRun.objects.values().get() == before
    decide(tenant, new.pk, sara(), GivenAnswer("approve"))
    worker.work()
    assert whole().step_results[-1]["output"]["choice"] == "approve"


def test_a_question_ends_with_the_run_that_a_reminder_fails(tenant, worker, outside, publish_steps):
    nudge = {"after": "1h", "steps": [probe("nudge", "N", on_error="stop")]}
    publish_steps(tenant, ask(reminders=[nudge]), on_failure=[ask("other")])
    outside.down = {"N"}
    fire(tenant, "x", {})
    worker.work()
    old = WorkflowApproval.objects.get()
    worker.travel()
    worker.work()
    other = WorkflowApproval.objects.exclude(pk=old.pk).get()

    with pytest.raises(NoLongerOpen):
        decide(tenant, old.pk, sara(), GivenAnswer("approve"))

    assert list(open_ones(WorkflowApproval.objects.all())) == [other]


# Unknown, inside a list.


@pytest.fixture
def unclear(tenant, worker, outside, publish_steps):
    """A list of three: one item's answer is lost, another's is refused, the third is done."""
    body = [make("make", "{{ item }}-{{ run.id }}"), probe("send", "{{ item }}", "once")]
    publish_steps(tenant, each("each", list("abc"), *body, concurrency=3), stop_if_flawed())
    outside.lost, outside.down = {"a"}, {"b"}
    fire(tenant, "x", {})
    worker.work()
    # As of a list that stops with its first failure, when the others were under way already.
    failed = {**whole().step_results[0], "status": "failed", "then": "stop"}
    WorkflowRun.objects.filter(parent_run=None).update(
        status="failed", step_results=[failed], error_step="each", current_step=0
    )
    outside.lost = set()
    return parts()[0]


def stop_if_flawed():
    return stop()


def test_an_unclear_item_that_was_done_is_not_sent_again(tenant, worker, outside, unclear):
    mark_done(tenant, unclear.pk, "user:rana")
    worker.work()

    first, second, third = parts()
    assert (first.status, second.status, third.status) == ("completed", "failed", "completed")
    assert first.step_results[-1]["settled_by"] == "user:rana"
    assert outside.answered == {("send", "c"): 1}
    assert len(outside.keys["send", "b"]) == 1
    assert Order.objects.count() == 3


def test_an_unclear_item_that_was_not_done_is_sent_with_its_key(tenant, worker, outside, unclear):
    do_again(tenant, unclear.pk, "user:rana")
    worker.work()

    assert parts()[0].status == "completed"
    assert outside.answered == {("send", "c"): 1, ("send", "a"): 1}
    assert outside.keys["send", "a"] == {f"{unclear.pk}-{unclear.current_step}"}
    assert Order.objects.count() == 3


def test_an_item_of_a_list_that_went_on_without_it_is_settled_too(
    tenant, worker, outside, publish_steps
):
    publish_steps(tenant, each("each", ["a"], probe("send", "{{ item }}", "once")), probe("last"))
    outside.lost = {"a"}
    fire(tenant, "x", {})
    worker.work()
    [item] = parts()
    assert whole().status == "completed_with_errors"

    mark_done(tenant, item.pk, "user:rana")
    worker.work()

    assert (whole().status, parts()[0].status) == ("completed", "completed")
    assert outside.answered == {("last", "ok"): 1}


def test_an_unclear_step_two_levels_down_is_settled_where_it_is(
    tenant, worker, outside, publish_steps
):
    inner = each("inner", ["x", "y"], probe("send", "{{ item }}", "once"), if_one_fails="stop")
    publish_steps(tenant, called(tenant, inner, probe("behind")), probe("last"))
    outside.lost = {"x"}
    fire(tenant, "x", {})
    worker.work()
    unclear = WorkflowRun.objects.get(error_code="outcome_unknown")
    outside.lost = set()

    mark_done(tenant, unclear.pk, "user:rana")
    worker.work()

    assert {run.status for run in WorkflowRun.objects.all()} == {"completed"}
    assert outside.answered == {("send", "y"): 1, ("behind", "ok"): 1, ("last", "ok"): 1}


def test_what_a_retry_tells_others_is_the_last_failure(tenant, worker, outside, publish_steps):
    publish_steps(tenant, probe("a", "A"), probe("b", "B"))
    listener = {"name": "L", "trigger_type": "workflow.run_failed", "steps": [probe("heard")]}
    publish(tenant, "t", WorkflowDefinition(tenant=tenant, key="l", is_active=True), listener)
    outside.down = {"A"}
    fire(tenant, "x", {})
    worker.work()
    outside.down = {"B"}
    retry_failed_step(tenant, WorkflowRun.objects.filter(status="failed").get().pk)
    worker.work()

    events = WorkflowEvent.objects.filter(type="workflow.run_failed").order_by("id")
    assert [event.payload["error_step"] for event in events] == ["a", "b"]


def test_a_cancel_behind_an_error_block_leaves_it_a_failure_too(
    tenant, worker, outside, publish_steps
):
    block = {"steps": [probe("tell", "T")], "then": "stop"}
    publish_steps(tenant, probe("a", "A", on_error=block), on_failure=[ask()])
    outside.down = {"A"}
    fire(tenant, "x", {})
    worker.work()
    assert whole().status == "waiting"

    cancel(tenant, whole().pk)
    worker.work()

    assert (whole().status, whole().error_step, whole().error_code) == ("failed", "a", "down")


def test_a_loop_that_ran_out_is_given_as_many_rounds_again(tenant, worker, library, publish_steps):
    keys = []

    def poll(params, context):
        keys.append(context.idempotency_key)
        return {"ready": "yes" if len(keys) == 5 else "no"}

    library(Effect.REPEATABLE, poll)
    until = {"all": [{"field": "steps.poll.output.ready", "operator": "equals", "value": "yes"}]}
    params = {"steps": [probe("poll")], "every": "1m", "at_most": 3, "until": until}
    publish_steps(tenant, {"name": "loop", "action": "repeat", "params": params}, probe("last"))
    fire(tenant, "x", {})
    for _ in range(4):
        worker.work()
        worker.travel()
    assert (whole().status, whole().error_code, len(keys)) == ("failed", "not_in_time", 3)

    retry_failed_step(tenant, whole().pk)
    for _ in range(4):
        worker.work()
        worker.travel()

    assert whole().status == "completed"
    assert len(set(keys)) == 6  # five rounds, and the last step


def test_an_item_that_is_cancelled_before_its_turn_came_again_still_stands_where_it_failed(
    tenant, worker, outside, publish_steps
):
    publish_steps(tenant, each("each", list("ab"), *BODY, concurrency=1), stop())
    outside.down = {"call"}
    fire(tenant, "x", {})
    worker.work()
    failed = {**whole().step_results[0], "status": "failed", "then": "stop"}
    WorkflowRun.objects.filter(parent_run=None).update(
        step_results=[failed], error_step="each", current_step=0
    )
    retry_failed_step(tenant, whole().pk)
    worker.step()  # the list takes up its items; the first is due, the second waits for its turn
    cancel(tenant, whole().pk)
    worker.work()
    assert [one.status for one in parts()] == ["cancelled", "cancelled"]

    outside.down = set()
    retry_failed_step(tenant, whole().pk)
    worker.work()

    assert [one.status for one in parts()] == ["completed", "completed"]
    assert max(outside.answered.values()) == 1
    assert Order.objects.count() == 2
    assert all(len(keys) == 1 for keys in outside.keys.values())


# A retry that is cancelled before its parts went on.


@pytest.mark.parametrize("claimed", range(4))
def test_a_part_that_was_cancelled_before_it_went_on_goes_on_where_it_had_failed(
    tenant, worker, outside, publish_steps, claimed
):
    sub = called(tenant, each("each", list("ab"), *BODY, if_one_fails="stop"))
    publish_steps(tenant, sub, probe("last"))
    outside.down = {"a"}
    fire(tenant, "x", {})
    worker.work()
    for _ in range(2):
        retry_failed_step(tenant, whole().pk)
        for _ in range(claimed):
            worker.step()
        cancel(tenant, whole().pk)
        worker.work()
        assert whole().status == "cancelled"

    outside.down = set()
    retry_failed_step(tenant, whole().pk)
    worker.work()

    assert whole().status == "completed"
    assert max(outside.answered.values()) == 1
    assert all(len(keys) == 1 for keys in outside.keys.values())


def test_an_unclear_step_below_a_part_that_never_went_on_is_settled_where_it_is(
    tenant, worker, outside, publish_steps
):
    inner = each("inner", ["x"], probe("send", "{{ item }}", "once"), if_one_fails="stop")
    publish_steps(tenant, each("outer", ["1"], inner, if_one_fails="stop"))
    outside.lost = {"x"}
    fire(tenant, "x", {})
    worker.work()
    retry_failed_step(tenant, whole().pk)
    worker.step()
    cancel(tenant, whole().pk)
    [unclear] = WorkflowRun.objects.filter(status="failed")

    mark_done(tenant, unclear.pk, "sara")
    worker.work()

    assert (whole().status, outside.answered) == ("completed", {})


# A loop whose time was over has its rounds again.


@pytest.mark.parametrize("is_in_a_list", [False, True])
def test_a_loop_that_was_not_done_in_time_is_tried_for_as_many_rounds_again(
    tenant, worker, outside, library, publish_steps, is_in_a_list
):
    keys = []

    def look(params, context):
        keys.append(context.idempotency_key)
        return {"number": len(keys)}

    library(Effect.NOT_REPEATABLE, look, "look")
    is_there = {"field": "steps.look.output.number", "operator": "equals", "value": 5}
    rounds = {"every": "1s", "at_most": 3, "until": {"all": [is_there]}}
    loop = {
        "name": "loop",
        "action": "repeat",
        "params": {**rounds, "steps": [probe("look", action="look")]},
    }
    publish_steps(
        tenant, each("each", ["a"], loop, if_one_fails="stop") if is_in_a_list else loop, probe("b")
    )
    fire(tenant, "x", {})
    let_rounds_pass(worker)
    assert (whole().status, len(keys)) == ("failed", 3)

    retry_failed_step(tenant, whole().pk)
    let_rounds_pass(worker)

    assert (whole().status, len(keys), len(set(keys))) == ("completed", 5, 5)


def let_rounds_pass(worker):
    for _ in range(6):
        worker.work()
        travel(WorkflowRun.objects.filter(wait_type="time"))


# Called, and never stored: the very first step.


def end_by_cancel(worker):
    cancel(whole().tenant, whole().pk)


def end_by_poison(worker):
    WorkflowRun.objects.update(crashes=MAX_CRASHES)


@pytest.mark.parametrize("settings", [{}, {"concurrency_key": "one"}])
@pytest.mark.parametrize("end", [end_by_cancel, end_by_poison])
def test_a_first_step_that_was_called_is_called_again_with_its_content(
    tenant, worker, library, publish_steps, end, settings
):
    made = []

    def call(params, context):
        made.append((context.idempotency_key, params["to"]))
        if len(made) == 1:
            raise Killed

    library(Effect.REPEATABLE, lambda params, context: call(params, context) or {})
    publish_steps(tenant, probe("call", "at {{ now }}"), settings=settings)
    fire(tenant, "x", {})
    with pytest.raises(Killed):
        worker.step()
    worker.lose()
    end(worker)
    worker.work()
    assert whole().due_at is None

    retry_failed_step(tenant, whole().pk)
    worker.work()

    assert whole().status == "completed"
    assert (len(made), len(set(made))) == (2, 1)
