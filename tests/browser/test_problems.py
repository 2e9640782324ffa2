"""All of this morning's failures are retried, whatever their status, by clicking."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.accessibility import hindrances, looks
from tests.workflows.admin.conftest import World, result
from workflows.models.bulk_retry import WorkflowBulkRetry
from workflows.models.run import WorkflowRun
from workflows.services.bulk_retries.carrying_on import carry_on

pytestmark = pytest.mark.browser

WRONG = {"code": "action_crashed", "params": {"reason": "boom"}}
GIVEN = {"url": "https://example.com/hook"}


@pytest.fixture
def world(company):
    """Three runs that failed this morning in three ways, and one of which nobody knows."""
    world = World(company)
    world.end_run(world.run)
    world.wrong = [
        WorkflowRun.objects.get(subject_id=str(world.make_order(f"C-10{number}").pk))
        for number in range(4)
    ]
    ways = (
        ("failed", {"then": "stop"}),
        ("completed_with_errors", {"then": "continue", "so_far": {"done": []}}),
        ("failed", {"then": "stop"}),
        ("failed", {"then": "stop", "status": "unknown"}),
    )
    for run, (status, more) in zip(world.wrong, ways, strict=True):
        world.end_run(run, status, current_step=1, completed_at=timezone.now())
        entries = [
            run.step_results[0],
            result("call", "webhook", "failed", input=GIVEN, error=WRONG) | more,
        ]
        WorkflowRun.objects.filter(pk=run.pk).update(step_results=entries)
    return world


def works(world):
    """Let a worker group look once: it retries what is due, and does what goes on."""
    carry_on()
    for run in WorkflowRun.objects.filter(due_at__isnull=False):
        world.end_run(run, error_step=None, error_code=None, error_fingerprint=None)


def test_all_of_this_mornings_failures_are_retried(visitor, world):
    page = visitor("ops")
    page.goto("/admin/")
    page.get_by_role("link", name="Problem", exact=False).first.click()
    expect(page.locator("#result_list")).to_contain_text("4 runs")
    found = [hindrances(page, look) for look in looks(page)]
    assert not any(found), found
    page.get_by_role("link", name="4 runs").click()
    page.locator("#action-toggle").check()
    page.get_by_label("Action:").select_option(label="Retry what failed…")
    page.get_by_role("button", name="Go").click()

    expect(page.locator(".sayr-act")).to_contain_text("3 runs are retried.")
    expect(page.locator(".sayr-act")).to_contain_text("1 run is left alone")
    expect(page.locator(".sayr-act")).to_contain_text("somebody has to look first")
    found = [hindrances(page, look) for look in looks(page)]
    assert not any(found), found
    page.get_by_label("At most so many a minute").fill("600")
    page.get_by_role("button", name="Retry one first").dblclick()
    expect(page.locator(".sayr-act")).to_contain_text("0 of 3 runs were retried.")
    works(world)
    expect(page.locator(".sayr-act")).to_contain_text("This is how the first one went")
    page.get_by_role("button", name="Do the other 2").click()
    expect(page.get_by_role("button", name="Stop here")).to_be_visible()
    expect(page.locator(".sayr-act")).not_to_contain_text("This is how the first one went")
    while WorkflowBulkRetry.objects.get().status == "running":
        works(world)
        page.wait_for_timeout(100)

    expect(page.locator(".sayr-became")).to_contain_text("Done3")
    page.get_by_role("link", name="Home").click()
    expect(page.locator(".sayr-attention")).to_contain_text("Tell the shop")
    assert page.locator(".sayr-attention .sayr-count").inner_text().startswith("1")
    assert WorkflowRun.objects.filter(status="completed").count() == 4
