"""Every page of the admin in Arabic: from the right, and no English left."""

import re
from collections import Counter
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import reverse

from actions.models.connection import Connection
from config.demo.company.models import Refund
from tenants.models.api_key import ApiKey
from tenants.models.order import Order
from tests.support.approvals import ask
from tests.support.arabic import ArabicPage
from tests.support.people import make_member
from tests.support.tenants import make_tenant
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.services.definitions.drafts import save_draft
from workflows.services.definitions.publish import publish
from workflows.services.onboarding import gallery

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
# What the tests' people have written, and names that stand in lists of them.
TYPED = (
    *("majed", "Asia", "Riyadh", "true", "false", "SAR", "ar", "accounting", "reorder", "English"),
    *("shipped", "delivered", "cancelled", "confirmed", "high"),
    # Examples in the help of fields.
    *("report", "sales", "trigger", "en", "xoxb", "orders"),
)
OF_EACH_KIND = 1


@pytest.fixture
def company(db):
    """A company whose workflows are those of the gallery, in Arabic, and a run of every kind."""
    tenant = make_tenant(
        "najd", "متاجر نجد", language="ar", time_zone="Asia/Riyadh", country="SA", currency="SAR"
    )
    Connection.objects.create(
        tenant=tenant, key="slack", name="الفريق", kind="slack", secrets={"bot_token": "x"}
    )
    for entry in gallery.entries():
        made = gallery.start(tenant, "user:majed", entry, address="a@example.com").definition
        if entry.key == "new-order-processing":
            made.is_active = True
            publish(tenant, "user:majed", made, made.draft, "أول نشر")
            changed = {**made.definition, "steps": made.definition["steps"][:-1]}
            save_draft(tenant, "user:majed", made, changed)
    Refund.objects.create(
        tenant=tenant, order_number="N-1", customer_name="سارة", amount="10", currency="SAR"
    )
    for number in range(4):
        Order.objects.create(
            tenant=tenant,
            number=f"N-{number}",
            customer_name="سارة العتيبي",
            customer_phone="70 88 12",
            total_amount="1250.50",
            currency="SAR",
        )
    failed, waiting, cancelled, _queued = WorkflowRun.objects.order_by("id")
    _end(failed, "completed_with_errors", *RESULTS)
    _end(cancelled, "cancelled", RESULTS[0])
    ask(tenant, run=waiting, title="هل نقبل الطلب؟", approvers=["role:operations"])
    ApiKey.objects.create_key(tenant=tenant, name="المتجر")
    return tenant


@pytest.fixture
def reader(company, client):
    """A browser in which somebody of Operations is logged in, who reads Arabic."""
    somebody = make_member(company, "majed", "operations")
    somebody.language, somebody.first_name = "ar", "ماجد"
    somebody.save()
    client.force_login(somebody)
    return client


def _end(run, status, *results):
    values = {"started_at": NOON, "completed_at": NOON, "due_at": None}
    if status == "completed_with_errors":
        values |= {
            "error_step": "notify_customer",
            "error_code": "bad_phone",
            "error_fingerprint": "f",
        }
    WorkflowRun.objects.filter(pk=run.pk).update(
        status=status, step_results=list(results), **values
    )


def _result(name, action, status, **more):
    times = {"started_at": NOON.isoformat(), "duration_ms": 1250}
    return {"step_name": name, "action": action, "status": status, **times, **more}


RESULTS = (
    _result(
        *("confirm_order", "update_record", "completed"),
        input={"table": "orders", "id": "1", "fields": {"status": "confirmed"}},
        output={"table": "orders", "id": "1", "changed": {"status": {"from": "a", "to": "b"}}},
    ),
    _result(
        *("notify_customer", "whatsapp_notify", "failed"),
        input={"phone": "70 88 12", "template": "order_confirmed", "template_vars": {}},
        error={"code": "bad_phone", "params": {"phone": "70 88 12", "country": "SA"}},
    ),
)


def test_every_page_that_a_link_leads_to_is_in_arabic(reader):
    ended = WorkflowRun.objects.filter(status="completed_with_errors").get()
    definition = WorkflowDefinition.objects.get(key="new-order-processing")
    of_run = f"/admin/workflows/workflowrun/{ended.pk}"
    waiting = [
        *("/admin/", "/admin/nothing-here/", "/admin/my-settings/", "/admin/password_change/"),
        *(f"{of_run}/{name}/" for name in ("retry", "correct", "cancel")),
        reverse("admin:workflows_workflowdefinition_history", args=[definition.pk]),
        "/admin/workflows/workflowworker/",
    ]
    seen, kinds, left = set(), Counter(), {}

    while waiting:
        address = waiting.pop(0)
        # A list that is filtered by two things says nothing that it does not with one.
        kind = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|=.*", "", address)
        if address in seen or kinds[kind] >= OF_EACH_KIND:
            continue
        seen.add(address)
        kinds[kind] += 1
        answer = reader.get(address, follow=True)
        if "html" not in answer.headers["Content-Type"]:
            continue
        page = ArabicPage(answer.content.decode())
        assert (address, page.language, page.direction) == (address, "ar", "rtl")
        left |= dict.fromkeys(page.english(TYPED), address)
        waiting += _inside(address, page.links)

    assert left == {}, "\n".join(f"{text}   {address}" for text, address in left.items())
    assert len(kinds) > 60


def _inside(address, links):
    for link in links:
        found = urlsplit(urljoin(f"http://testserver{address}", link))
        if found.netloc == "testserver" and found.path.startswith("/admin/"):
            yield found.path + (f"?{found.query}" if found.query else "")
