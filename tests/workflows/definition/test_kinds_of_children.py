"""Validation of the steps that start child runs: each mistake, at its place."""

# ruff: noqa: E501 -- a row of a table is one line

from dataclasses import replace

import pytest

from tests.workflows.definition.conftest import CATALOGUE
from tests.workflows.definition.shapes import (
    branch,
    call,
    for_each,
    parallel,
    run_workflow,
    step,
    stop,
    with_everything,
)
from workflows.definition.validate import validate

LOOP = {"items": "{{ trigger.list }}", "steps": [call("inner")]}
ARMS = [{"name": "x", "steps": [call("a")]}, {"name": "y", "steps": [call("b")]}]


def arms(**changes):
    return {"branches": [ARMS[0], {**ARMS[1], **changes}]}


def assert_found(action, params, problems, document_with, found):
    expected = [(f"/steps/0/params{path}", code) for path, code in problems]
    assert found(document_with(steps=[step("here", action, **params)])) == expected


def test_a_document_of_all_the_rest_has_no_problems(found):
    assert found(with_everything()) == []


@pytest.mark.parametrize(
    ("params", "problems"),
    [
        (LOOP, []),
        ({**LOOP, "items": [1, {"sku": "{{ trigger.a }}"}]}, []),
        ({**LOOP, "items": []}, []),
        ({**LOOP, "concurrency": 50, "if_one_fails": "stop", "result": {"a": ["{{ steps.inner.output.x }}"]}}, []),
        ({**LOOP, "result": None}, []),
        ({**LOOP, "result": "{{ item.x }} no. {{ item_index }}"}, []),
        ({}, [("/items", "missing_param"), ("/steps", "missing_param")]),
        ({**LOOP, "items": {"a": 1}}, [("/items", "wrong_type")]),
        ({**LOOP, "items": "a, b"}, [("/items", "wrong_type")]),
        ({**LOOP, "items": ["{{ item }}"]}, [("/items/0", "no_item_here")]),
        ({**LOOP, "items": ["{{ nope }}"]}, [("/items/0", "unknown_root")]),
        ({**LOOP, "items": "{{ steps.inner.output.x }}"}, [("/items", "inside_block")]),
        ({**LOOP, "steps": []}, [("/steps", "empty")]),
        ({**LOOP, "steps": "{{ trigger.steps }}"}, [("/steps", "template_not_allowed")]),
        ({**LOOP, "steps": [call("inner", "{{ nope }}")]}, [("/steps/0/params/url", "unknown_root")]),
        ({**LOOP, "concurrency": 0}, [("/concurrency", "out_of_range")]),
        ({**LOOP, "concurrency": 51}, [("/concurrency", "out_of_range")]),
        ({**LOOP, "concurrency": "{{ trigger.n }}"}, [("/concurrency", "template_not_allowed")]),
        ({**LOOP, "if_one_fails": "ignore"}, [("/if_one_fails", "not_a_choice")]),
        ({**LOOP, "result": "{{ nope }}"}, [("/result", "unknown_root")]),
        ({**LOOP, "result": {"a": "{{ steps.here.output }}"}}, [("/result/a", "later_step")]),
        ({**LOOP, "item": 1}, [("/item", "unknown_param")]),
    ],
)  # fmt: skip
def test_for_each(params, problems, document_with, found):
    assert_found("for_each", params, problems, document_with, found)


