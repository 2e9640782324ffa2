"""A real browser at a real server, in which every complaint of a page fails the test."""

import os
import shutil

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from playwright.sync_api import sync_playwright

from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from tests.browser.screenshots import ARGUMENTS
from tests.support.people import make_member
from tests.support.tenants import make_tenant


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium. CI has it; elsewhere the tests that need it are left out, and say so."""
    program = shutil.which("chromium")
    if program is None and not os.environ.get("CI"):
        pytest.skip("Chromium is not installed, so the browser tests were left out")
    # Playwright keeps an event loop running, and Django refuses the database beside one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program or "chromium", args=ARGUMENTS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def company(transactional_db):
    """A company with two templates and a connection, and somebody who edits its workflows."""
    tenant = make_tenant("cedar", "Cedar Trading")
    make_member(tenant, "ops", "operations")
    make_member(tenant, "rana", "operations")
    MessageTemplate.objects.create(
        tenant=tenant,
        key="order_confirmed",
        channel="whatsapp",
        name="Order confirmed",
        parameters=["order_id", "total"],
    )
    MessageTemplate.objects.create(
        tenant=tenant,
        key="ops_new_order_summary",
        channel="email",
        name="Summary of a new order",
        subject="New order",
        text="Order {{ trigger.order_number }}",
    )
    for kind in ("slack", "http"):
        Connection.objects.create(tenant=tenant, key=kind, name=kind.title(), kind=kind)
    return tenant


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Take a picture of what a failed test saw, if SAYR_PICTURES names a folder."""
    outcome = yield
    folder, editor = os.environ.get("SAYR_PICTURES"), item.funcargs.get("editor")
    if folder and editor and outcome.get_result().failed and call.when == "call":
        editor.page.screenshot(path=f"{folder}/{item.name}.png", full_page=True)


@pytest.fixture
def visitor(browser, live_server, company, client):
    """Return a function that logs somebody in and gives a page: `visitor("ops")`."""
    contexts, complaints = [], []

    def visit(username="ops", **options):
        client.force_login(get_user_model().objects.get(username=username))
        options = {"locale": "en-US", "viewport": {"width": 1280, "height": 900}, **options}
        context = browser.new_context(base_url=live_server.url, **options)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: _complain(complaints, said))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def _complain(complaints, said):
    if said.type in {"error", "warning"}:
        complaints.append(f"{said.text} {said.location}")
