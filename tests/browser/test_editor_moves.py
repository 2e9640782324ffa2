"""Undo, moving between lists, copying between workflows: with the mouse and with the keyboard."""

import pytest

from tests.browser.editor import Editor, published
from tests.support.company import case
from tests.support.people import make_member
from tests.support.tenants import make_tenant
from workflows.models.definition import WorkflowDefinition

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BIG = {"all": [{"field": "trigger.total_amount", "operator": "greater_than", "value": "100"}]}


def note(name, text="Noted"):
    return {"name": name, "action": "log_note", "params": {"text": text}}


def ways(name, *steps):
    case = {"label": "Big ones", "when": BIG, "steps": list(steps)}
    return {"name": name, "action": "branch", "params": {"cases": [case], "otherwise": []}}


@pytest.fixture
def document():
    steps = [note("first"), ways("way", note("one"), note("two")), note("last")]
    del steps[1]["params"]["otherwise"]
    return {"name": "Ways", "trigger_type": "new_order", "steps": steps}


@pytest.fixture
def editor(visitor, company, document):
    return Editor(visitor()).open(published(company, document))


CASE = "steps/1/params/cases/0/steps"
OTHERWISE = "steps/1/params/otherwise"


def names(steps):
    return [step["name"] for step in steps]


def lists_of(editor):
    """Return the names in the main line, in the way, and in the rest."""
    steps = editor.document()["steps"]
    params = next(step for step in steps if step["name"] == "way")["params"]
    return (
        names(steps),
        names(params["cases"][0].get("steps", [])),
        names(params.get("otherwise", [])),
    )


def test_what_was_done_is_undone_and_done_again(editor, document):
    page = editor.page
    editor.go("steps/0")
    editor.field("text").press_sequentially(" and more")
    editor.add("stop", "The end")
    editor.go("steps/0")
    page.keyboard.press("Delete")
    changed = editor.document()

    for _step in range(2):
        page.keyboard.press("Control+z")
    assert names(editor.document()["steps"]) == ["first", "way", "last", "stop"]
    for _step in range(2):
        page.click('[data-do="undo"]')
    assert editor.document() == document
    assert page.is_disabled('[data-do="undo"]')

    for _step in range(4):
        page.keyboard.press("Control+Shift+z")
    assert editor.document() == changed


def test_typing_in_a_row_is_one_step_back_and_the_cursor_stays(editor):
    page = editor.page
    editor.go("steps/0")
    editor.field("text").fill("")
    editor.field("text").press_sequentially("Hello there")

    page.keyboard.press("Control+z")

    assert editor.field("text").input_value() in {"", "Noted"}
    assert editor.field("text").evaluate("field => field === document.activeElement")


def test_a_card_is_dragged_into_another_list_and_back(editor):
    page = editor.page
    page.drag_and_drop(
        '[data-drag="steps/2"]', f'[data-drag="{CASE}/0"]', target_position={"x": 60, "y": 4}
    )
    editor.drawn()
    assert lists_of(editor) == (["first", "way"], ["last", "one", "two"], [])

    page.drag_and_drop(f'[data-drag="{CASE}/2"]', f'[data-into="{OTHERWISE}"] > button')
    editor.drawn()
    assert lists_of(editor) == (["first", "way"], ["last", "one"], ["two"])

    page.drag_and_drop(
        '[data-drag="steps/0"]', f'[data-drag="{CASE}/1"]', target_position={"x": 60, "y": 30}
    )
    editor.drawn()
    # The branch stands first now, and its ways with it.
    assert lists_of(editor) == (["way"], ["last", "one", "first"], ["two"])


def test_a_step_is_not_dragged_into_itself(editor):
    page = editor.page
    before = editor.document()

    page.drag_and_drop('[data-drag="steps/1"]', f'[data-drag="{CASE}/0"]')
    editor.drawn()

    assert editor.document() == before


def test_the_keyboard_moves_steps_too(editor):
    page = editor.page
    editor.go("steps/2")
    page.focus('[data-part="steps/2"]')

    page.keyboard.press("Alt+ArrowUp")
    editor.drawn()
    assert lists_of(editor)[0] == ["first", "last", "way"]

    page.click('.sayr-editor-card-chosen [data-tool="move"]')
    page.click('[data-path="steps/2/params/cases/0/steps"]')
    editor.drawn()
    assert lists_of(editor) == (["first", "way"], ["one", "two", "last"], [])
    assert page.get_attribute(".sayr-editor-page", "data-part") == f"{CASE}/2"


