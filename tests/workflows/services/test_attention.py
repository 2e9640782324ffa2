"""What somebody should look at now, of runs that have started others."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.support.stories import Storyteller
from workflows.models.run import WorkflowRun
from workflows.services.operations.attention import attention

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def teller(tenant):
    found = Storyteller(tenant)
    yield found
    found.close()


def test_the_parts_of_a_run_that_are_tried_again_count_as_one(teller, tenant):
    run = teller.a_list_with_one_failure()
    tomorrow = timezone.now() + timedelta(days=1)
    pending = {"step_name": "write", "attempts": [{"error": {"code": "x", "params": {}}}]}
    parts = WorkflowRun.objects.filter(parent_run=run.pk, item_index__lt=2)
    parts.update(status="waiting", due_at=tomorrow, pending=pending)

    [retry] = attention([tenant], timezone.now()).retries

    assert retry.count == 1
    assert retry.run.parent_run == run.pk


def test_the_mistakes_are_those_of_whole_runs(teller, tenant):
    run = teller.a_list_with_one_failure()

    [problem] = attention([tenant], timezone.now()).problems.shown

    assert (problem.example, problem.runs, problem.step) == (run, 1, "Send reminders")


def test_a_step_that_waits_for_its_parts_again_is_no_retry(teller, tenant):
    run = teller.a_decision()
    pending = {**run.pending, "attempts": [{"error": {"code": "x", "params": {}}}]}
    WorkflowRun.objects.filter(pk=run.pk).update(pending=pending)

    assert attention([tenant], timezone.now()).retries == []
