"""The pages of runs with child runs, waits, branches: nothing that keeps people from reading them.

With SAYR_PICTURES naming a folder, a picture of each is left there.
"""

import os

import pytest
from django.urls import reverse

from tests.browser.accessibility import LANGUAGES, hindrances, looks
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_of_a_run_keeps_anybody_out(language, visitor, runs):
    page = visitor(**LANGUAGES[language])
    found = []
    for name, run in runs.items():
        address = reverse("admin:workflows_workflowrun_change", args=[run.pk])
        assert page.goto(address).status == 200
        for look in looks(page, language=language):
            if os.environ.get("SAYR_PICTURES"):
                picture = f"{os.environ['SAYR_PICTURES']}/{language}-{look}-{name}.png"
                page.screenshot(path=picture, full_page=True)
            found += [f"{name} in {look}: {one}" for one in hindrances(page, look)]

    assert found == []
