import os

import pytest

from tenants.models.order import Order
from tests.support.company import case
from workflows.models.definition import WorkflowDefinition
from workflows.services.publish import publish

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("v", ["en", "ar", "dark", "tablet"])
def test_look(visitor, company, v):
    if os.environ.get("V") and v not in os.environ["V"].split(","):
        pytest.skip()
    o = {
        "en": {},
        "ar": {"locale": "ar"},
        "dark": {"color_scheme": "dark"},
        "tablet": {"viewport": {"width": 1024, "height": 768}},
    }[v]
    doc = case("seed_new_order")
    doc["steps"][1]["condition"] = {
        "all": [
            {"field": "trigger.total_amount", "operator": "greater_than", "value": "100"},
            {
                "any": [
                    {"field": "trigger.source", "operator": "in", "value": ["web", "phone"]},
                    {"field": "trigger.customer_phone", "operator": "is_not_empty"},
                ]
            },
        ]
    }
    doc["steps"][0]["label"] = "Confirm the order"
    doc["steps"].append(
        {
            "name": "hook",
            "action": "webhook",
            "params": {
                "url": "https://example.com/{{trigger.order_id}}",
                "headers": {"X-A": "b"},
                "body": {"order": "{{trigger.order_id}}", "total": "{{ trigger.total_amount }}"},
            },
            "retry": {"attempts": 5, "delay": "30s"},
        }
    )
    d = WorkflowDefinition(tenant=company, key="c0", is_active=True)
    publish(company, "user:rana", d, doc)
    Order.objects.create(
        tenant=company,
        number="A-1042",
        customer_name="Rami Haddad",
        customer_phone="03 123 456",
        total_amount="149.90",
    )
    page = visitor(**o)
    page.goto(f"/admin/workflows/workflowdefinition/{d.pk}/change/")
    page.wait_for_selector("[data-ready]")
    page.screenshot(path=f"/tmp/editor/{v}-0.png", full_page=True)
    for i in range(4):
        page.click(f'[data-part="steps/{i}"]')
        page.wait_for_timeout(700)
        page.screenshot(path=f"/tmp/editor/{v}-{i + 1}.png", full_page=True)
    page.click('[data-part="steps/1"]')
    page.wait_for_timeout(200)
    page.locator(".we-tools button").first.click()
    page.wait_for_timeout(400)
    page.screenshot(path=f"/tmp/editor/{v}-values.png")
    page.keyboard.press("Escape")
    page.click('[data-focus="add"]')
    page.wait_for_timeout(300)
    page.screenshot(path=f"/tmp/editor/{v}-picker.png")
