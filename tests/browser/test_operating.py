"""Operations do something about runs, by clicking."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import hindrances, looks
from tests.workflows.admin.conftest import World, result
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish

pytestmark = pytest.mark.browser


@pytest.fixture
def world(company):
    """A run in the queue, and one that failed over a wrong phone number."""
    world = World(company)
    order = world.make_order("C-1042", customer_name="Rami Haddad", customer_phone="03 12")
    world.failed = WorkflowRun.objects.get(subject_id=str(order.pk))
    world.end_run(world.failed, "failed", current_step=1)
    wrong = {"code": "bad_phone", "params": {"phone": "03 12"}}
    given = {"url": "https://example.com/hook"}
    entries = [
        world.failed.step_results[0],
        result("call", "webhook", "failed", input=given, error=wrong, then="stop"),
    ]
    WorkflowRun.objects.filter(pk=world.failed.pk).update(step_results=entries)
    return world


def opened(visitor, run, **options):
    page = visitor("ops", **options)
    page.goto(f"/admin/workflows/workflowrun/{run.pk}/change/")
    return page


def more_ways(page, name="Start again…"):
    page.get_by_text("More ways").click()
    page.get_by_role("link", name=name, exact=True).click()


def newest(world):
    return WorkflowRun.objects.exclude(pk__in=[world.run.pk, world.failed.pk]).get()


def test_a_run_is_cancelled(visitor, world):
    page = opened(visitor, world.run)

    page.get_by_role("link", name="Cancel…").click()
    expect(page.locator(".sayr-act")).to_contain_text("No further step is done.")
    page.get_by_role("button", name="Cancel the run").click()

    expect(page.locator(".sayr-story")).to_contain_text("Cancelled before anything was done.")
    expect(page.locator(".messagelist")).to_contain_text("The run is cancelled.")
    assert WorkflowRun.objects.get(pk=world.run.pk).status == "cancelled"


def test_a_failed_run_is_retried_from_its_failed_step(visitor, world):
    page = opened(visitor, world.failed)

    more_ways(page)
    page.get_by_label("From the failed step").check()
    page.get_by_role("button", name="Do it").dblclick()

    expect(page.locator(".sayr-story")).to_contain_text("In the queue: it goes on with step 2")
    assert WorkflowRun.objects.count() == 2


def test_choosing_a_step_chooses_to_start_from_it(visitor, world):
    publish(world.tenant, "user:x", world.definition, world.definition.definition)
    page = opened(visitor, world.failed)
    more_ways(page)
    page.wait_for_load_state()  # nobody chooses before the page's script has begun

    page.get_by_label("The first step to do").select_option("confirm")
    expect(page.get_by_label("From a step that I choose")).to_be_checked()
    page.get_by_label("Version 2, the newest").check()
    page.get_by_role("button", name="Do it").click()

    expect(page.locator(".messagelist")).to_contain_text("This is the new run.")
    expect(page.get_by_text("Repeats")).to_be_visible()
    assert (newest(world).version, newest(world).current_step) == (2, 0)


def test_a_wrong_value_is_corrected_and_the_run_goes_on(visitor, world):
    page = opened(visitor, world.failed)

    more_ways(page, "Correct and start again…")
    field = page.get_by_label("Customer phone")
    expect(field).to_be_focused()
    expect(field).to_have_value("03 12")
    field.fill("+961 3 123 456")
    page.get_by_role("button", name="Start again with this").click()

    expect(page.locator(".messagelist")).to_contain_text("with what you corrected")
    run = newest(world)
    assert run.trigger_payload["customer_phone"] == "+961 3 123 456"
    assert [one["status"] for one in run.step_results] == ["reused"]


def test_an_unclear_step_is_settled(visitor, world):
    lost = {"code": "outcome_unknown", "params": {}}
    entries = [
        world.failed.step_results[0],
        result("call", "webhook", "unknown", input={"url": "u"}, error=lost, then="stop"),
    ]
    WorkflowRun.objects.filter(pk=world.failed.pk).update(step_results=entries)
    page = opened(visitor, world.failed)

    page.get_by_role("button", name="It was done").click()

    expect(page.locator(".sayr-story")).to_contain_text("Completed")
    expect(page.locator("#content")).to_contain_text("Done by hand: ops said so")


def test_several_runs_are_cancelled_from_the_list(visitor, world):
    page = visitor("ops")
    page.goto("/admin/workflows/workflowrun/")

    page.locator("#action-toggle").check()
    page.get_by_label("Action:").select_option("cancel_chosen")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.locator(".sayr-act")).to_contain_text("1 run is cancelled")
    page.get_by_role("button", name="Cancel these runs").click()

    expect(page.locator(".messagelist")).to_contain_text("Done for 1 run.")
    expect(page.locator(".messagelist")).to_contain_text("Not done for 1 run: The run has ended")


def test_everything_is_paused_and_goes_on(visitor, world):
    page = visitor("ops")
    page.goto("/admin/")
    page.get_by_role("link", name="Pause everything").click()
    page.get_by_role("button", name="Pause everything").click()
    expect(page.locator(".messagelist")).to_contain_text("Everything is paused.")

    page.goto("/admin/workflows/workflowdefinition/")
    expect(page.locator(".sayr-pause")).to_contain_text("by ops")
    page.get_by_role("button", name="Resume").click()

    expect(page.locator(".messagelist")).to_contain_text("Everything goes on.")
    expect(page).to_have_url(re.compile("/admin/workflows/workflowdefinition/$"))
    expect(page.locator(".sayr-pause")).to_have_count(0)


def test_the_runs_of_a_workflow_that_is_off_are_cancelled(visitor, world):
    world.definition.is_active = False
    world.definition.save()
    page = visitor("ops")
    page.goto(f"/admin/workflows/workflowdefinition/{world.definition.pk}/change/")

    page.get_by_role("link", name="Cancel them all…").click()
    page.get_by_role("button", name="Cancel all of them").click()

    expect(page.locator(".messagelist")).to_contain_text("1 run is cancelled.")


@pytest.mark.parametrize("name", ["cancel", "retry", "correct"])
def test_the_pages_can_be_used_by_everybody(name, visitor, world):
    page = visitor("ops")
    run = world.run if name == "cancel" else world.failed
    page.goto(f"/admin/workflows/workflowrun/{run.pk}/{name}/")

    found = [f"{look}: {one}" for look in looks(page) for one in hindrances(page, look)]
    assert found == []
