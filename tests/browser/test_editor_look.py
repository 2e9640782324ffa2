"""The editor with every kind of step: usable by all, and not wider than the screen."""

import pytest

from tests.browser.accessibility import grave_findings
from tests.browser.editor import Editor
from tests.browser.test_editor_kinds import DOCUMENTS
from tests.browser.test_pages_look import LOOKS
from workflows.models.definition import WorkflowDefinition

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def parts(editor):
    """Return the parts whose pages differ: the first of each action, a way, a reminder."""
    shown = editor.page.locator("[data-part]").evaluate_all(
        "all => all.map(one => one.dataset.part)"
    )
    blocks = [part for part in shown if part.split("/")[-2:-1] in (["cases"], ["reminders"])]
    top = [part for part in shown if part.count("/") == 1]
    return ["settings", *top, *blocks[:1], *blocks[-1:]]


@pytest.mark.parametrize("look", LOOKS)
def test_every_kind_can_be_used_by_all(visitor, company, look):
    steps = [step for one in DOCUMENTS.values() for step in one]
    document = {"name": "All", "trigger_type": "new_order", "steps": steps}
    row = WorkflowDefinition.objects.create(
        tenant=company, key="all", name="All", definition=document, version=1
    )
    page = visitor(bypass_csp=True, **LOOKS[look])
    editor = Editor(page).open(row)

    found = []
    for part in parts(editor):
        editor.go(part)
        editor.drawn()
        if look == "light":
            found += [f"{part}: {finding}" for finding in grave_findings(page)]
        else:
            width = "document.documentElement.scrollWidth - window.innerWidth"
            assert page.evaluate(width) <= 0, part
    assert found == []
    assert editor.document() == document
