"""From the empty first page to the first run: the guide, the gallery, publish, see what it did."""

import pytest

from tests.browser.editor import Editor
from tests.browser.test_from_click_to_mail import page, web  # noqa: F401 - fixtures
from workflows.models.definition import WorkflowDefinition

pytestmark = [pytest.mark.browser, pytest.mark.worker]


def test_the_first_page_leads_from_the_gallery_to_the_first_run(page, live, worker_groups):  # noqa: F811
    company, _ = live
    page.goto("/admin/")
    page.click("text=Open the gallery")
    card = page.locator(".sayr-gallery > li", has_text="New order processing")
    card.get_by_role("button", name="Start from this").click()

    Editor(page).ready()
    assert "This is your draft." in page.inner_text(".messagelist")
    Editor(page).settled()
    page.click('input[name="_continue"]')
    page.wait_for_selector(".messagelist")
    made = WorkflowDefinition.objects.get(tenant=company.tenant)
    assert (made.key, made.version, made.is_active) == ("new-order-processing", 1, True)

    company.order()
    [run] = company.ended()
    assert run.status == "completed"
    assert len(company.received("whatsapp")) == 1
    page.goto("/admin/")
    assert page.inner_text("#sayr-guide") == "Your first workflow is live"
    page.click(".sayr-guide >> text=Look at this run")
    assert "Thank the customer" in page.inner_text("#content-main")
    page.goto("/admin/")
    page.click("text=Done: close this guide")
    assert page.locator("#sayr-guide").count() == 0
