"""Steps on their way from one workflow to another."""

import json

import pytest

from tests.support.company import case
from workflows.admin.editor.endpoints.views import copied, pasted
from workflows.admin.editor.form.params import BadScalar
from workflows.admin.editor.form.steps import read_steps, show_steps
from workflows.presentation.documents.document_text import UnreadableDocument

pytestmark = pytest.mark.django_db

STEPS = case("c7_refund_approval")["steps"]


def test_what_is_copied_is_what_documents_are_written_in():
    assert json.loads(copied(show_steps(STEPS))) == {"steps": STEPS}


@pytest.mark.parametrize("given", [STEPS, {"steps": STEPS}, case("c7_refund_approval")])
def test_steps_a_list_and_a_whole_workflow_can_be_pasted(tenant, given):
    assert read_steps(pasted(tenant, json.dumps(given))["steps"]) == STEPS


def test_one_step_can_be_pasted(tenant):
    assert read_steps(pasted(tenant, json.dumps(STEPS[0]))["steps"]) == STEPS[:1]


def test_what_the_company_lacks_is_told_once_and_with_its_step(tenant):
    step = {
        "name": "tell",
        "label": "Tell the team",
        "action": "team_notify",
        "params": {"connection": "slack-of-others", "text": "{{ steps.elsewhere.output.x }}"},
    }
    missing = pasted(tenant, json.dumps([step]))["missing"]

    assert len(missing) == 1
    assert missing[0].startswith("Tell the team: ")
    assert "slack-of-others" in missing[0]


@pytest.mark.parametrize("text", ["", "hello", "5", "[]", '[{"a": 1}]', '{"steps": 5}', "[5]"])
def test_what_are_no_steps_is_refused(tenant, text):
    with pytest.raises((BadScalar, UnreadableDocument)):
        pasted(tenant, text)
