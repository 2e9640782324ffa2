"""The first page says what needs somebody, what happened last, and what to do next."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.core.database.ids import lowest_id_at
from tenants.models.membership import Membership
from tests.support.people import make_member
from tests.support.tenants import make_tenant
from workflows.models.problem import WorkflowProblem
from workflows.models.run import WorkflowRun, WorkflowRunStats
from workflows.models.worker import WorkflowWorker

HOME = "/admin/"
WAITING = {
    "status": "waiting",
    "pending": {
        "step_name": "call",
        "action": "webhook",
        "attempts": [{"error": {"code": "unreachable", "params": {"host": "x"}}}],
    },
}


@pytest.fixture
def worker(db):
    """A worker that is alive."""
    return WorkflowWorker.objects.create(
        number=1, group="g", host="h", pid=1, slots=1, beat_at=timezone.now()
    )


def read(client):
    return client.get(HOME).content.decode()


def test_the_same_mistake_is_named_once_with_its_count_and_a_link(support, world, worker, page):
    for number in range(3):
        order = world.make_order(f"n-{number}")
        world.end_run(WorkflowRun.objects.get(subject_id=str(order.pk)), "failed")
    world.end_run(world.run, "completed_with_errors", error_code="other")

    answer = support.get(HOME)

    problems = answer.context["attention"].problems
    assert sorted((one.runs, one.step) for one in problems.shown) == [
        (1, "Tell the shop"),
        (3, "Tell the shop"),
    ]
    many = next(one.problem for one in problems.shown if one.runs == 3)
    found = support.get(page(WorkflowRun), {"problem": many.pk}).context["cl"].result_list
    assert len(found) == 3
    assert f"?problem={many.pk}" in answer.content.decode()
    assert page(many) in answer.content.decode()


def test_a_problem_stays_until_it_is_solved(support, world, worker):
    run = WorkflowRun.objects.create(
        id=lowest_id_at(timezone.now() - timedelta(days=9)),
        tenant=world.tenant,
        definition=world.definition,
        version=1,
        status="failed",
        error_code="action_crashed",
        error_fingerprint="old",
        completed_at=timezone.now() - timedelta(days=9),
    )
    assert support.get(HOME).context["attention"].problems.total == 1

    WorkflowRun.objects.filter(pk=run.pk).update(status="completed", error_fingerprint=None)

    assert support.get(HOME).context["attention"].problems.total == 0


def test_it_says_how_many_more_there_are(support, world, worker, page):
    for number in range(10):
        order = world.make_order(f"n-{number}")
        run = WorkflowRun.objects.get(subject_id=str(order.pk))
        world.end_run(run, "failed", error_code=f"code_{number}")

    answer = support.get(HOME)

    content = answer.content.decode()
    assert len(answer.context["attention"].problems.shown) == 8
    assert "10 problems are not solved" in content
    assert "And 2 more" in content
    listed = support.get(page(WorkflowProblem)).context["cl"]
    assert listed.result_count == 10


def test_runs_that_will_try_again_are_named(support, world, worker):
    due = timezone.now() + timedelta(minutes=5)
    WorkflowRun.objects.filter(pk=world.run.pk).update(due_at=due, **WAITING)
    later = world.make_order("waits for a date")
    WorkflowRun.objects.filter(subject_id=str(later.pk)).update(
        due_at=due, status="waiting", pending={"step_name": "call"}
    )

    content = read(support)

    assert f"1 run of “{world.secret}” failed and is tried again" in content


def test_without_a_worker_the_page_says_what_to_do(client, support, world, admin_user):
    assert "Tell whoever runs Sayr here." in read(support)

    client.force_login(admin_user)
    assert "manage.py run_worker" in read(client)


def test_due_work_that_nobody_takes_is_told(support, world, worker):
    long_ago = timezone.now() - timedelta(minutes=10)
    WorkflowRun.objects.update(due_at=long_ago, created_at=long_ago)

    content = read(support)

    assert "1 run waits for a free worker." in content
    assert "10 min" in content


def test_work_put_back_counts_from_when_it_was_made(support, world, worker):
    WorkflowRun.objects.update(due_at="1970-01-01T00:00Z")

    assert support.get(HOME).context["attention"].late is None


def test_a_pause_is_told_and_is_no_delay(support, world, worker):
    long_ago = timezone.now() - timedelta(minutes=10)
    WorkflowRun.objects.update(due_at=long_ago, created_at=long_ago)
    type(world.tenant).objects.filter(pk=world.tenant.pk).update(paused_at=long_ago)

    content = read(support)

    assert "Everything is paused since" in content
    assert "waits for a free worker" not in content


def test_nothing_to_do_is_said_too(support, world, worker):
    world.end_run(world.run)

    assert "Nothing needs you" in read(support)


def test_the_last_runs_are_told_with_their_record(support, world, worker, page):
    world.end_run(world.run)

    content = read(support)

    assert "Completed: “Confirm the order” and “Tell the shop” were done." in content
    assert page(world.order) in content


def test_the_figures_of_the_last_day_are_those_of_the_lists(support, world, worker, page):
    now = timezone.now()
    for number in range(2):
        order = world.make_order(f"n-{number}")
        run = WorkflowRun.objects.get(subject_id=str(order.pk))
        world.end_run(run, ("failed", "completed_with_errors")[number])
    for status, runs, age in (("completed", 7, 1), ("failed", 9, 30), ("failed", 5, 1)):
        WorkflowRunStats.objects.create(
            tenant=world.tenant,
            definition=world.definition,
            status=status,
            runs=runs,
            hour=now - timedelta(hours=age),
        )

    day = support.get(HOME).context["day"]

    assert (day.completed, day.with_errors, day.unfinished) == (7, 2, 1)
    for status, count in (("errors", 2), ("live", 1)):
        listed = support.get(page(WorkflowRun), {"status": status, "last_day": "yes"})
        assert listed.context["cl"].result_count == count


def test_another_companys_runs_stay_away(support, world, other_world, worker):
    other_world.end_run(other_world.run, "failed")

    content = read(support)

    assert other_world.secret not in content


def test_somebody_of_two_companies_sees_both_and_their_names(
    support, support_user, world, other_world, worker
):
    Membership.objects.create(user=support_user, tenant=other_world.tenant, role="support")
    other_world.end_run(other_world.run, "failed")
    world.end_run(world.run, "failed")

    content = read(support)

    assert world.secret in content
    assert "Najd Stores" in content


def test_a_superuser_sees_all(client, admin_user, world, other_world, worker):
    client.force_login(admin_user)

    content = read(client)

    assert world.secret in content
    assert other_world.secret in content


@pytest.mark.parametrize(
    ("role", "words", "missing"),
    [
        ("operations", "Open the gallery", "When one does, you read here"),
        ("support", "When one does, you read here", "Open the gallery"),
    ],
)
def test_an_empty_company_is_told_what_to_do_next(role, words, missing, client, db):
    client.force_login(make_member(make_tenant("new"), "new", role))

    content = read(client)

    assert words in content
    assert missing not in content


def test_somebody_without_a_company_is_told_whom_to_ask(client, django_user_model, db):
    client.force_login(django_user_model.objects.create_user("alone", is_staff=True))

    assert "You belong to no company yet." in read(client)


def test_the_page_asks_as_much_for_many_runs_as_for_one(support, world, worker):
    world.end_run(world.run, "failed")
    support.get(HOME)
    with CaptureQueriesContext(connection) as one:
        support.get(HOME)
    for number in range(6):
        order = world.make_order(f"more-{number}")
        run = WorkflowRun.objects.get(subject_id=str(order.pk))
        world.end_run(run, "failed", error_code=str(number))
    support.get(HOME)  # they are counted

    with CaptureQueriesContext(connection) as many:
        support.get(HOME)

    # Of a first run it also asks whether the guide was closed.
    assert len(many) <= len(one)
    assert len(one) < 20
