"""Lists on small screens: what was asked is found, and every page can be reached."""

import re

import pytest
from django.urls import reverse

from tests.browser.accessibility import LANGUAGES, hindrances, looks, too_wide, turned_round
from tests.workflows.admin.conftest import World
from workflows.models.run import WorkflowRun

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
LISTS = ("workflows_workflowrun", "workflows_workflowevent", "tenants_order")


def test_on_a_phone_a_run_is_found_and_the_menu_leads_on(visitor, company):
    world = World(company)
    order = world.make_order("C-1042", customer_name="فاطمة العتيبي", customer_phone="70 88 12")
    run = WorkflowRun.objects.get(subject_id=str(order.pk))
    world.end_run(run, "failed")
    page = visitor(viewport=PHONE)

    page.goto(reverse("admin:index"))
    page.fill("#sayr-find", "order c1042")
    page.keyboard.press("Enter")
    page.wait_for_selector("#result_list")
    assert page.locator("#result_list tbody tr").count() == 1
    assert page.locator("#searchbar").bounding_box()["height"] < 60
    page.click("#result_list .field-what a")
    page.wait_for_url(re.compile(str(run.pk)))

    menu = page.get_by_role("button", name="Menu")
    assert menu.get_attribute("aria-expanded") == "false"
    menu.press("Enter")
    assert menu.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    assert not page.locator("#nav-sidebar").is_visible()
    assert page.evaluate("document.activeElement.id") == "sayr-menu"
    menu.press("Enter")
    assert hindrances(page, "light") == []
    page.locator("#nav-sidebar").get_by_role("link", name="Events").click()
    page.wait_for_selector(".model-workflowevent")


@pytest.mark.parametrize("language", LANGUAGES)
def test_lists_fit_every_screen(language, visitor, company):
    world = World(company)
    order = world.make_order("C-1042", customer_name="فاطمة العتيبي", customer_phone="70 88 12")
    world.end_run(WorkflowRun.objects.get(subject_id=str(order.pk)), "failed")
    wide = {"width": 1366, "height": 900}
    page = visitor(**{**LANGUAGES[language], "viewport": wide})
    found = []
    for name in LISTS:
        page.goto(reverse(f"admin:{name}_changelist"))
        for look in looks(page, PHONE):
            found += [f"{name} in {look}: {one}" for one in hindrances(page, look)]
        for width in (820, 683):
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"{name} at {width}: {one}" for one in too_wide(page)]
        found += turned_round(page)

    assert found == []
