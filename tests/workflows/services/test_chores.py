"""What is done by the clock."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db.models.functions import Now

from tenants.core.database.ids import lowest_id_at
from tests.support.stories import Storyteller
from tests.support.time_travel import travel
from workflows.models.definition import WorkflowLane
from workflows.models.run import WorkflowRun, WorkflowRunStats
from workflows.services.operations.periodic_tasks import forget_empty_lanes, refresh_run_stats

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def teller(tenant):
    found = Storyteller(tenant)
    yield found
    found.close()


def test_lanes_that_no_run_is_in_are_forgotten(teller):
    waiting, _first = teller.a_lane()
    assert (forget_empty_lanes(), WorkflowLane.objects.count()) == (0, 1)

    for _run in range(2):
        travel()
        teller.machine.work()
    waiting.refresh_from_db()
    assert waiting.status == "completed"

    assert (forget_empty_lanes(), WorkflowLane.objects.count()) == (1, 0)
    assert teller.start("stock.changed", shop="7").status == "waiting"


def test_the_figures_count_whole_runs(teller):
    teller.a_list_with_one_failure()

    refresh_run_stats()

    counted = WorkflowRunStats.objects.values_list("status", "runs")
    assert list(counted) == [("completed_with_errors", 1)]


def test_a_run_that_ends_days_later_is_counted_where_it_began(teller):
    waiting, _first = teller.a_lane()
    days_ago(waiting, 9)
    refresh_run_stats()
    assert counted_on(waiting) == {"queued": 1}

    for _run in range(2):
        travel()
        teller.machine.work()
    refresh_run_stats()

    assert counted_on(waiting) == {"completed": 1}


def test_an_old_run_that_was_retried_is_counted_again(teller):
    run = teller.a_list_with_one_failure()
    days_ago(run, 9)
    refresh_run_stats()
    assert counted_on(run) == {run.status: 1}

    WorkflowRun.objects.filter(pk=run.pk).update(status="completed", completed_at=Now())
    refresh_run_stats()

    assert counted_on(run) == {"completed": 1}


def test_an_old_hour_in_which_nothing_happens_is_left_alone(teller):
    run = teller.a_list_with_one_failure()
    days_ago(run, 9)
    WorkflowRun.objects.update(completed_at=Now() - timedelta(days=8))
    refresh_run_stats()
    assert counted_on(run) == {}
    kept = WorkflowRunStats.objects.create(
        tenant=run.tenant, definition=run.definition, hour=hour_of(run), status="failed", runs=7
    )

    refresh_run_stats()

    assert WorkflowRunStats.objects.get().pk == kept.pk


def test_counting_twice_counts_once(teller):
    waiting, _first = teller.a_lane()
    days_ago(waiting, 9)

    refresh_run_stats()
    before = list(WorkflowRunStats.objects.order_by("pk").values())
    refresh_run_stats()

    assert sum(row["runs"] for row in before) == WorkflowRun.objects.filter(parent_run=None).count()
    assert counted_on(waiting) == {"queued": 1}


def days_ago(run, days):
    """Let a run have begun so many days ago: its id says when, too."""
    began = run.created_at - timedelta(days=days)
    known = WorkflowRun.objects.filter(pk=run.pk)
    run.pk = UUID(int=lowest_id_at(began).int + run.pk.int % 2**80)
    known.update(id=run.pk, created_at=began)
    run.refresh_from_db()


def hour_of(run):
    return run.created_at.replace(minute=0, second=0, microsecond=0)


def counted_on(run):
    counted = WorkflowRunStats.objects.filter(definition=run.definition, hour=hour_of(run))
    return dict(counted.values_list("status", "runs"))
