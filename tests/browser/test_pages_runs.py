"""Support finds out on the phone what happened, and watches a run to its end."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.support.people import make_member
from tests.workflows.admin.conftest import World
from workflows.models.run import WorkflowRun

pytestmark = pytest.mark.browser


@pytest.fixture
def world(company):
    """An order whose workflow failed at its last step, and another order."""
    make_member(company, "support", "support")
    world = World(company)
    order = world.make_order("C-1042", customer_name="Rami Haddad", customer_phone="70 123 456")
    world.failed = WorkflowRun.objects.get(subject_id=str(order.pk))
    world.end_run(world.failed, "completed_with_errors")
    return world


@pytest.mark.parametrize("said", ["C-1042", "+961 70 123 456", "070123456", "haddad", "Hadd"])
def test_support_finds_a_run_from_the_first_page_and_reads_its_sentence(said, visitor, world):
    page = visitor("support")
    page.goto("/admin/")

    page.get_by_label("What happened to").fill(said)
    page.get_by_role("button", name="Find the runs").click()
    page.locator("#result_list tbody tr").first.get_by_role("link").first.click()

    expect(page).to_have_title(re.compile("for Order C-1042"))
    expect(page.locator(".sayr-story")).to_contain_text("but “Tell the shop” failed")


def test_a_group_of_mistakes_leads_to_its_runs(visitor, world):
    page = visitor("support")
    page.goto("/admin/")

    page.get_by_role("link", name="See the run").click()

    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    expect(page.locator("#result_list")).to_contain_text("Order C-1042")


def test_the_page_of_a_run_follows_it_to_its_end(visitor, world):
    page = visitor("support")
    page.goto(f"/admin/workflows/workflowrun/{world.run.pk}/change/")
    expect(page.locator(".sayr-story")).to_contain_text("In the queue")

    WorkflowRun.objects.filter(pk=world.run.pk).update(
        status="running",
        started_at=timezone.now(),
        pending={"step_name": "confirm", "action": "update_record", "input": {"id": "1"}},
    )
    expect(page.locator(".sayr-story")).to_contain_text("Under way: step 1 of 2")
    page.locator("#sayr-values-1 > summary").click()

    world.end_run(world.run)
    expect(page.locator(".sayr-story")).to_contain_text("Completed: “Confirm the order”")
    expect(page.locator("#sayr-values-1")).to_have_attribute("open", "")
    expect(page.get_by_text("This page follows the run by itself.")).to_be_hidden()
    expect(page.locator(".sayr-bar-good")).to_have_count(2)


def test_a_page_that_lost_its_right_to_see_stops_asking(visitor, world, client):
    page = visitor("support")
    page.goto(f"/admin/workflows/workflowrun/{world.run.pk}/change/")
    page.context.clear_cookies()

    expect(page.get_by_text("This page no longer follows the run.")).to_be_visible()


def test_a_run_prints_with_its_values_and_without_the_page_around_it(visitor, world):
    page = visitor("support")
    page.goto(f"/admin/workflows/workflowrun/{world.failed.pk}/change/")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")

    expect(page.locator("#header")).to_be_hidden()
    expect(page.locator("#nav-sidebar")).to_be_hidden()
    expect(page.get_by_role("heading", name="What came of it").first).to_be_visible()
    assert page.pdf()[:4] == b"%PDF"


def test_the_number_of_a_run_is_copied(visitor, world):
    page = visitor("support", permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"/admin/workflows/workflowrun/{world.failed.pk}/change/")

    page.get_by_role("button", name="Copy").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == str(world.failed.pk)


def test_what_each_thing_started_is_read_from_the_orders_page(visitor, world):
    page = visitor("support")
    page.goto(f"/admin/tenants/order/{world.order.pk}/change/")

    page.get_by_role("link", name="All that happened to it, and what each thing started").click()

    expect(page.locator("#result_list")).to_contain_text("1 started")
