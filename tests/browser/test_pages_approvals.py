"""A person decides: on the phone through the link, in the admin, in both languages and colours."""

import os
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from tests.browser.accessibility import grave_findings, hindrances, looks
from tests.support.approvals import FORM, ask, due_now
from workflows.services.approvals.links import link_for

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}}
WIDE = {"width": 1280, "height": 900}
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


@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_keeps_anybody_out(language, visitor, links):
    path, approval = links(language)
    inbox = "/admin/workflows/workflowapproval/"
    addresses = {"link": path, "inbox": inbox, "one": f"{inbox}{approval.pk}/change/"}
    page, found = visitor(**PHONE), []
    for name, address in addresses.items():
        page.goto(address)
        for look in looks(page, WIDE):
            take(page, f"{language}-{look}-{name}")
            # On a phone the table of a list is moved sideways.
            checks = grave_findings(page) if name == "inbox" else hindrances(page, look)
            found += [f"{name} in {look}: {one}" for one in checks]

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
