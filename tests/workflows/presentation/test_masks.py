"""Who reads a page learns no link that decides."""

from uuid import uuid4

from workflows.models.approval import WorkflowApproval
from workflows.presentation.redaction import mask_links, mask_links_in
from workflows.presentation.values import raw, show
from workflows.services.approvals.links import token_for

APPROVAL = WorkflowApproval(tenant_id=uuid4())
TOKEN = token_for(APPROVAL, "mail:head@company.example")
LINK = f"https://sayr.example.com/approvals/{TOKEN}/"
MASKED = "https://sayr.example.com/approvals/…/"


def test_every_token_in_a_text_is_masked():
    text = f"Decide: {LINK}, or <a href='{LINK}?x=1'>here</a>"

    assert mask_links(text) == f"Decide: {MASKED}, or <a href='{MASKED}?x=1'>here</a>"


def test_the_shortest_token_is_masked():
    token = token_for(APPROVAL, "user:x")

    assert mask_links(f"/approvals/{token}/") == "/approvals/…/"


def test_addresses_of_the_api_stay_whole():
    text = f"https://sayr.example.com/api/v1/approvals/{uuid4()}/decide/"

    assert mask_links(text) == text


def test_values_of_pages_are_masked_at_any_depth():
    value = {"body": {"lines": [LINK, 5]}, "text": f"See {LINK}\n"}

    shown = show(value)

    assert shown.parts[0].parts[0].parts[0].text == MASKED
    assert shown.parts[1].text == f"See {MASKED}\n"
    assert TOKEN not in raw(value)
    assert mask_links_in(value) == {"body": {"lines": [MASKED, 5]}, "text": f"See {MASKED}\n"}