def test_blocks_lie_five_deep_at_most(visitor, company):
    inner = [note("deepest")]
    for level in range(5, 0, -1):
        inner = [ways(f"level_{level}", *inner)]
        del inner[0]["params"]["otherwise"]
    document = {
        "name": "Deep",
        "trigger_type": "new_order",
        "steps": [*inner, ways("more", note("x"))],
    }
    del document["steps"][1]["params"]["otherwise"]
    editor = Editor(visitor()).open(published(company, document))
    path = "steps/0" + "/params/cases/0/steps/0" * 5

    editor.go(path)
    page = editor.page
    page.click('.sayr-editor-card-chosen [data-tool="plus"]')
    offered = page.locator(".sayr-editor-pick").evaluate_all(
        "all => all.map(one => one.dataset.action)"
    )
    page.keyboard.press("Escape")
    editor.go("steps/1")
    page.click('.sayr-editor-card-chosen [data-tool="move"]')
    page.click(f'[data-path="{path[:-2]}"]')
    page.wait_for_selector(".sayr-editor-toast:visible")

    assert "log_note" in offered
    assert {"branch", "for_each", "approval"}.isdisjoint(offered)
    assert editor.document() == document


def test_steps_are_copied_into_another_workflow(editor, company):
    page = editor.page
    other = published(company, {**case("seed_new_order"), "steps": [note("one")]}, key="other")
    editor.go("steps/1")
    page.click('.sayr-editor-card-chosen [data-tool="clip"]')
    page.wait_for_selector(".sayr-editor-toast:visible")

    editor.open(other).go("steps/0")
    page.click('.sayr-editor-card-chosen [data-tool="paste"]')
    page.wait_for_selector('.sayr-editor-page[data-part="steps/1"]')

    pasted = editor.document()["steps"][1]
    assert pasted["name"] == "way"
    # The name was taken here, so the copy has another.
    assert names(pasted["params"]["cases"][0]["steps"]) == ["one_2", "two"]
    editor.save()
    other.refresh_from_db()
    assert other.version == 2


def test_several_steps_are_copied_into_another_workflow_at_once(editor, company):
    page = editor.page
    reads = note("reads", "{{ steps.first.status }}")
    other = published(company, {**case("seed_new_order"), "steps": [note("last")]}, key="other")
    mine = {"name": "Mine", "trigger_type": "new_order", "steps": [note("first"), reads]}
    editor.open(published(company, mine, key="mine"))
    page.click('[data-do="several"]')
    # The second first: they keep the order in which they stand.
    page.check('[data-choose="steps/1"]')
    page.check('[data-choose="steps/0"]')
    page.click('[data-do="several-copy"]')
    page.wait_for_selector(".sayr-editor-toast:visible")
    assert page.locator(".sayr-editor-choose").count() == 0

    editor.open(other)
    for expected in (["first", "reads"], ["first_2", "reads_2"]):
        page.click('[data-do="paste"]')
        page.wait_for_function(
            "value => document.querySelector('.sayr-editor-source').value.includes(value)",
            arg=f'"{expected[1]}"',
        )
        assert names(editor.document()["steps"])[-2:] == expected
    last = editor.document()["steps"][-1]
    assert last["params"]["text"] == "{{ steps.first_2.status }}"

    page.keyboard.press("Control+z")
    assert names(editor.document()["steps"]) == ["last", "first", "reads"]
    editor.save()
    other.refresh_from_db()
    assert other.version == 2


def test_a_row_of_steps_is_chosen_with_shift_and_taken_out_in_one_step(editor, document):
    page = editor.page
    editor.go("steps/0")
    page.click('[data-part="steps/1"]', modifiers=["Shift"])
    page.click(f'[data-part="{CASE}/1"]', modifiers=["Control"])
    assert page.inner_text('.sayr-editor-several [role="status"]') == "Chosen: 2"

    page.click('[data-do="several-delete"]')
    page.wait_for_selector(".sayr-editor-toast:visible")
    assert names(editor.document()["steps"]) == ["last"]

    page.click('[data-do="undo"]')
    assert editor.document() == document


