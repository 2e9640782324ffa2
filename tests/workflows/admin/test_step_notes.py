"""A note on a step is for people: every document may have some, and no program knows of it."""

import copy

import pytest

from workflows.admin.editor.form.shape import from_form, to_form
from workflows.definition.codes import Code
from workflows.definition.programs.compiler import compile_document
from workflows.presentation.changes.sentences import told
from workflows.services.definitions.catalogue import problems_of, validated
from workflows.services.definitions.publish import publish

NOTE = "Ask Rana before you change this.\nThe customer wants it so."


@pytest.fixture
def noted(document):
    """The document with a note on each step."""
    made = copy.deepcopy(document)
    for step in made["steps"]:
        step["note"] = NOTE
    return made


def test_a_note_changes_no_program(tenant, document, noted):
    plain = compile_document(validated(tenant, document, ""))

    assert compile_document(validated(tenant, noted, "")) == plain


@pytest.mark.parametrize(
    ("note", "code"),
    [
        ("", None),
        (None, None),
        ("x" * 2000, None),
        ("x" * 2001, Code.TOO_LONG),
        (5, Code.WRONG_TYPE),
    ],
)
def test_what_a_note_may_be(tenant, document, note, code):
    document["steps"][0]["note"] = note

    found = {(one.path, one.code) for one in problems_of(tenant, document, "")}

    assert found == ({("/steps/0/note", code)} if code else set())


def test_the_editor_gives_it_back_as_it_was(noted):
    form = to_form(noted)

    assert [one["note"] for one in form["steps"]] == [NOTE, NOTE]
    assert from_form(form) == noted


def test_what_is_compared_says_that_a_note_came(document, noted):
    lines = [line for group in told(document, noted) for line in group.lines]

    assert {line.place for line in lines} == {"“Note for colleagues”"}
    assert all("Ask Rana" in line.new for line in lines)


def test_the_page_of_a_version_shows_it(ops, page, tenant, world, noted):
    version = publish(tenant, "user:x", world.definition, noted)

    assert "Ask Rana" in ops.get(page(version)).content.decode()
