"""The first workflow, from an empty form to its story, by somebody who reads Arabic."""

from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from tests.browser.editor import Editor, pressed
from tests.browser.test_from_click_to_mail import web  # noqa: F401 - a fixture
from tests.support.arabic import ArabicPage
from tests.support.people import make_member
from workflows.models.definition import WorkflowDefinition

pytestmark = [pytest.mark.browser, pytest.mark.worker]

# What people have typed: the names of the workflow, of its steps, of what its template takes.
TYPED = (
    *("New", "Order", "Processing", "Confirm", "Notify", "customer", "Alert", "operations"),
    *("Total", "id"),
)


@pytest.fixture
def reader(live):
    """Somebody in operations of the first company, whose language is Arabic."""
    company, _ = live
    somebody = make_member(company.tenant, f"ops-{uuid4().hex[:8]}", "operations")
    somebody.language = "ar"
    somebody.save()
    return somebody


@pytest.fixture
def page(browser, web, reader):  # noqa: F811
    """A page of theirs, in a browser that asks for English."""
    client = Client()
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(
        base_url=web, locale="en-US", viewport={"width": 1280, "height": 900}
    )
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": web}])
    yield context.new_page()
    context.close()


def looked_at(page, company, reader):
    """Return what the page says, having made sure that all of it is Arabic."""
    shown = ArabicPage(page.content())
    known = (
        *TYPED,
        *company.tenant.name.split(),
        *reader.username.split("-"),
        "USD",
        "LB",
        "en",
        "completed",
    )
    assert (page.url, shown.language, shown.direction) == (page.url, "ar", "rtl")
    assert not shown.english(known), (page.url, *shown.english(known))
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    return plain(page.inner_text("#content"))


def plain(text):
    """Return a text without the signs that hold names of another direction together."""
    return text.translate(dict.fromkeys((0x200F, 0x2068, 0x2069)))


def test_a_workflow_is_built_tried_published_and_read_in_arabic(page, live, reader, worker_groups):
    company, _ = live
    editor = Editor(page)
    editor.build_the_first_workflow()
    editor.settled()
    looked_at(page, company, reader)

    test = pressed(page, "_try")
    said = looked_at(test, company, reader)
    assert "لا يُرسَل شيء ولا يتغيّر شيء" in said
    test.close()

    page.click('input[name="_continue"]')
    page.wait_for_selector(".messagelist")
    editor.ready()
    looked_at(page, company, reader)
    assert WorkflowDefinition.objects.get(tenant=company.tenant).version == 1

    order = company.order()
    [run] = company.ended()
    assert run.status == "completed"
    page.goto(f"/admin/workflows/workflowrun/?q={order.id}")
    looked_at(page, company, reader)
    page.click("#result_list tbody tr a >> nth=0")
    page.wait_for_load_state()

    said = looked_at(page, company, reader)
    assert "مكتمل: تم تنفيذ «Confirm order»، «Notify customer» و«Alert operations»" in said
