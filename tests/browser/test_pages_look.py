"""Every page: nothing that keeps people from using it, and nothing wider than the screen."""

import pytest
from django.urls import reverse

from tests.browser.accessibility import LANGUAGES, grave_findings, hindrances, looks, turned_round
from tests.workflows.admin.conftest import World
from workflows.models.run import WorkflowRun

pytestmark = pytest.mark.browser

LISTS = (
    "workflows_workflowapproval",
    "workflows_workflowrun",
    "workflows_workflowdefinition",
    "workflows_workflowevent",
    "tenants_order",
    "actions_connection",
    "actions_messagetemplate",
    "tenants_apikey",
)


@pytest.fixture
def addresses(company):
    """Every page of ours, with something on it."""
    world = World(company)
    failed = world.make_order("C-1042")
    world.end_run(WorkflowRun.objects.get(subject_id=str(failed.pk)), "completed_with_errors")
    rows = [world.run, world.event, world.order, world.connection, world.template]
    pages = [
        reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
        for row in rows
    ]
    run = WorkflowRun.objects.get(subject_id=str(failed.pk))
    return [
        reverse("admin:index"),
        reverse("admin:app_list", args=["workflows"]),
        *(reverse(f"admin:{name}_changelist") for name in LISTS),
        f"{reverse('admin:workflows_workflowrun_changelist')}?q=nothing-like-this",
        reverse("admin:workflows_workflowrun_change", args=[run.pk]),
        *pages,
        reverse("admin:workflows_workflowversion_change", args=[world.version.pk]),
        reverse("admin:workflows_workflowdefinition_gallery"),
        reverse("admin:actions_messagetemplate_add"),
        reverse("admin:actions_messagetemplate_delete", args=[world.template.pk]),
        reverse("admin:actions_connection_add"),
        f"{reverse('admin:actions_connection_add')}?kind=whatsapp",
        reverse("admin:tenants_apikey_add"),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_keeps_anybody_out(language, visitor, addresses):
    page = visitor(**LANGUAGES[language])
    found = []
    for address in addresses:
        assert page.goto(address).status == 200
        for look in looks(page, language=language):
            found += [f"{address} in {look}: {one}" for one in hindrances(page, look)]

    assert found == []


def test_a_phone_in_an_arabic_sentence_is_read_from_the_left(visitor, company):
    world = World(company)
    phone = {"phone": "+961 3 12", "country": "LB", "reason": "too_short", "example": "+961 71 123"}
    failed = {"code": "bad_phone", "params": phone}
    step = {"step_name": "call", "action": "webhook", "status": "failed", "error": failed}
    world.end_run(world.run, "failed", step_results=[step], error_code="bad_phone")
    # As wide as the sentence: a phone on two lines has no one direction.
    page = visitor(**{**LANGUAGES["arabic"], "viewport": {"width": 3000, "height": 900}})

    page.goto(reverse("admin:workflows_workflowrun_change", args=[world.run.pk]))

    assert "+961 3 12" in page.inner_text("#content")
    assert turned_round(page) == []
    page.set_content('<p dir="rtl">هاتف +961 3 12 لا غير</p>')
    assert turned_round(page) == ["+961 3 12"]


def test_the_login_page_keeps_nobody_out(visitor):
    page = visitor()
    page.context.clear_cookies()
    page.goto("/admin/login/")

    assert grave_findings(page) == []


def test_on_a_phone_the_search_of_the_first_page_is_one_line_high(visitor):
    page = visitor(viewport={"width": 390, "height": 844})
    page.goto(reverse("admin:index"))

    assert page.locator("#sayr-find").bounding_box()["height"] < 60