@pytest.mark.parametrize(
    ("params", "problems"),
    [
        (arms(), []),
        ({**arms(), "if_one_fails": "continue"}, []),
        (arms(label="Y", result="{{ steps.b.output.x }}"), []),
        ({}, [("/branches", "missing_param")]),
        ({"branches": []}, [("/branches", "empty")]),
        ({"branches": ARMS[:1]}, [("/branches", "too_few")]),
        ({"branches": [{"name": f"n{n}", "steps": [call(f"s{n}")]} for n in range(21)]}, [("/branches", "too_many")]),
        ({"branches": {}}, [("/branches", "wrong_type")]),
        ({"branches": "{{ trigger.a }}"}, [("/branches", "template_not_allowed")]),
        (arms(name="x"), [("/branches/1/name", "duplicate")]),
        (arms(name="Second one"), [("/branches/1/name", "bad_identifier")]),
        (arms(name=""), [("/branches/1/name", "bad_identifier")]),
        (arms(name=1), [("/branches/1/name", "wrong_type")]),
        (arms(name="{{ trigger.a }}"), [("/branches/1/name", "template_not_allowed")]),
        (arms(label=""), [("/branches/1/label", "empty")]),
        (arms(steps=[]), [("/branches/1/steps", "empty")]),
        (arms(steps=[call("b", "{{ item }}")]), [("/branches/1/steps/0/params/url", "no_item_here")]),
        (arms(result="{{ steps.a.output.x }}"), [("/branches/1/result", "inside_block")]),
        (arms(results=1), [("/branches/1/results", "unknown_param")]),
        ({"branches": [ARMS[0], "y"]}, [("/branches/1", "wrong_type")]),
        ({**arms(), "if_one_fails": "wait"}, [("/if_one_fails", "not_a_choice")]),
    ],
)  # fmt: skip
def test_parallel(params, problems, document_with, found):
    assert_found("parallel", params, problems, document_with, found)


@pytest.mark.parametrize(
    ("params", "problems"),
    [
        ({"workflow": "refunds"}, []),
        ({"workflow": "refunds", "input": {"id": "{{ trigger.a }}"}}, []),
        ({"workflow": "refunds", "input": "{{ trigger.order }}"}, []),
        ({}, [("/workflow", "missing_param")]),
        ({"workflow": "refund"}, [("/workflow", "unknown_reference")]),
        ({"workflow": "{{ trigger.a }}"}, [("/workflow", "template_not_allowed")]),
        ({"workflow": "refunds", "input": []}, [("/input", "wrong_type")]),
        ({"workflow": "refunds", "input": {"a": "{{ nope }}"}}, [("/input/a", "unknown_root")]),
        ({"workflow": "refunds", "wait": False}, [("/wait", "unknown_param")]),
    ],
)
def test_run_workflow(params, problems, document_with, found):
    assert_found("run_workflow", params, problems, document_with, found)


def test_a_workflow_cannot_run_itself(document_with):
    own = replace(CATALOGUE, own_workflow="refunds")
    other = replace(CATALOGUE, own_workflow="orders")
    document = document_with(steps=[branch("b", [run_workflow()])])

    [problem] = validate(document, own)

    assert (problem.path, problem.code, problem.params) == (
        "/steps/0/params/cases/0/steps/0/params/workflow",
        "calls_itself",
        {"key": "refunds"},
    )
    assert validate(document, other) == []


@pytest.mark.parametrize(
    ("steps", "problems"),
    [
        ([for_each("l", [stop("s", scope="item")])], []),
        ([for_each("l", [stop("s", scope="run")])], []),
        ([for_each("l", [parallel("p", x=[stop("s", scope="item")], y=[call("c")])])], []),
        ([parallel("p", x=[stop("s", scope="item")], y=[call("c")])], ["/steps/0/params/branches/0/steps/0"]),
        ([call("c", on_error={"steps": [stop("s", scope="item")]})], ["/steps/0/on_error/steps/0"]),
    ],
)  # fmt: skip
def test_only_inside_a_list_an_item_can_be_stopped(steps, problems, document_with, found):
    expected = [(f"{place}/params/scope", "no_item_to_end") for place in problems]

    assert found(document_with(steps=steps)) == expected


def test_blocks_of_child_runs_nest_five_levels_deep(document_with, found):
    def nest(levels):
        steps = [call("inmost", "{{ item }}")]
        for level in range(levels):
            steps = [for_each(f"l{level}", steps)]
        return steps

    assert found(document_with(steps=nest(5))) == []
    assert [code for _, code in found(document_with(steps=nest(6)))] == ["too_deep"]
