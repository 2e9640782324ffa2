"""The child runs of a run, and the way back up."""

import pytest

from tests.support.stories import Storyteller, note, step
from tests.support.time_travel import travel
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.timeline import timeline
from workflows.services.runs.children import above, ahead_in_lane, family_of
from workflows.services.runs.retry import retry_failed_step
from workflows.services.runs.summaries import facts_of, plans_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def teller(tenant):
    found = Storyteller(tenant)
    yield found
    found.close()


def family(run, name):
    run = WorkflowRun.objects.select_related("tenant").get(pk=run.pk)
    [line] = [one for one in timeline(facts_of(run, plans_of([run]))) if one.name == name]
    return family_of(run, line.kin)


def children(run):
    return WorkflowRun.objects.filter(parent_run=run.pk).order_by("item_index", "id")


def test_those_that_went_wrong_come_first(teller):
    run = teller.a_list_with_one_failure()

    found = family(run, "remind")

    assert (found.count, found.done, found.wrong, found.under_way) == (5, 4, 1, 0)
    assert [one.item_index for one in found.shown] == [2, 0, 1, 3, 4]


def test_few_are_shown_and_all_are_counted(teller, monkeypatch):
    monkeypatch.setattr("workflows.services.runs.children.MAX_SHOWN", 2)
    run = teller.a_list_with_one_failure()

    found = family(run, "remind")

    assert (found.count, len(found.shown)) == (5, 2)


def test_those_under_way_are_found_before_their_step_is_over(teller):
    pause = step("pause", "", "wait", **{"for": "1h"})
    each = step("each", "", "for_each", items="{{ trigger.who }}", steps=[pause], concurrency=2)
    teller.publish("tell", "Tell", each)
    run = teller.start("tell", who=[1, 2, 3])
    travel(children(run).filter(item_index=0))
    teller.machine.work()

    found = family(run, "each")

    assert (found.done, found.under_way) == (1, 2)
    assert found.shown[0].status == "waiting"


def test_after_a_retry_each_item_is_shown_once(teller, tenant):
    write = note("write", "", "{{ item.phone }}")
    params = {"items": "{{ trigger.who }}", "steps": [write], "if_one_fails": "stop"}
    teller.publish("tell", "Tell", step("each", "", "for_each", concurrency=1, **params))
    run = teller.start("tell", who=[{"phone": "1"}, {}, {"phone": "3"}])
    assert (family(run, "each").done, family(run, "each").left_out) == (1, 1)

    retry_failed_step(tenant, run.pk)
    teller.machine.work()

    found = family(run, "each")
    assert children(run).count() == 3  # the same ones went on
    assert (found.count, found.done, found.wrong) == (3, 1, 1)


def test_a_part_knows_its_place(teller):
    run = teller.a_list_with_one_failure()
    third = children(run)[2]

    found = above(third)

    assert (found.parent, found.step.name, found.count) == (run, "remind", 5)
    assert above(run) is None


def test_a_branch_and_a_called_workflow_know_theirs(teller):
    both, caller = teller.branches_at_once(), teller.another_workflow()

    assert [above(one).way.key for one in children(both)] == ["mail", "call"]
    called = above(children(caller).get())
    assert (called.step.name, called.way) == ("call", None)


def test_a_part_of_another_company_has_no_parent_here(teller, other_tenant):
    run = teller.a_list_with_one_failure()
    stranger = children(run)[0]
    stranger.tenant = other_tenant

    assert above(stranger) is None


def test_who_is_ahead_in_the_lane(teller):
    run, first = teller.a_lane()
    teller.start("stock.changed", shop="8")

    assert ahead_in_lane(WorkflowRun.objects.get(pk=run.pk)) == [first]
