"""A stored program, read back as the steps inside steps that its author wrote."""

import pytest
from hypothesis import given, settings

from tests.workflows.definition.conftest import CATALOGUE
from tests.workflows.definition.shapes import nested, with_everything
from tests.workflows.definition.test_any_document import blocks, document_of, without_dead_steps
from workflows.definition.blocks import lists_in
from workflows.definition.programs.compiler import compile_document
from workflows.definition.validate import ValidDocument
from workflows.presentation.runs.plans import VersionPlan, WayKind, every_step, plan_of


def as_written(steps):
    """Return names, each with the lists of steps inside it, in any order."""
    inner = [[block for _place, block in lists_in(one, "") if block] for one in steps]
    return [
        (one["name"], sorted(map(as_written, lists)))
        for one, lists in zip(steps, inner, strict=True)
    ]


def as_planned(steps):
    return [(one.name, sorted(as_planned(way.steps) for way in one.ways)) for one in steps]


def read_back(document):
    plan = plan_of(compile_document(ValidDocument(document, CATALOGUE)))
    after = plan.if_failed.steps if plan.if_failed else ()
    return as_planned(plan.steps), as_planned(after)


@pytest.mark.parametrize("document", [nested(), with_everything()], ids=["nested", "everything"])
def test_the_plan_is_the_document(document):
    assert read_back(document) == (
        as_written(document["steps"]),
        as_written(document.get("on_failure", [])),
    )


@given(main=blocks(2), after=blocks(1))
@settings(max_examples=60)
def test_the_plan_of_any_document_is_the_document(main, after):
    document = without_dead_steps(document_of(main, after))

    assert read_back(document) == (
        as_written(document["steps"]),
        as_written(document["on_failure"]),
    )


def test_a_child_has_the_plan_of_its_block():
    program = compile_document(ValidDocument(with_everything(), CATALOGUE))
    lines = plan_of(program).steps[1]
    [items] = lines.ways

    plan = plan_of(program, items.body)

    assert items.kind is WayKind.ITEMS
    assert plan.steps == items.steps
    assert plan.if_failed is None
    assert plan.name_at(items.body) == "look_up"


def test_what_child_runs_do_is_not_among_the_names_of_their_parent():
    plan = plan_of(compile_document(ValidDocument(with_everything(), CATALOGUE)))
    names = {step.name for step in every_step(plan)}

    assert "look_up" in names
    assert "look_up" not in plan.steps[1].names
    assert {"goods", "notice", "late", "lost"} <= plan.steps[2].names


@pytest.mark.parametrize("program", [{}, {"instructions": []}])
def test_without_a_program_there_is_no_plan(program):
    assert plan_of(program) == VersionPlan()
    assert plan_of(program, 7).name_at(3) == ""
