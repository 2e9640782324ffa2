"""Failures that are alike are one problem, whoever counts them, and however often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from tests.workflows.runtime.conftest import publish_steps
from workflows.models.problem import WorkflowProblem
from workflows.models.run import WorkflowRun
from workflows.runtime.runs.revive import HAND_OVER_PROBLEM
from workflows.services.problems import fold
from workflows.services.problems.fold import refresh
from workflows.services.problems.kinds import kind_of
from workflows.services.problems.people import ProblemChanged, give_back, solve, take
from workflows.services.problems.queries import open_problems, state_of

NOTE = {"name": "tell", "action": "log_note", "params": {"text": "x"}}


@pytest.fixture
def definition(tenant):
    return publish_steps(tenant, NOTE)


def fail(definition, said="“1” is no phone number.", **values):
    """Write a run as a worker would leave it that failed."""
    about = {"tenant": definition.tenant, "definition": definition, "version": 1}
    wrong = {
        "status": "failed",
        "error_step": "tell",
        "error_code": "not_a_phone",
        "error_message": said,
        "error_fingerprint": uuid4().hex,
        "completed_at": timezone.now(),
    }
    return WorkflowRun.objects.create(**{**about, **wrong, **values})


def retried(run):
    """Let it go on, as `revive` does."""
    WorkflowRun.objects.filter(pk=run.pk).update(
        status="queued", due_at=timezone.now(), completed_at=None, error_fingerprint=None
    )


def ended(run, status="completed", fingerprint=None):
    WorkflowRun.objects.filter(pk=run.pk).update(
        status=status,
        due_at=None,
        completed_at=timezone.now(),
        error_fingerprint=fingerprint,
    )


def the_problem():
    return WorkflowProblem.objects.get()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("“70 88 12” is not a phone number.", "… is not a phone number."),
        ("«70 88» ليس رقمًا", "… ليس رقمًا"),
        ("\u0667\u0660 ليس رقمًا", "… ليس رقمًا"),
        ("Order C-1019 was not found at https://x.example/a?b=1.", "Order … was not found at …"),
        ("3 of 10 went wrong.", "… of … went wrong."),
        ("a@example.com, b@example.com refused it", "… refused it"),
        ("Run 01a229bc-4496-70bc-977d-33f2e84ca324 is over", "Run … is over"),
        ("It answered 503 after 12.5 s.", "It answered … after … s."),
        ("Rana Haddad has no phone", "… has no phone"),
        ("", ""),
    ],
)
def test_what_differs_from_run_to_run_is_no_part_of_the_kind(said, kind):
    assert kind_of(said, {"customer": {"name": "Rana Haddad"}, "n": [1, None]}) == kind


def test_alike_failures_of_any_status_are_one_problem(definition, tenant):
    first = fail(definition, "“70 88 12” is no phone number.")
    last = fail(definition, "“-” is no phone number.", status="completed_with_errors")
    fail(definition, "“-” is no phone number.", parent_run=first.pk)

    refresh([tenant.pk])
    refresh([tenant.pk])

    problem = the_problem()
    assert (problem.failures, problem.example, state_of(problem)) == (2, last.pk, "open")
    [shown] = open_problems([tenant], timezone.now(), 8).shown
    assert (shown.failed, shown.under_way, shown.last_day, shown.last_week) == (2, 0, 2, 2)


@pytest.mark.parametrize(
    "other", [{"error_step": "other"}, {"error_code": "other"}, {"error_message": "No template."}]
)
def test_another_step_code_or_sentence_is_another_problem(definition, other):
    fail(definition)
    fail(definition, **other)

    refresh()

    assert WorkflowProblem.objects.count() == 2


def test_it_closes_with_its_last_run_and_opens_with_the_next(definition, tenant):
    first, second = fail(definition), fail(definition)
    refresh()
    take(tenant, the_problem().pk, "user:ops")
    retried(first)
    refresh()
    assert state_of(the_problem()) == "taken"
    [shown] = open_problems([tenant], timezone.now(), 8).shown
    assert (shown.failed, shown.under_way) == (1, 1)

    ended(first)
    retried(second)
    refresh()
    assert state_of(the_problem()) == "taken"
    ended(second)
    refresh()
    assert (state_of(the_problem()), the_problem().closed_by) == ("solved", "")

    fail(definition)
    refresh()
    problem = the_problem()
    assert (state_of(problem), problem.taken_by, problem.failures) == ("open", "", 3)


def test_one_that_fails_again_counts_again(definition):
    run = fail(definition)
    refresh()
    retried(run)
    ended(run, "failed", "new")
    refresh()

    assert (the_problem().failures, state_of(the_problem())) == (2, "open")


def test_one_that_fails_elsewhere_is_another_problem(definition):
    run = fail(definition)
    refresh()
    retried(run)
    WorkflowRun.objects.update(error_step="other")
    ended(run, "failed", "new")

    refresh()

    by_step = {one.step: state_of(one) for one in WorkflowProblem.objects.all()}
    assert by_step == {"tell": "solved", "other": "open"}


def test_said_to_be_solved_the_runs_of_before_are_no_longer_its_own(definition, tenant):
    for _ in range(3):
        fail(definition)
    refresh()
    solve(tenant, the_problem().pk, "user:ops", seen=3, note=" told them ")
    problem = the_problem()
    assert (state_of(problem), problem.closed_by, problem.note) == (
        "solved",
        "user:ops",
        "told them",
    )

    fail(definition)

    [shown] = open_problems([tenant], timezone.now(), 8).shown
    assert (shown.runs, shown.problem.failures) == (1, 4)


def test_who_knew_of_fewer_failures_does_not_solve_it(definition, tenant):
    fail(definition)
    refresh()
    fail(definition)

    with pytest.raises(ProblemChanged) as refused:
        solve(tenant, the_problem().pk, "user:ops", seen=1)

    assert refused.value.code == "problem_grew"
    assert state_of(the_problem()) == "open"


def test_another_companys_problem_cannot_be_taken(definition, other_tenant):
    fail(definition)
    refresh()
    for act in (take, give_back):
        with pytest.raises(ProblemChanged):
            act(other_tenant, the_problem().pk, *(["user:x"] if act is take else []))
    assert the_problem().taken_by == ""


def test_a_run_that_was_started_again_hands_its_place_over(definition, tenant):
    run = fail(definition)
    refresh()
    members = WorkflowRun.objects.get(pk=run.pk).problem
    new = fail(definition, status="queued", due_at=timezone.now(), error_fingerprint=None)
    WorkflowRun.objects.filter(pk=new.pk).update(problem=members)
    with connection.cursor() as cursor:
        cursor.execute(HAND_OVER_PROBLEM, {"id": run.pk, "tenant": tenant.pk})

    [shown] = open_problems([tenant], timezone.now(), 8).shown
    assert (shown.failed, shown.under_way) == (0, 1)
    ended(new)
    assert open_problems([tenant], timezone.now(), 8).total == 0


def test_what_always_says_something_new_does_not_fill_the_table(definition):
    words = ("".join(chr(97 + (number // 26**n) % 26) for n in range(3)) for number in range(60))
    for word in words:
        fail(definition, f"The workflow stopped here: {word}")

    refresh()

    assert WorkflowProblem.objects.count() == fold.MAX_KINDS + 1
    assert sum(WorkflowProblem.objects.values_list("failures", flat=True)) == 60


def test_what_was_over_long_before_is_history(definition):
    long_ago = timezone.now() - timedelta(days=31)
    run = fail(definition, completed_at=long_ago, created_at=long_ago)

    assert refresh() == 1
    assert refresh() == 0
    assert not WorkflowProblem.objects.exists()
    run.refresh_from_db()
    assert run.problem is None


def test_what_a_row_holds_that_nobody_expects_is_counted_all_the_same(definition, tenant):
    fail(definition)
    refresh()
    WorkflowProblem.objects.update(hours={"x": 1, "9": "y", "-1": 3})
    fail(definition, error_step=None, error_code=None, error_message=None)
    fail(definition)
    fail(definition, trigger_payload=["“1”", {"a": [[["deep"]]]}])

    assert open_problems([tenant], timezone.now(), 8).total == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_count_at_once_count_nothing_twice(definition, monkeypatch):
    monkeypatch.setattr(fold, "BATCH", 7)
    for number in range(120):
        fail(definition, f"Kind {'abc'[number % 3]}")

    def count(_number):
        try:
            return sum(len(fold.fold(None)) for _ in range(40))
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(count, range(3))) == 120
    refresh()

    found = WorkflowProblem.objects.values_list("failures", flat=True)
    assert sorted(found) == [40, 40, 40]
    for problem in WorkflowProblem.objects.all():
        assert WorkflowRun.objects.of_problem(problem.members).count() == 40
