"""The editor with every kind of step: usable by all, and not wider than the screen."""

import pytest

from tests.browser.accessibility import LANGUAGES, hindrances, looks, too_wide
from tests.browser.editor import Editor
from tests.browser.test_editor_kinds import DOCUMENTS
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_can_be_used_by_all(visitor, company, language):
    steps = [step for one in DOCUMENTS.values() for step in one]
    document = {"name": "All", "trigger_type": "new_order", "steps": steps}
    row = WorkflowDefinition.objects.create(
        tenant=company, key="all", name="All", definition=document, version=1
    )
    page = visitor(**LANGUAGES[language])
    editor = Editor(page).open(row)

    found = [
        f"{look}: {one}"
        for look in looks(page, language=language)
        for one in hindrances(page, look)
    ]
    page.click('[data-do="several"]')
    page.check('[data-choose="steps/0"]')
    found += [f"choosing: {one}" for one in hindrances(page, "light", within=".sayr-editor-flow")]
    page.click('[data-do="several"]')
    for part in parts(editor):
        editor.go(part)
        for look in looks(page, language=language):
            editor.drawn()
            # The flow stays, and so do the elements in either language and size.
            is_known = language == "arabic" or look == "another size"
            checks = (
                too_wide(page) if is_known else hindrances(page, look, within=".sayr-editor-page")
            )
            found += [f"{part} in {look}: {one}" for one in checks]
    assert found == []
    assert editor.document() == document
