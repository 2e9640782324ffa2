"""What is done by the clock."""

import pytest

from tests.support.stories import Storyteller
from tests.support.time_travel import travel
from workflows.models.lane import WorkflowLane
from workflows.models.run_stats import WorkflowRunStats
from workflows.services.chores import forget_empty_lanes, refresh_run_stats

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
