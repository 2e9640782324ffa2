"""From an empty form to the mail: a workflow built by clicking, then carried out for real."""

import socket
import subprocess
import sys
import urllib.request
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from tests.browser.editor import Editor
from tests.support.live import ROOT, wait_until
from tests.support.people import make_member
from workflows.models.definition import WorkflowDefinition

pytestmark = [pytest.mark.browser, pytest.mark.worker]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=2).status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def web(live_database):
    """The web application as it is deployed, on the live database."""
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", address, "--threads", "4"],
        cwd=ROOT,
        env=live_database.environment(SAYR_PROCESS="web"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: answers(f"http://{address}/admin/login/"), 30)
    yield f"http://{address}"
    process.terminate()
    process.wait(20)


@pytest.fixture
def page(browser, web, live):
    """A page of somebody in operations of the first company."""
    company, _ = live
    somebody = make_member(company.tenant, f"ops-{uuid4().hex[:8]}", "operations")
    client = Client()
    client.force_login(somebody, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(
        base_url=web, locale="en-US", viewport={"width": 1280, "height": 900}
    )
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": web}])
    yield context.new_page()
    context.close()


def test_a_workflow_built_by_clicking_confirms_an_order_and_mails(page, live, worker_groups):
    company, _ = live
    editor = Editor(page)
    editor.build_the_first_workflow()
    editor.settled()
    page.click('input[name="_continue"]')
    page.wait_for_selector(".messagelist")
    assert WorkflowDefinition.objects.get(tenant=company.tenant).version == 1

    order = company.order()
    [run] = company.ended()

    assert run.status == "completed"
    [mail] = company.received("smtp")
    assert mail.subject == f"New Order: {order.id}"
    assert f"Order {order.number}: 149.90 USD" in mail.text
    assert len(company.received("whatsapp")) == 1
    page.goto(f"/admin/workflows/workflowrun/?q={order.id}")
    page.click("#result_list tbody tr a >> nth=0")
    page.wait_for_load_state()
    assert "“Confirm order”, “Notify customer” and “Alert operations” were done" in page.inner_text(
        "#content"
    )
