import pytest

from actions import registry
from tenants.models.order import Order
from tests.browser.documents import document_of
from tests.browser.editor import Editor, published
from tests.support.company import case
from workflows.models.definition import WorkflowDefinition

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
V = {"en": {}, "ar": {"locale": "ar"}, "dark": {"color_scheme": "dark"}, "tablet": {"viewport": {"width": 1024, "height": 768}}}


@pytest.mark.parametrize("v", V)
def test_look(visitor, company, v):
    Order.objects.create(tenant=company, number="A-1", customer_name="رامي", customer_phone="03 123 456", total_amount="149.90")
    doc = case("seed_new_order")
    doc["trigger_filter"] = {"all": [{"field": "trigger.total_amount", "operator": "between", "value": ["10", "500"]}]}
    doc["also_on"] = ["order_updated"]
    doc["values"] = {"delivery_fee": 5, "phone": "03"}
    d = published(company, doc)
    e = Editor(visitor(**V[v])).open(d)
    p = e.page
    p.wait_for_timeout(400)
    p.screenshot(path=f"/tmp/editor/f-{v}-trigger.png", full_page=True)
    e.go("steps/2")
    e.field("subject").fill("New {{trigger.order_idd}}")
    e.settled()
    p.wait_for_timeout(400)
    p.locator(".we-tools button >> nth=1").click()
    p.wait_for_timeout(300)
    p.screenshot(path=f"/tmp/editor/f-{v}-values.png")
    p.keyboard.press("Escape")
    d = WorkflowDefinition.objects.create(tenant=company, key="t", name="t", definition=document_of(registry.get("transform")), version=1)
    e.open(d).go("steps/0")
    p.wait_for_timeout(400)
    print(v, p.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]"))
    p.screenshot(path=f"/tmp/editor/f-{v}-transform.png", full_page=True)
