"""A person decides: on the phone through the link, in the admin, in both languages and colours."""

import os
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from tests.browser.accessibility import grave_findings
from tests.browser.test_pages_look import WIDTH_TOO_MUCH
from tests.support.approvals import FORM, ask, due_now
from workflows.services.approval_links import link_for

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}}
LOOKS = {
    "light": ("en", PHONE),
    "dark": ("en", {**PHONE, "color_scheme": "dark"}),
    "arabic": ("ar", PHONE),
    "arabic-dark": ("ar", {**PHONE, "color_scheme": "dark"}),
    "wide": ("en", {}),
}
ARABIC = {
    "title": "رد مبلغ الطلب C-1042؟",
    "message": "تقول الزبونة إن البضاعة وصلت مكسورة.\nأرسلت صورة.",
    "choices": [{"key": "refund", "label": "رد المبلغ"}, {"key": "refuse", "label": "رفض"}],
}


@pytest.fixture
def links(company):
    """Return the address of an open question's link in a language, and the question."""

    def made(language, **values):
        user = get_user_model().objects.get(username="ops")
        user.language = language
        user.save()
        words = ARABIC if language == "ar" else {}
        approval = ask(company, form=FORM, **{**words, **values})
        return urlsplit(link_for(approval, "user:ops")).path, approval

    return made


def take(page, name):
    """Keep a picture, if SAYR_PICTURES names a folder."""
    if folder := os.environ.get("SAYR_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_keeps_anybody_out(look, visitor, links):
    language, options = LOOKS[look]
    path, approval = links(language)
    inbox = "/admin/workflows/workflowapproval/"
    addresses = {
        "link": path,
        "unknown": "/approvals/nothing/",
        "inbox": inbox,
        "one": f"{inbox}{approval.pk}/change/",
    }
    # One with the policy, which complains of what the policy forbids; one without, for axe.
    strict, free = visitor(**options), visitor(**options, bypass_csp=True)
    found = []
    for name, address in addresses.items():
        # The browser itself reports an answer of 404 as an error.
        if name != "unknown":
            strict.goto(address)
            take(strict, f"{look}-{name}")
            wide = strict.evaluate(WIDTH_TOO_MUCH) if name != "inbox" else 0
            found += [f"{name} is {wide} px too wide"] if wide > 0 else []
        if name != "unknown":
            free.goto(address)
            found += [f"{name} {finding}" for finding in grave_findings(free)]

    assert found == []


def test_a_decision_on_the_phone(visitor, links):
    path, approval = links("en")
    page = visitor(**PHONE)
    page.context.clear_cookies()
    page.goto(path)

    page.get_by_role("button", name="Refund").click()
    expect(page.get_by_text("Fill this in.")).to_be_visible()
    take(page, "faults")
    approval.refresh_from_db()
    assert approval.decided_at is None
    page.get_by_label("Amount").fill("20.50")
    page.get_by_label("Yes").check()
    page.get_by_role("button", name="Refund").click()

    expect(page.get_by_text("ops chose “Refund” on")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    take(page, "decided")
    approval.refresh_from_db()
    assert (approval.answers["amount"], approval.answers["goods"]) == ("20.50", True)
    assert due_now(approval)


def test_a_decision_from_the_first_page(visitor, links):
    _path, approval = links("en")
    page = visitor()
    page.goto("/admin/")
    take(page, "home")

    page.get_by_role("link", name="1 decision waits for you").click()
    page.get_by_role("link", name="Refund order C-1042?").click()
    page.get_by_label("Amount").fill("20")
    page.get_by_role("button", name="Refuse").click()

    expect(page.get_by_text("ops chose “Refuse” on")).to_be_visible()
    take(page, "admin-decided")
    approval.refresh_from_db()
    assert approval.decided_via == "admin"
