import pytest
from actions import registry
from actions.spec import Effect
from tests.browser.editor import Editor, published
from workflows.models.definition import WorkflowDefinition
pytestmark=[pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PARAMS={"type":"object","additionalProperties":False,"properties":{
 "cases":{"type":"array","title":"Cases","items":{"type":"object","title":"Case","additionalProperties":False,"properties":{"label":{"type":"string","title":"Label"},"condition":{"title":"When","x-condition":True},"steps":{"type":"array","title":"Then","x-steps":True}}}},
 "otherwise":{"type":"array","title":"Otherwise","x-steps":True}}}
def test_look(visitor, company, monkeypatch):
    registry.load(); monkeypatch.setattr(registry,"_specs",dict(registry._specs))
    registry.action("choose_way",label="Choose a way",description="Goes one of several ways.",params=PARAMS,effect=Effect.REPEATABLE)(lambda p,c:p)
    mail={"name":"m","action":"send_email","params":{"to":["a@example.com"],"text":"x","subject":"{{trigger.nope}}"}}
    doc={"name":"N","trigger_type":"new_order","steps":[{"name":"w","action":"choose_way","params":{"cases":[{"label":"Big ones","condition":{"all":[{"field":"trigger.total_amount","operator":"greater_than","value":"100"}]},"steps":[mail,{**mail,"name":"m2"}]}],"otherwise":[{**mail,"name":"m3"}]}}]}
    d=WorkflowDefinition.objects.create(tenant=company,key="n",name="N",definition=doc,version=1)
    e=Editor(visitor()).open(d); page=e.page
    e.go("steps/0/params/cases/0"); page.wait_for_timeout(300)
    page.screenshot(path="/tmp/editor/n-case.png",full_page=True)
    e.go("steps/0/params/cases/0/steps/1"); page.wait_for_timeout(300)
    e.field("subject").fill("Changed"); e.settled()
    page.click('[data-focus="add steps/0/params/otherwise"]'); page.click('.we-picker [data-action="webhook"]'); page.wait_for_timeout(300)
    page.screenshot(path="/tmp/editor/n-step.png",full_page=True)
    import json
    from workflows.admin.editor.shape import from_form
    got=from_form(json.loads(page.input_value(".we-source")))
    print(json.dumps(got,indent=1)[:3000])
