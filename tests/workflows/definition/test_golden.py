"""A program that was stored once means the same for ever: documents and programs of back then."""

import json
from pathlib import Path

import pytest

from tests.workflows.definition.conftest import CATALOGUE
from workflows.definition.language import LANGUAGE_VERSION
from workflows.definition.programs.compiler import compile_document
from workflows.definition.programs.program import RunSettings, load_program
from workflows.definition.validate import ValidDocument

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))
STORED = {path.stem: json.loads(path.read_text()) for path in GOLDEN}
WITH_DOCUMENT = [name for name, stored in STORED.items() if "document" in stored]
# Of those before, only what a stored program does is held, not how a document is compiled today.
OF_THIS_LANGUAGE = [
    name
    for name in WITH_DOCUMENT
    if STORED[name]["program"]["language_version"] == LANGUAGE_VERSION
]


def test_there_are_stored_programs():
    assert len(STORED) >= 8
    assert {"nested", "deep", "head", "new_order", "numbers"} <= set(WITH_DOCUMENT)
    assert {"nested_3", "deep_3", "head_3", "new_order_3", "numbers_3"} <= set(OF_THIS_LANGUAGE)


@pytest.mark.parametrize("name", OF_THIS_LANGUAGE)
def test_a_document_compiles_to_the_program_of_back_then(name):
    stored = STORED[name]

    assert compile_document(ValidDocument(stored["document"], CATALOGUE)) == stored["program"]


@pytest.mark.parametrize("name", STORED)
def test_a_stored_program_speaks_the_language_of_its_day(name):
    stored = STORED[name]["program"]

    program = load_program(stored)

    assert program.language == stored["language_version"]


@pytest.mark.parametrize("name", STORED)
def test_a_stored_program_loads_and_asks_for_nothing_that_came_later(name):
    stored = STORED[name]["program"]

    program = load_program(stored)

    assert [(one.op, one.name, one.next) for one in program.instructions] == [
        (one["op"], one["name"], one["next"]) for one in stored["instructions"]
    ]
    if not {"for_each", "parallel"} & {one["op"] for one in stored["instructions"]}:
        assert (dict(program.blocks), program.output) == ({}, None)
    assert program.settings == RunSettings()
    assert {getattr(one, "after_crash", "ask") for one in program.instructions} == {"ask"}
    assert {getattr(one, "levels", 0) for one in program.instructions} == {0}
