"""A decision is good for one time: what it allowed is not done again without another one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.urls import reverse

from actions.spec import Effect
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
)
from tests.support.people import make_member
from workflows.models.approval import WorkflowApproval
from workflows.models.run import WorkflowRun
from workflows.services.events.fire import fire
from workflows.services.refusals import NotRetryable
from workflows.services.runs.retry import retry_failed_step, start_again
from workflows.services.runs.starting import asked_again, retry_problem, start_problems

pytestmark = pytest.mark.django_db(transaction=True)

DOORS = pytest.mark.parametrize("door", [by_service, by_api, by_admin])
PAYING = (ask(), branch("which", YES, [step("pay")], [refuse()]))


@pytest.fixture
def bench(tenant, worker, library):
    found = Bench(tenant, worker, make_member(tenant, "boss", "operations"))
    library(Effect.REPEATABLE, found.act)
    return found


def again(bench, run, begin="", **wish):
    """Start a run again; return the new one as it stands once nobody has anything to do."""
    new = start_again(bench.tenant, run.pk, "user:ops", from_step=begin, **wish)
    bench.go_on()
    return WorkflowRun.objects.get(pk=new)


@DOORS
def test_what_was_paid_on_a_yes_is_asked_about_again(bench, client, door):
    bench.publish(*PAYING)
    run = bench.run("yes")
    assert run.status == "completed"
    assert asked_again(run) == {"which": "ask", "pay": "ask"}

    assert door(bench.tenant, run, client, from_step="pay") == ""
    bench.go_on()

    assert bench.calls == []
    assert WorkflowApproval.objects.count() == 2
    bench.go_on("no")
    assert bench.calls == []


def test_and_goes_on_once_it_is_decided_anew(bench):
    bench.publish(*PAYING)
    run = bench.run("yes")

    start_again(bench.tenant, run.pk, "user:ops", from_step="pay")
    bench.go_on("yes")

    assert bench.paid() == ["10"]
    assert WorkflowApproval.objects.count() == 2


# name: the steps, from which step, and the one at which the new run begins; None: it does not
BEHIND = {
    "right behind it": ((ask(), step("pay")), "pay", "ask"),
    "a step that did not run": (
        (ask(), step("note", "x", condition=LARGE), step("pay")), "pay", "ask",
    ),
    "two in a row": ((ask("first"), ask(), step("pay")), "pay", "first"),
    "the second of two": ((ask("first"), ask(), step("pay")), "ask", "first"),
    "behind what is done before it": ((step("note", "x"), ask(), step("pay")), "pay", "ask"),
    "with a step between that would be done again": (
        (ask(), step("note", "x"), step("pay")), "pay", None,
    ),
    "behind what another yes allowed": (
        (ask("first"), step("note", "x"), ask(), step("pay")), "pay", None,
    ),
    "behind questions of a list": (
        (kind("each", "for_each", items=[1], steps=[ask()]), step("pay")), "pay", None,
    ),
    "behind a called workflow that asks": (
        (kind("call", "run_workflow", workflow="inner", input={"amount": "10"}), step("pay")),
        "pay", None,
    ),
    "nothing was decided before": ((step("note", "x"), ask(), step("pay")), "note", "note"),
    "the question itself": ((ask(), step("pay")), "ask", "ask"),
}  # fmt: skip


@pytest.mark.parametrize("way", BEHIND)
def test_where_a_completed_run_begins_again(bench, way):
    steps, begin, first = BEHIND[way]
    bench.publish(ask(), key="inner", trigger_type="nothing")
    bench.publish(*steps)
    run = bench.run("yes")
    assert run.status == "completed"

    if first is None:
        assert start_problems(run)[begin] == "decision_used"
        with pytest.raises(NotRetryable) as why:
            again(bench, run, begin)
        assert why.value.code == "decision_used"
        assert bench.calls == []
        return
    new = again(bench, run, begin)

    assert new.current_step == run_index(new, "ask" if first == "note" else first)
    assert bench.paid() == []


def run_index(run, name):
    program = run.definition.versions.get(version=run.version).program
    return next(one["index"] for one in program["instructions"] if one["name"] == name)


@DOORS
def test_a_run_that_failed_keeps_its_yes_for_the_step_it_failed_in(bench, client, door):
    bench.publish(ask(), step("pay"), step("last", "ok"))
    run = bench.run("yes", fails={"pay"})

    assert door(bench.tenant, run, client, from_step="pay") == ""
    bench.go_on()

    assert bench.calls == [("pay", "10"), ("last", "ok")]
    assert WorkflowApproval.objects.count() == 1


def test_but_not_for_a_step_before_it_that_was_done(bench):
    bench.publish(ask(), step("pay"), step("last", "ok"))
    run = bench.run("yes", fails={"last"})

    new = again(bench, run, "pay")

    assert bench.calls == []
    assert new.status == "waiting"
    # And the step that failed is theirs.
    WorkflowRun.objects.filter(pk=new.pk).update(status="cancelled", due_at=None)
    again(bench, run, "last")
    assert bench.calls == [("last", "ok")]


def test_steps_about_a_failure_use_up_nothing(bench):
    notify = {"on_error": {"steps": [step("tell", "x")], "then": "stop"}}
    bench.publish(ask(), step("pay", **notify), on_failure=[step("mail", "x")])
    run = bench.run("yes", fails={"pay"})
    assert run.status == "failed"

    again(bench, run, "pay")

    assert bench.paid() == ["10"]


def test_a_way_round_a_failure_does(bench):
    other = {"on_error": {"steps": [step("other", "x")], "then": "continue"}}
    bench.publish(ask(), step("pay", **other))
    run = bench.run("yes", fails={"pay"})
    assert run.status == "completed_with_errors"

    assert again(bench, run, "pay").status == "waiting"
    assert bench.calls == []


def test_what_may_have_been_done_counts_as_done(bench, library):
    bench.publish(ask(), step("pay"))
    library(Effect.NOT_REPEATABLE, bench.act)
    bench.is_lost = True
    run = bench.run("yes")
    assert run.status == "failed"
    bench.is_lost = False

    assert again(bench, run, "pay").status == "waiting"
    assert bench.calls == []


EACH = kind(
    "each",
    "for_each",
    items=["a", "b"],
    steps=[step("pay", "{{ item }}")],
    if_one_fails="stop",
    concurrency=1,
)


def test_items_that_were_paid_are_asked_about_again(bench):
    bench.publish(ask(), EACH)
    run = bench.run("yes", fails={("pay", "b")})
    assert run.status == "failed"

    assert again(bench, run, "each").status == "waiting"
    assert bench.calls == []


def test_items_of_which_none_was_paid_are_not(bench):
    bench.publish(ask(), EACH)
    run = bench.run("yes", fails={"pay"})
    assert run.status == "failed"

    again(bench, run, "each")

    assert bench.paid() == ["a", "b"]


# One yes in several runs


def test_a_run_that_was_started_again_has_used_the_yes_of_the_first(bench, client):
    bench.publish(ask(), step("pay"))
    run = bench.run("yes", fails={"pay"})
    again(bench, run, "pay")
    assert bench.paid() == ["10"]

    # Neither by going on itself
    assert retry_problem(run) == "decision_used"
    with pytest.raises(NotRetryable) as why:
        retry_failed_step(bench.tenant, run.pk)
    assert why.value.code == "decision_used"
    # nor by starting once more
    assert again(bench, run, "pay").status == "waiting"
    assert bench.paid() == ["10"]
    client.force_login(make_member(run.tenant, "clerk", "operations"))
    page = client.get(reverse("admin:workflows_workflowrun_retry", args=[run.pk]))
    assert 'value="failed_step"' not in page.content.decode()
    assert "one decision is good for one time" in page.content.decode()


def test_nor_has_the_second_what_the_first_has_used(bench):
    bench.publish(ask(), step("pay"))
    run = bench.run("yes", fails={"pay"})
    bench.failing = {"pay"}
    second = again(bench, run, "pay")
    bench.failing = set()
    bench.calls.clear()
    retry_failed_step(bench.tenant, run.pk)
    bench.go_on()
    assert bench.paid() == ["10"]

    with pytest.raises(NotRetryable) as why:
        retry_failed_step(bench.tenant, second.pk)

    assert why.value.code == "decision_used"
    assert again(bench, second, "pay").status == "waiting"
    assert bench.paid() == ["10"]


def test_while_one_goes_on_no_other_does(bench):
    bench.publish(ask(), step("pay"), kind("sleep", "wait", **{"for": "1h"}), step("last", "ok"))
    run = bench.run("yes", fails={"pay"})
    again(bench, run, "pay")

    with pytest.raises(NotRetryable) as why:
        retry_failed_step(bench.tenant, run.pk)

    assert why.value.code == "already_under_way"


def test_of_two_clicks_at_once_one_pays(bench):
    bench.publish(ask(), step("pay"))
    run = bench.run("yes", fails={"pay"})
    bench.failing = {"pay"}
    second = again(bench, run, "pay")
    bench.failing = set()
    bench.calls.clear()

    def click(one):
        try:
            retry_failed_step(bench.tenant, one)
        except NotRetryable as refused:
            return refused.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(click, [run.pk, second.pk]))
    bench.go_on()

    assert said == ["", "already_under_way"]
    assert bench.paid() == ["10"]


def test_runs_that_ask_nobody_are_free(bench):
    bench.publish(step("pay"), step("last", "ok"))
    run = bench.run(fails={"last"})

    again(bench, run, "pay")
    retry_failed_step(bench.tenant, run.pk)
    bench.go_on()

    assert bench.calls == [("pay", "10"), ("last", "ok"), ("last", "ok")]


def test_another_event_is_another_decision(bench):
    bench.publish(ask(), step("pay"))
    run = bench.run("yes", fails={"pay"})
    fire(bench.tenant, "x", {"amount": 20})
    bench.go_on("yes")
    assert bench.paid() == ["20"]

    retry_failed_step(bench.tenant, run.pk)
    bench.go_on()

    assert bench.paid() == ["20", "10"]


def test_the_page_says_so_before_the_click(bench, client):
    bench.publish({**ask(), "label": "Ask the boss"}, step("pay"), step("last", "ok"))
    run = bench.run("yes")
    client.force_login(make_member(run.tenant, "clerk", "operations"))

    page = client.get(reverse("admin:workflows_workflowrun_retry", args=[run.pk])).content.decode()

    assert "(asks “Ask the boss” again first)" in page
    assert "A decision is good for one time" in page
    assert '<option value="last"' not in page
    assert "What somebody decided before this step has been acted on already" in page


def test_a_no_is_not_carried_on_either(bench):
    bench.publish(ask(choices=CHOICES), {**step("pay"), "condition": YES}, step("last", "ok"))
    run = bench.run("no")

    assert again(bench, run, "last").status == "waiting"
    assert bench.calls == []
