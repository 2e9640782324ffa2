"""By clicking only: a new workflow is switched on, and starts every day at half past seven."""

import pytest

from tests.browser.editor import Editor
from workflows.models.definition import WorkflowDefinition
from workflows.models.schedule import WorkflowSchedule

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_daily_workflow_is_published_switched_on_and_given_its_time(visitor, company):
    page = visitor()
    editor = Editor(page)
    page.goto("/admin/workflows/workflowdefinition/gallery/")
    page.click('form[action*="daily-summary"] [type=submit]')
    editor.ready()
    definition = WorkflowDefinition.objects.get()
    assert page.inner_text("#sayr-schedules b") == "Every day at 08:00"
    assert page.is_checked("#id_is_active")

    # Published, but left off: one message says so, and its button switches it on.
    page.uncheck("#id_is_active")
    editor.settled()
    editor.save()
    [said] = editor.messages()
    assert said.startswith("Version 1 is published, but switched off: nothing starts it.")
    assert "Published, off" in page.inner_text(".sayr-workflow-state")
    page.click('.messagelist button:has-text("Switch it on")')
    editor.ready()
    assert editor.messages() == ["Switched on: the next events start version 1."]

    # Every day at 07:30, by the picker in its place.
    schedules = page.locator("#sayr-schedules")
    schedules.locator("summary", has_text="Change it").click()
    form = schedules.locator("form").first
    form.locator("input[type=time]").fill("07:30")
    form.locator('[data-sayr-next]:has-text("Every day at 07:30")').wait_for()
    assert form.locator("[data-sayr-next] td").count() == 5
    with page.expect_navigation():
        form.locator('button:has-text("Save the schedule")').click()
    editor.ready()
    assert editor.messages() == ["Saved: Every day at 07:30."]
    schedule = WorkflowSchedule.objects.get(event_type=definition.trigger_type)
    assert schedule.cron == "30 7 * * *"
    local = schedule.next_at.astimezone(company.zone)
    assert (local.hour, local.minute) == (7, 30)
