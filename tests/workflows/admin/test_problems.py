"""Problems on pages: the same numbers everywhere, and what people do about one."""

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.people import make_member
from workflows.models.bulk_retry import WorkflowBulkRetry
from workflows.models.problem import WorkflowProblem
from workflows.models.run import WorkflowRun
from workflows.services.problems.fold import refresh

HOME, LIST, RUNS = "/admin/", "/admin/workflows/workflowproblem/", "/admin/workflows/workflowrun/"

# What happens to one of some runs, in any order; the engine and people do nothing else to them.
HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(
            ["fail", "fail else", "with errors", "retry", "end well", "cancel", "solve", "take"]
        ),
        st.integers(0, 7),
    ),
    max_size=14,
)


class Rolled(Exception):
    """Ends an example without a trace."""


def happen(world, what, number, runs):
    """Let it happen, if it can to this run as it stands."""
    run = runs[number]
    run.refresh_from_db()
    live = run.due_at is not None
    failed = run.error_fingerprint is not None
    now = timezone.now()
    if what in {"fail", "fail else", "with errors"} and live:
        code = "other_code" if what == "fail else" else "action_crashed"
        status = "completed_with_errors" if what == "with errors" else "failed"
        world.end_run(run, status, error_code=code, completed_at=now)
    elif what == "retry" and failed:
        WorkflowRun.objects.filter(pk=run.pk).update(
            status="queued", due_at=now, error_fingerprint=None, error_code=None, completed_at=None
        )
    elif what in {"end well", "cancel"} and live:
        status = "completed" if what == "end well" else "cancelled"
        world.end_run(run, status, completed_at=now, error_fingerprint=None, error_code=None)
    elif what in {"solve", "take"}:
        return what
    return ""


def truth(tenant):
    """What SQL says: of each problem that is not solved, the runs that failed or go on."""
    found = {}
    for problem in WorkflowProblem.objects.filter(tenant=tenant):
        own = WorkflowRun.objects.filter(tenant=tenant, problem=problem.members, parent_run=None)
        count = sum(bool(run.error_fingerprint) or run.due_at is not None for run in own)
        if problem.closed_at is None:
            found[problem.pk] = count
    return found


@given(HAPPENINGS)
@settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_the_first_page_the_lists_and_sql_say_the_same(ops, world, other_world, happenings):
    try:
        with transaction.atomic():
            runs = [world.run]
            for number in range(7):
                order = world.make_order(f"n-{number}")
                runs.append(WorkflowRun.objects.get(subject_id=str(order.pk)))
            other_world.end_run(other_world.run, "failed")
            for what, number in happenings:
                said = happen(world, what, number, runs)
                refresh([world.tenant.pk])
                problem = WorkflowProblem.objects.filter(
                    tenant=world.tenant, closed_at=None
                ).first()
                if said and problem:
                    say = {"solve": "solved", "take": "take"}[said]
                    ops.post(f"{LIST}{problem.pk}/say/", {"say": say, "seen": problem.failures})
            compare(ops, world)
            raise Rolled
    except Rolled:
        pass


def compare(client, world):
    home = client.get(HOME).context["attention"].problems
    expected = truth(world.tenant)
    shown = {one.problem.pk: one.runs for one in home.shown}
    assert home.total == len(expected)
    assert shown == expected
    listed = client.get(LIST).context["cl"]
    assert listed.result_count == home.total
    assert {one.pk: one.shown.runs for one in listed.result_list} == expected
    by_state = [
        {one.pk for one in client.get(LIST, {"state": state}).context["cl"].result_list}
        for state in ("nobody", "taken", "solved")
    ]
    everything = set(WorkflowProblem.objects.filter(tenant=world.tenant).values_list("pk", flat=1))
    assert set.union(*by_state) == everything
    assert sum(map(len, by_state)) == len(everything)
    # Every failure that nobody saw to is in a problem, and no problem without a run is open.
    assert all(count > 0 for count in expected.values())
    for pk, count in expected.items():
        assert client.get(RUNS, {"problem": pk}).context["cl"].result_count == count
        page = client.get(f"{LIST}{pk}/change/").context
        assert (page["shown"].runs, page["is_open"]) == (count, True)
    if not expected:
        assert "problem is not solved" not in client.get(HOME).content.decode()


@pytest.fixture
def problem(world):
    world.end_run(world.run, "failed", completed_at=timezone.now())
    refresh()
    return WorkflowProblem.objects.get()


def say(client, problem, **said):
    return client.post(f"{LIST}{problem.pk}/say/", said, follow=True).content.decode()


def test_it_is_taken_given_back_and_solved(ops, problem, page):
    assert "You see to it." in say(ops, problem, say="take")
    content = ops.get(page(problem)).content.decode()
    assert "Give it back" in content
    assert "Somebody sees to it" in ops.get(LIST).content.decode()
    assert "user:ops" not in content

    assert "nobody sees to it" in say(ops, problem, say="give_back")
    problem.refresh_from_db()
    assert problem.taken_by == ""

    content = say(ops, problem, say="solved", seen="1", note="They were told by phone")
    assert "They were told by phone" in content
    assert "Nothing went wrong that is not solved." in ops.get(LIST).content.decode()
    assert "It is solved already." in say(ops, problem, say="take")


