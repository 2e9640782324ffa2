import os
import pytest
from tests.support.company import case
from tests.browser.editor import Editor, published
from tests.browser.documents import document_of
from actions import registry
from tenants.models.order import Order
from workflows.models.definition import WorkflowDefinition
from workflows.services.publish import publish
pytestmark=[pytest.mark.browser, pytest.mark.django_db(transaction=True)]
def test_look(visitor, company):
    page=visitor()
    e=Editor(page).open()
    page.screenshot(path="/tmp/editor/l-add.png",full_page=True)
    page.click('[data-focus="add"]'); page.wait_for_timeout(300)
    page.screenshot(path="/tmp/editor/l-picker.png")
    page.click('.we-picker [data-action="transform"]')
    page.wait_for_timeout(300)
    page.click(".rjf-add-button >> nth=1"); page.wait_for_timeout(200)
    page.screenshot(path="/tmp/editor/l-transform.png",full_page=True)
    e.add("find_records"); 
    e.field("table").select_option("orders")
    page.wait_for_timeout(200)
    page.click(".rjf-add-button >> nth=0"); page.wait_for_timeout(600)
    page.screenshot(path="/tmp/editor/l-find.png",full_page=True)
    e.add("create_record"); 
    e.field("table").select_option("orders"); page.wait_for_timeout(200)
    page.screenshot(path="/tmp/editor/l-create.png",full_page=True)
    e.go("settings"); 
    page.wait_for_timeout(600)
    page.screenshot(path="/tmp/editor/l-settings.png",full_page=True)
    page.click('input[name="_continue"]'); page.wait_for_load_state(); e.ready()
    page.screenshot(path="/tmp/editor/l-errors.png",full_page=True)
def test_conflict(visitor, company):
    d=published(company,case("seed_new_order"))
    e=Editor(visitor()).open(d); e.go("steps/2"); e.field("subject").fill("Mine"); 
    t=case("seed_new_order"); t["steps"][2]["params"]["subject"]="Theirs"; t["steps"].pop(0); publish(company,"user:rana",d,t,"A better subject")
    e.save(); e.page.screenshot(path="/tmp/editor/l-conflict.png",full_page=True)
def test_docs(visitor, company):
    e=Editor(visitor())
    for name in ("transform","http_request"):
        d=WorkflowDefinition.objects.create(tenant=company,key=name,name=name,definition=document_of(registry.get(name)),version=1)
        e.open(d); e.go("steps/0"); e.page.wait_for_timeout(500)
        e.page.screenshot(path=f"/tmp/editor/l-doc-{name}.png",full_page=True)
    e.page.click('[data-tab="json"]'); e.page.wait_for_timeout(500)
    e.page.screenshot(path=f"/tmp/editor/l-json.png",full_page=True)
