"""A message that failed is put right and sent again, by clicking only."""

import os

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import hindrances, looks
from tests.support.recovering import NEW, Shop

pytestmark = pytest.mark.browser

WORDS = {
    "en": {
        "why": "The order's phone “70 88 12” is not a phone number of Lebanon.",
        "save": "Save",
        "said": f"The order now says {NEW}.",
        "again": "Send this message again with it",
        "done": "WhatsApp message sent to +9613881234.",
    },
    "ar": {
        "why": "ليس رقم هاتف من",
        "save": "حفظ",
        "said": "الآن",
        "again": "إرسال هذه الرسالة مرة أخرى بهذه القيمة",
        "done": "أُرسلت رسالة واتساب إلى",
    },
}


@pytest.fixture
def shop(company, outside, settings):
    shop = Shop(company, outside, settings).open()
    yield shop
    shop.close()


@pytest.mark.parametrize(
    ("language", "width"), [("en", 1366), ("ar", 1366), ("en", 390)], ids=["en", "ar", "phone"]
)
def test_a_failed_message_is_sent_again_with_the_corrected_number(language, width, visitor, shop):
    words = WORDS[language]
    shop.run_of()
    page = visitor("ops", locale=language, viewport={"width": width, "height": 850})
    page.goto("/admin/workflows/workflowrun/")
    page.locator("#result_list tbody th a").first.click()
    expect(page.locator(".sayr-story")).to_contain_text(words["why"])

    page.locator(".sayr-tools a").first.click()
    page.locator("#id_customer_phone").fill(NEW)
    page.locator('input[name="_save"]').click()
    shop.work()
    page.goto("/admin/workflows/workflowrun/")
    page.locator("#result_list tbody th a").first.click()
    expect(page.locator(".sayr-recovery")).to_contain_text(words["said"])
    _picture(page, f"recover-{language}-{width}")
    found = [f"{look}: {one}" for look in looks(page) for one in hindrances(page, look)]
    assert found == []
    page.get_by_role("button", name=words["again"], exact=True).dblclick()
    expect(page.locator(".messagelist")).to_contain_text("Notify customer")
    shop.work()

    expect(page.locator(".sayr-story")).to_contain_text(words["done"])
    assert [len(shop.received(channel)) for channel in ("whatsapp", "smtp")] == [1, 1]


def _picture(page, name):
    if folder := os.environ.get("SAYR_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