@pytest.mark.parametrize("seen", ["0", "2", "", "x", "9" * 30])
def test_solved_is_what_the_person_saw(ops, problem, seen):
    assert "More runs failed so meanwhile" in say(ops, problem, say="solved", seen=seen)

    problem.refresh_from_db()
    assert problem.closed_at is None


@pytest.mark.parametrize("act", ["say", "retry"])
def test_who_may_not_operate_reads_and_no_more(support, problem, page, act):
    content = support.get(page(problem)).content.decode()
    assert "I take it" not in content
    assert "Retry the run" not in content

    assert support.post(f"{LIST}{problem.pk}/{act}/", {"say": "take"}).status_code == 403
    problem.refresh_from_db()
    assert problem.taken_by == ""
    assert not WorkflowBulkRetry.objects.exists()


@pytest.mark.parametrize("act", ["say", "retry", "change"])
def test_another_companys_problem_is_unknown(client, problem, other_ops_user, act):
    client.force_login(other_ops_user)

    answer = client.post(f"{LIST}{problem.pk}/{act}/", {"say": "take"})

    assert answer.status_code in {302, 403, 404}
    assert client.get(RUNS, {"problem": problem.pk}).context["cl"].result_count == 0
    assert client.get(f"{LIST}{problem.pk}/change/").status_code == 302
    problem.refresh_from_db()
    assert problem.taken_by == ""


def test_the_run_leads_to_its_problem(ops, world, problem, page):
    assert page(problem) in ops.get(page(world.run)).content.decode()


def test_its_runs_are_retried_from_its_page(ops, world, problem, page):
    content = ops.post(f"{LIST}{problem.pk}/retry/", follow=True).content.decode()

    assert "1 run is retried." in content
    job = WorkflowBulkRetry.objects.get()
    assert (job.problem, job.total, job.status) == (problem.pk, 1, "planned")


def test_the_page_of_a_job_by_who_reads_it(ops, client, world, problem):
    ops.post(f"{LIST}{problem.pk}/retry/")
    job = WorkflowBulkRetry.objects.get()
    at = f"/admin/workflows/workflowbulkretry/{job.pk}"

    client.force_login(make_member(world.tenant, "reader", "support"))
    assert "Retry it" not in client.get(f"{at}/change/").content.decode()
    for act in ("begin", "go-on", "stop"):
        assert client.post(f"{at}/{act}/", {"per_minute": 60}).status_code == 403
    job.refresh_from_db()
    assert job.status == "planned"


def test_a_job_begins_once_and_follows_itself(ops, world, problem):
    ops.post(f"{LIST}{problem.pk}/retry/")
    job = WorkflowBulkRetry.objects.get()
    at = f"/admin/workflows/workflowbulkretry/{job.pk}"

    wrong = ops.post(f"{at}/begin/", {"per_minute": "0"})
    assert wrong.status_code == 200
    ops.post(f"{at}/begin/", {"per_minute": "60", "_all": "1"})
    twice = ops.post(f"{at}/begin/", {"per_minute": "60", "_all": "1"}, follow=True)

    assert "It has gone on meanwhile" in twice.content.decode()
    job.refresh_from_db()
    assert job.status == "running"
    live = ops.get(f"{at}/live/").json()
    assert not live["ended"]
    assert ops.get(f"{at}/live/", {"seen": live["seen"]}).status_code == 204
    assert "Retry of 1 run" in ops.get(HOME).content.decode()
    ops.post(f"{at}/stop/")
    job.refresh_from_db()
    assert job.status == "stopped"


FAILED = """
INSERT INTO workflow_runs (id, tenant_id, definition_id, version, trigger_payload, status, actor,
    subject_type, subject_id, error_step, error_code, error_message, error_fingerprint,
    completed_at)
SELECT sayr_uuid7(), %(tenant)s, %(definition)s, 1, '{}',
    CASE WHEN n %% 2 = 0 THEN 'failed' ELSE 'completed_with_errors' END, '', '', '',
    'call', 'unreachable', 'The shop at 10.0.0.' || n || ' did not answer.', 'f' || n, now()
FROM generate_series(1, 5000) AS n
"""


def test_very_many_failures_of_two_companies(
    ops, world, other_world, django_assert_max_num_queries
):
    with connection.cursor() as cursor:
        for one in (world, other_world):
            asked = {"tenant": one.tenant.pk, "definition": one.definition.pk}
            cursor.execute(FAILED, asked)
        cursor.execute("ANALYZE workflow_runs")
    with django_assert_max_num_queries(400):
        refresh(seconds=60)

    [problem] = WorkflowProblem.objects.filter(tenant=world.tenant)
    assert problem.failures == 5_000
    with django_assert_max_num_queries(60):
        content = ops.get(HOME).content.decode()
    assert "5000" in content
    with django_assert_max_num_queries(60):
        assert ops.get(RUNS, {"problem": problem.pk}).context["cl"].result_count == 5_000
