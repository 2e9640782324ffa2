"""A decision is used by what may have been done on it, too: a new run has keys of its own."""

import pytest
from django.db.models.functions import Now

from actions.errors import PartialResult, PermanentFailure, TemporaryFailure
from actions.spec import Effect
from tests.support.paying import Bench, ask, kind, step
from tests.support.people import make_member
from tests.support.time_travel import travel
from workflows.models.run import WorkflowRun
from workflows.services.events.fire import fire
from workflows.services.runs.cancel import cancel
from workflows.services.runs.retry import retry_failed_step, start_again
from workflows.services.runs.starting import asked_again

pytestmark = pytest.mark.django_db(transaction=True)

EACH = kind("each", "for_each", items=["a"], if_one_fails="stop", steps=[step("pay", "{{ item }}")])


class Bank(Bench):
    """Each call does what is next; then all are done."""

    def __init__(self, *args):
        super().__init__(*args)
        self.next = []

    def act(self, params, context):
        done = super().act(params, context)
        if self.next:
            raise self.next.pop(0)
        return done


@pytest.fixture
def bench(tenant, worker, library):
    found = Bank(tenant, worker, make_member(tenant, "boss", "operations"))
    library(Effect.REPEATABLE, found.act)
    return found


def lost():
    return TemporaryFailure("timed_out", may_have_arrived=True)


def not_sent():
    return TemporaryFailure("no_route", may_have_arrived=False)


def refused():
    return PermanentFailure("refused")


def in_part():
    failure = refused()
    failure.part = PartialResult(["a"])
    return failure


# name: what the calls of the step that pays come to, and whether the yes is used
ENDS = {
    "lost": ([lost], True),
    "lost once, then refused": ([lost, refused], True),
    "done in part": ([in_part], True),
    "refused": ([refused], False),
    "not sent": ([not_sent], False),
    "not sent, then refused": ([not_sent, refused], False),
}


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("end", ENDS)
def test_what_may_have_been_done_before_it_failed(bench, end, inside):
    calls, is_used = ENDS[end]
    pay = {**step("pay"), "retry": {"attempts": len(calls)}}
    each = {**EACH, "params": {**EACH["params"], "steps": [pay]}}
    bench.publish(ask(), each if inside else pay)
    bench.next = [call() for call in calls]
    run = bench.run("yes")
    for _again in calls[1:]:
        travel()
        bench.go_on()
    run.refresh_from_db()
    assert (run.status, bench.next) == ("failed", [])
    bench.calls.clear()
    begin = "each" if inside else "pay"
    assert asked_again(run) == ({begin: "ask"} if is_used else {})

    start_again(bench.tenant, run.pk, "user:ops", from_step=begin)
    bench.go_on()

    assert bench.paid() == ([] if is_used else ["10"])


def test_the_run_itself_goes_on_with_the_same_key(bench):
    bench.publish(ask(), {**step("pay"), "retry": {"attempts": 1}})
    bench.next = [lost()]
    run = bench.run("yes")

    retry_failed_step(bench.tenant, run.pk)
    bench.go_on()

    assert bench.paid() == ["10"]


def test_a_run_that_was_cancelled_between_two_tries(bench):
    bench.publish(ask(), {**step("pay"), "retry": {"attempts": 3}})
    bench.next = [lost()]
    run = bench.run("yes")
    cancel(bench.tenant, run.pk)
    bench.go_on()
    run.refresh_from_db()

    assert run.status == "cancelled"
    assert asked_again(run) == {"pay": "ask"}


@pytest.mark.parametrize("end", ["deadline", "cancel"])
@pytest.mark.parametrize("pay", [step("pay"), EACH], ids=["itself", "an item"])
def test_a_worker_that_died_in_it_may_have_done_it(bench, pay, end):
    bench.publish(ask(), pay)
    fire(bench.tenant, "x", {"amount": 10})
    bench.go_on()
    bench.answer("yes")
    bench.worker.work_until_before("pay")
    bench.worker.lose()
    run = WorkflowRun.objects.get(parent_run=None)
    if end == "cancel":
        cancel(bench.tenant, run.pk)
    else:
        WorkflowRun.objects.update(deadline_at=Now())
    travel()
    bench.go_on()
    run.refresh_from_db()
    assert run.status in {"failed", "cancelled"}
    assert bench.calls == []

    assert asked_again(run) == {pay["name"]: "ask"}