def test_steps_are_chosen_and_cut_with_the_keyboard_alone(editor, document):
    page = editor.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.focus(f'[data-part="{CASE}/0"]')
    page.keyboard.press("Shift+ArrowDown")
    assert page.evaluate("document.activeElement.dataset.part") == f"{CASE}/1"
    page.keyboard.press("Control+x")
    page.wait_for_selector(".sayr-editor-toast:visible")
    editor.drawn()
    assert lists_of(editor) == (["first", "way", "last"], [], [])

    page.focus('[data-part="steps/0"]')
    page.keyboard.press("Escape")
    assert page.locator(".sayr-editor-choose").count() == 0
    page.keyboard.press("Control+v")
    page.wait_for_selector('[data-part="steps/4"]')
    assert lists_of(editor)[0] == ["first", "one", "two", "way", "last"]

    for _step in range(2):
        page.keyboard.press("Control+z")
    assert editor.document() == document


def test_the_keyboard_cuts_and_pastes_what_documents_are_written_in(editor):
    page = editor.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    editor.go(f"{CASE}/1")
    page.focus(f'[data-part="{CASE}/1"]')
    page.keyboard.press("Control+x")
    page.wait_for_selector(".sayr-editor-toast:visible")
    editor.drawn()
    assert lists_of(editor) == (["first", "way", "last"], ["one"], [])
    text = page.evaluate("navigator.clipboard.readText()")

    page.focus('[data-part="steps/2"]')
    page.keyboard.press("Control+v")
    page.wait_for_selector('.sayr-editor-page[data-part="steps/3"]')

    assert '"name": "two"' in text
    assert "uid" not in text
    assert lists_of(editor) == (["first", "way", "last", "two"], ["one"], [])


def test_pasting_says_what_another_company_lacks(visitor, company, client):
    document = {**case("seed_new_order")}
    mine = Editor(visitor()).open(published(company, document))
    mine.go("steps/1")
    mine.page.click('.sayr-editor-card-chosen [data-tool="clip"]')
    mine.page.wait_for_selector(".sayr-editor-toast:visible")
    text = mine.page.evaluate("localStorage.getItem('sayr-copied-steps')")
    elsewhere = make_tenant("najd", "Najd Stores")
    make_member(elsewhere, "noura", "operations")

    theirs = Editor(visitor("noura")).open(
        published(elsewhere, {**document, "steps": [note("one")]})
    )
    theirs.page.evaluate("text => localStorage.setItem('sayr-copied-steps', text)", text)
    theirs.go("steps/0")
    theirs.page.reload()
    theirs.ready().page.click('[data-do="paste"]')

    said = theirs.page.wait_for_selector(".sayr-editor-toast:visible").inner_text()
    assert "order_confirmed" in said
    assert names(theirs.document()["steps"]) == ["one", "notify_customer"]


def test_a_mistake_in_a_nested_step_shows_at_its_field_and_card(editor):
    page = editor.page
    editor.go(f"{CASE}/1")

    editor.field("text").fill("{{ trigger.nope }}")
    page.wait_for_selector(".rjf-error-text")

    assert "nope" in page.inner_text(".rjf-error-text")
    assert page.locator(f'.sayr-editor-card-bad [data-part="{CASE}/1"]').count() == 1
    editor.go("trigger")
    page.click(".sayr-editor-status button")
    page.wait_for_selector(f'.sayr-editor-page[data-part="{CASE}/1"]')


def test_a_mistake_after_an_error_shows_there(visitor, company):
    step = {**note("first"), "on_error": {"steps": [note("sorry", "{{ trigger.nope }}")]}}
    document = {
        "name": "Ways",
        "trigger_type": "new_order",
        "steps": [step],
        "on_failure": [note("oh", "{{ nope }}")],
    }
    row = WorkflowDefinition.objects.create(
        tenant=company, key="ways", name="Ways", definition=document, version=1
    )
    editor = Editor(visitor()).open(row)

    for part in ("steps/0/on_error/steps/0", "on_failure/0"):
        editor.go(part)
        editor.page.wait_for_selector(".rjf-error-text")
    assert editor.page.locator(".sayr-editor-card-bad").count() == 2
    assert editor.document() == document


def test_the_inside_of_a_step_is_folded(editor):
    page = editor.page
    page.click('.sayr-editor-card:has([data-part="steps/1"]) [aria-expanded="true"]')
    editor.drawn()
    assert page.locator(f'[data-part="{CASE}/0"]').count() == 0

    page.click('.sayr-editor-card:has([data-part="steps/1"]) [aria-expanded="false"]')
    editor.drawn()
    assert page.locator(f'[data-part="{CASE}/0"]').count() == 1
