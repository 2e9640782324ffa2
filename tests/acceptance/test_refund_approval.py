"""Case C7 from the event to the refund: people are told, one decides, and the run goes on."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from tenants.models.order import Order
from tests.support.company import case
from tests.support.live import WorkerGroup, wait_until
from tests.support.people import make_member
from workflows.models.approval import WorkflowApproval
from workflows.models.run import WorkflowRun
from workflows.services.approvals.approvers import Via, user_decider
from workflows.services.approvals.decide import GivenAnswer, decide
from workflows.services.approvals.refusals import AlreadyDecided
from workflows.services.events.fire import fire

pytestmark = pytest.mark.worker


@pytest.fixture
def hosts(live_database, outside, settings):
    """Return a function that starts a host whose installation has a mail server."""
    settings.WHITENOISE_AUTOREFRESH = True
    server = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(outside.smtp_port)}
    return lambda: WorkerGroup(live_database, **server)


@pytest.fixture
def company(live):
    """A company with the workflow, two who may decide, and an order to be refunded."""
    company, _other = live
    company.publish(case("c7_refund_approval"))
    company.people = []
    for name in ("rana", "jad"):
        user = make_member(company.tenant, f"{name}-{uuid4().hex[:8]}", "operations")
        user.email = f"{name}@cedar.example"
        user.save()
        company.people.append(user)
    company.refunded = company.order(number="42", status="confirmed")
    return company


def ask_for_refund(company):
    payload = {
        "order_id": "42",
        "price": 1450,
        "user_email": "c@x.example",
        "reason": "damaged",
        "refund_url": f"{company.outside.base_url}/hook/refund",
    }
    fire(company.tenant, "refund.requested", payload)
    return wait_until(
        lambda: (
            WorkflowApproval.objects.filter(tenant=company.tenant).exclude(notified_at=None).first()
        ),
        15,
    )


def mails_to(company, address):
    return [mail for mail in company.received("smtp") if mail.to == address]


def press(link, **values):
    """Open a link as a phone would, and press a button."""
    browser, path = Client(enforce_csrf_checks=True), urlsplit(link).path
    browser.get(path)
    token = browser.cookies["csrftoken"].value
    return browser.post(path, {"csrfmiddlewaretoken": token, **values})


def test_a_link_decides_after_all_workers_were_replaced(company, hosts):
    company.outside.behave("hook", "fail", status=500, times=1, path="/hook/refund")
    with hosts():
        approval = ask_for_refund(company)
        [mail] = mails_to(company, "rana@cedar.example")
        [_] = mails_to(company, "jad@cedar.example")
    [link] = [line for line in mail.text.splitlines() if "/approvals/" in line]

    with hosts():
        press(link, choice="refund", **{"answer.message": "Sorry about that."})
        [run] = company.ended()

    approval.refresh_from_db()
    assert run.status == "completed"
    assert approval.decided_by == f"user:{company.people[0].username}"
    assert len(company.received("hook")) == 2  # the first try failed, and nobody was asked again
    assert WorkflowApproval.objects.filter(tenant=company.tenant).count() == 1
    order = Order.objects.get(pk=company.refunded.pk)
    assert order.status == "refunded"
    assert order.note.startswith(f"Refunded by {approval.decided_by}")
    told = [mail.text.strip() for mail in mails_to(company, "c@x.example")]
    assert told[-1] == "Sorry about that."
    assert len(mails_to(company, "rana@cedar.example")) == 1


def test_two_who_decide_at_once_have_one_effect(company, hosts):
    def one(user, choice):
        try:
            decider = user_decider(company.tenant, user, Via.ADMIN)
            return decide(company.tenant, approval.pk, decider, GivenAnswer(choice)).choice
        except AlreadyDecided:
            return None
        finally:
            connection.close()

    with hosts():
        approval = ask_for_refund(company)
        with ThreadPoolExecutor(2) as threads:
            choices = list(threads.map(one, company.people, ["refund", "refuse"]))
        [run] = company.ended()

    [taken] = [choice for choice in choices if choice]
    assert run.status == "completed"
    [entry] = [entry for entry in run.step_results if entry["step_name"] == "decide"]
    assert entry["output"]["choice"] == taken
    assert len(company.received("hook")) == (taken == "refund")
    assert WorkflowRun.objects.filter(tenant=company.tenant).count() == 1
