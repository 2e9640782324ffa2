"""The page of a run that started others, or waits: what it says, and where it leads."""

import pytest
from django.urls import reverse

from tests.support.stories import Storyteller, note, step
from workflows.models.approval import WorkflowApproval
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def teller(tenant):
    found = Storyteller(tenant)
    yield found
    found.close()


def read(client, page, run):
    answer = client.get(page(run))
    assert answer.status_code == 200
    return answer.content.decode()


def children(run):
    return WorkflowRun.objects.filter(parent_run=run.pk).order_by("item_index")


def test_the_items_stand_under_their_step(support, teller, page):
    run = teller.a_list_with_one_failure()

    content = read(support, page, run)

    for child in children(run):
        assert page(child) in content
    assert "Sara Saad" in content
    assert "Write to the customer: “item.phone” has no value." in content
    assert "Show all of them" not in content


def test_the_page_of_an_item_leads_up(support, teller, page):
    run = teller.a_list_with_one_failure()
    third = children(run)[2]

    content = read(support, page, third)

    assert "Item 3 of 5 of “Send reminders”" in content
    assert f'<a href="{page(run)}">run of “Payment reminders”</a>' in content
    assert "Sara Saad" in content
    assert "mistake=" not in content


def test_all_items_are_a_filtered_list(support, teller, page, monkeypatch):
    monkeypatch.setattr("workflows.services.runs.children.MAX_SHOWN", 2)
    run = teller.a_list_with_one_failure()
    every = f"{page(WorkflowRun)}?part_of={run.pk}"

    assert every in read(support, page, run)
    shown = support.get(every).context["cl"].result_list
    assert {one.pk for one in shown} == {one.pk for one in children(run)}
    assert list(support.get(page(WorkflowRun)).context["cl"].result_list) == [run]


@pytest.mark.parametrize("asked", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_parts_of_nothing_are_none(asked, support, teller, page):
    teller.a_list_with_one_failure()

    answer = support.get(page(WorkflowRun), {"part_of": asked})

    assert list(answer.context["cl"].result_list) == []


def test_another_company_sees_no_parts(client, other_ops_user, teller, page):
    run = teller.a_list_with_one_failure()
    client.force_login(other_ops_user)

    answer = client.get(page(WorkflowRun), {"part_of": str(run.pk)})

    assert list(answer.context["cl"].result_list) == []


def test_a_question_is_one_click_away(support, teller, page):
    run = teller.a_decision()
    question = WorkflowApproval.objects.get()

    content = read(support, page, run)

    link = reverse("admin:workflows_workflowapproval_change", args=[question.pk])
    assert f'<a class="sayr-button" href="{link}">' in content


def test_the_run_before_it_is_one_click_away(support, teller, page):
    run, first = teller.a_lane()

    content = read(support, page, run)

    assert f'<a class="sayr-button" href="{page(first)}">The run before it</a>' in content


def test_without_room_in_the_workflow_the_key_is_not_what_it_waits_for(support, teller, page):
    pause = step("pause", "", "wait", **{"for": "1h"})
    settings = {"concurrency_key": "{{ trigger.shop }}", "max_running": 1}
    teller.publish("one", "One", pause, settings=settings)
    first = teller.start("one", shop="7")
    run = teller.start("one", shop="8")

    content = read(support, page, run)

    assert "at most 1 run of this workflow is under way at once" in content
    assert page(first) in content


def test_the_deadline_of_a_run_under_way(support, teller, page):
    assert "Has to be done by" in read(support, page, teller.a_wait_for_an_event())
    assert "Has to be done by" not in read(support, page, teller.a_decision())


def test_the_event_that_ended_a_wait_is_linked(support, teller, tenant, page):
    run = teller.a_wait_for_an_event()
    fire(tenant, "goods.fetched", {"orderId": "1234"})
    teller.machine.work()

    came = WorkflowEvent.objects.get(type="goods.fetched")
    assert page(came) in read(support, page, run)


def test_ways_not_taken_are_told_and_rounds_grouped(support, teller, page):
    content = read(support, page, teller.a_branch())

    assert "<b>Otherwise</b> (not taken): Take the payment" in content
    assert content.count("Round ") == 3
    assert "After the failure" in content


def test_of_many_rounds_the_last_are_shown(support, teller, page, monkeypatch):
    monkeypatch.setattr("workflows.admin.runs.steps.MAX_ROUNDS", 1)

    content = read(support, page, teller.a_branch())

    assert "2 earlier rounds are not shown." in content
    assert "Round 3" in content
    assert "Round 2" not in content


def test_what_a_part_hands_back(support, teller, page):
    each = step(
        "each",
        "",
        "for_each",
        items="{{ trigger.who }}",
        steps=[note("write", "", "To {{ item }}")],
        result="{{ steps.write.output.text }}",
    )
    teller.publish("tell", "Tell", each)
    run = teller.start("tell", who=["Rami"])

    content = read(support, page, children(run).get())

    assert "What it handed back" in content
    assert "To Rami" in content


def test_the_page_follows_its_parts(support, teller, page):
    run = teller.a_decision()
    before = support.get(page(run)).context["seen"]
    WorkflowRun.objects.filter(pk=run.pk).update(children_open=3)

    assert support.get(page(run)).context["seen"] != before


def test_a_search_by_the_number_of_a_part_finds_the_whole(support, teller, page):
    run = teller.a_list_with_one_failure()

    for child in children(run):
        answer = support.get(page(WorkflowRun), {"q": str(child.pk)})
        assert list(answer.context["cl"].result_list) == [run]


def test_many_parts_do_not_hide_the_whole_from_a_search(support, teller, page, monkeypatch):
    monkeypatch.setattr("workflows.services.events.search.MAX_FOUND", 2)
    run = teller.a_list_with_one_failure()

    answer = support.get(page(WorkflowRun), {"q": "Maya Khoury"})

    assert list(answer.context["cl"].result_list) == [run]
