"""The pages of runs with child runs, waits, branches: nothing that keeps people from reading them.

With SAYR_PICTURES naming a folder, a picture of each is left there.
"""

import os

import pytest
from django.urls import reverse

from tests.browser.accessibility import grave_findings
from tests.browser.test_pages_look import LOOKS, WIDTH_TOO_MUCH
from tests.support.stories import Storyteller
from workflows.models.run import WorkflowRun

pytestmark = pytest.mark.browser


@pytest.fixture
def runs(company):
    """A run of every kind."""
    teller = Storyteller(company)
    waiting, first = teller.a_lane()
    found = {
        "lane": waiting,
        "ahead": first,
        "list": teller.a_list_with_one_failure(),
        "event": teller.a_wait_for_an_event(),
        "decision": teller.a_decision(),
        "parallel": teller.branches_at_once(),
        "branch": teller.a_branch(),
        "workflow": teller.another_workflow(),
    }
    teller.close()
    child = WorkflowRun.objects.filter(parent_run=found["list"].pk, status="failed")
    return {**found, "item": child.get()}


ALL_LOOKS = {**LOOKS, "arabic dark": {"locale": "ar", "color_scheme": "dark"}}


@pytest.mark.parametrize("look", ALL_LOOKS)
def test_no_page_of_a_run_keeps_anybody_out(look, visitor, runs):
    options = ALL_LOOKS[look]
    strict, free = visitor(**options), visitor(**options, bypass_csp=True)
    found = []
    for name, run in runs.items():
        address = reverse("admin:workflows_workflowrun_change", args=[run.pk])
        assert strict.goto(address).status == 200
        wide = strict.evaluate(WIDTH_TOO_MUCH)
        found += [f"{name} is {wide} px too wide"] if wide > 0 else []
        if os.environ.get("SAYR_PICTURES"):
            picture = f"{os.environ['SAYR_PICTURES']}/{look}-{name}.png"
            strict.screenshot(path=picture, full_page=True)
        free.goto(address)
        found += [f"{name} {finding}" for finding in grave_findings(free)]

    assert found == []
