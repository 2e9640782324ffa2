"""Nothing that somebody typed is lost: back, reload, a lost session, two people at once."""

import pytest
from django.conf import settings

from tests.browser.editor import Editor, published
from tests.support.company import case
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.publish import publish

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MINE = "Mine: {{trigger.order_id}}"
THEIRS = "Theirs: {{trigger.order_id}}"


@pytest.fixture
def editor(visitor):
    return Editor(visitor())


@pytest.fixture
def definition(company):
    return published(company, case("seed_new_order"))


def type_subject(editor, text):
    editor.go("steps/2")
    editor.field("subject").fill(text)
    editor.settled()


def subject_of(definition):
    definition.refresh_from_db()
    return definition.definition["steps"][2]["params"]["subject"]


def test_a_reload_offers_the_unsaved_work(editor, definition):
    editor.open(definition)
    type_subject(editor, MINE)

    editor.page.reload()
    editor.ready()
    editor.page.click("text=Restore them")
    editor.go("steps/2")

    assert editor.field("subject").input_value() == MINE
    editor.save()
    assert subject_of(definition) == MINE
    assert not editor.page.is_visible("text=Restore them")


def test_the_way_back_offers_the_unsaved_work(editor, definition):
    editor.open(definition)
    type_subject(editor, MINE)

    editor.page.goto("/admin/")
    editor.page.go_back()
    editor.ready()
    editor.go("steps/2")
    if editor.field("subject").input_value() != MINE:
        editor.page.click("text=Restore them")
        editor.go("steps/2")

    assert editor.field("subject").input_value() == MINE


def test_discarded_work_is_not_offered_again(editor, definition):
    editor.open(definition)
    type_subject(editor, MINE)
    editor.page.reload()
    editor.ready()
    editor.page.click("text=Discard them")

    editor.page.reload()
    editor.ready()

    editor.settled()
    assert not editor.page.is_visible("text=Restore them")


def test_on_the_form_of_a_new_workflow_nothing_is_lost_and_nothing_falsely_unsaved(editor, company):
    """Saved as a draft, begun anew and left, the offer ignored: each piece of work is one."""
    page = editor.open().page
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    offered = page.locator(".sayr-editor-left-one")

    def begin(name):
        editor.field("name").fill(name)
        page.select_option('[data-field="trigger_type"]', "new_order")
        editor.settled()

    begin("Saved")
    editor.save_draft()
    assert page.url.endswith("/change/")
    editor.field("name").fill("Saved, and changed")
    editor.save_draft()
    assert asked == []  # who saves does not leave anything behind
    editor.open()
    editor.settled()
    assert not offered.count()

    begin("Left behind")
    editor.open()
    assert asked == ["beforeunload"]
    offered.wait_for()
    begin("Typed beside the offer")
    editor.open()
    page.wait_for_selector(".sayr-editor-left-one >> nth=1")
    offered.nth(1).locator("text=Restore them").click()
    assert editor.field("name").input_value() == "Left behind"
    editor.save_draft()

    editor.open()
    offered.wait_for()
    assert offered.count() == 1
    offered.locator("text=Restore them").click()
    assert editor.field("name").input_value() == "Typed beside the offer"
    names = set(WorkflowDefinition.objects.values_list("name", flat=True))
    assert names == {"Saved, and changed", "Left behind"}


def test_a_lost_session_loses_nothing(editor, definition, client):
    editor.open(definition)
    cookies = editor.page.context.cookies()
    editor.page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    type_subject(editor, MINE)
    editor.page.wait_for_selector("text=You are logged out")
    with editor.page.expect_navigation():
        editor.page.click('input[name="_continue"]')

    editor.page.context.add_cookies(cookies)
    editor.open(definition)
    editor.page.click("text=Restore them")
    editor.go("steps/2")

    assert editor.field("subject").input_value() == MINE


def publish_theirs(company, definition):
    theirs = case("seed_new_order")
    theirs["steps"][2]["params"]["subject"] = THEIRS
    definition.refresh_from_db()
    publish(company, "user:rana", definition, theirs, "A better subject")


def meet(editor, company, definition):
    editor.open(definition)
    type_subject(editor, MINE)
    publish_theirs(company, definition)
    editor.save()
    assert subject_of(definition) == THEIRS
    text = editor.page.inner_text(".sayr-editor-conflict")
    for words in ("rana", "A better subject", "Subject", "Mine:", "Theirs:"):
        assert words in text


def test_two_people_meet_and_mine_is_used(editor, company, definition):
    meet(editor, company, definition)

    editor.page.click('[data-side="mine"]')
    editor.save()

    assert subject_of(definition) == MINE
    assert definition.version == 3


def test_two_people_meet_and_theirs_is_used(editor, company, definition):
    meet(editor, company, definition)

    editor.page.click('[data-side="theirs"]')
    editor.go("steps/2")

    assert editor.field("subject").input_value() == THEIRS
    editor.save()
    assert definition.version == 2


def test_enter_in_a_field_publishes_nothing(editor, definition):
    editor.open(definition).go("steps/2")
    editor.field("subject").press("Enter")

    editor.settled()
    assert editor.page.is_visible('.sayr-editor-page[data-part="steps/2"]')
    assert not editor.page.is_visible(".messagelist")


@pytest.mark.parametrize(
    "options", [{"locale": "ar"}, {"color_scheme": "dark"}], ids=["ar", "dark"]
)
def test_other_looks_have_no_complaints(visitor, definition, options):
    editor = Editor(visitor(**options)).open(definition)

    for part in ("steps/0", "steps/1", "steps/2", "settings", "trigger"):
        editor.go(part)

    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert editor.page.evaluate(wide)


def test_the_keyboard_is_enough_to_add_a_step(editor, definition):
    page = editor.open(definition).page
    page.focus('[data-focus="add"]')
    page.keyboard.press("Enter")
    page.keyboard.type("whats")
    page.keyboard.press("Enter")

    page.wait_for_selector('.sayr-editor-page[data-part="steps/3"]')
    assert editor.cards()[-1] == "4. Send a WhatsApp message"


def test_every_field_has_a_name(editor, definition):
    page = editor.open(definition).page
    for part in ("trigger", "steps/0", "steps/1", "steps/2", "settings"):
        editor.go(part)
        nameless = page.evaluate(
            """() => [...document.querySelector('.sayr-editor-page')
                .querySelectorAll('input, select, textarea')]
                .filter((one) => one.offsetParent && !one.labels.length)
                .filter((one) => !one.getAttribute('aria-label'))
                .map((one) => one.outerHTML.slice(0, 200))"""
        )
        assert nameless == []
