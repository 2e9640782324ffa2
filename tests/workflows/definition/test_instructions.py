"""What the engine asks of the instructions that steer a run."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.workflows.definition.conftest import CATALOGUE
from tests.workflows.definition.shapes import (
    IF_ONE,
    approval,
    branch,
    call,
    emit,
    for_each,
    parallel,
    repeat,
    run_workflow,
    step,
    stop,
    wait,
    wait_for_event,
)
from workflows.definition.errors import ExpressionError
from workflows.definition.programs.compiler import compile_document
from workflows.definition.programs.program import load_program
from workflows.definition.retry import RetryPolicy
from workflows.definition.validate import ValidDocument


def stored_program(document):
    """Return a document's program, as it comes out of the database."""
    return load_program(
        json.loads(json.dumps(compile_document(ValidDocument(document, CATALOGUE))))
    )


def instruction(one):
    document = {"name": "A", "trigger_type": "anything", "steps": [one, call("last")]}
    return stored_program(document).instructions[0]


@pytest.mark.parametrize(
    ("value", "chosen"), [(1, ("Case 1", 2)), (2, ("Case 2", 3)), (3, ("otherwise", 4))]
)
def test_a_branch_chooses_the_first_case_that_holds(value, chosen, scope_of):
    one = instruction(branch("b", [call("x")], [call("y")], otherwise=[call("z")]))

    assert one.choose(scope_of({"a": value})) == chosen


def test_of_two_cases_that_hold_the_first_counts(scope_of):
    both = [
        {"label": "A", "when": IF_ONE, "steps": [call("x")]},
        {"label": "B", "when": IF_ONE, "steps": [call("y")]},
    ]

    assert instruction(step("b", "branch", cases=both)).choose(scope_of({"a": 1})) == ("A", 2)


def test_a_branch_without_otherwise_goes_on(scope_of):
    one = instruction(branch("b", [call("x")]))

    assert one.choose(scope_of({"a": 5})) == ("otherwise", None)
    assert one.next == 1


def test_a_branch_names_the_path_that_is_missing(scope_of):
    with pytest.raises(ExpressionError) as refused:
        instruction(branch("b", [call("x")])).choose(scope_of({}))

    assert (refused.value.code, refused.value.params) == ("missing_value", {"path": "trigger.a"})


@pytest.mark.parametrize(
    ("params", "outcome", "message"),
    [
        ({}, "completed", ""),
        ({"message": "Enough"}, "completed", "Enough"),
        ({"outcome": "failed", "message": "No {{ trigger.a }}"}, "failed", "No 1"),
    ],
)
def test_a_stop_says_how_the_run_ends(params, outcome, message, scope_of):
    one = instruction({**stop("s", **params), "condition": IF_ONE})

    assert (one.op, one.outcome) == ("stop", outcome)
    assert one.render(scope_of({"a": 1})) == {"message": message}


def test_a_repeat_knows_its_rounds(scope_of):
    one = instruction(repeat("r", [call("x")], every="90s", at_most=3))

    assert (one.op, one.body, one.every, one.at_most) == ("repeat", 2, timedelta(seconds=90), 3)
    assert [one.is_done(scope_of({"a": value})) for value in (1, 2)] == [True, False]


def test_an_event_is_filled_in(scope_of):
    params = {"payload": {"n": "{{ trigger.a }}", "t": "n={{ trigger.a }}"}}
    subject = {"subject_type": "order", "subject_id": "{{ trigger.a }}"}

    one = instruction(emit(type="checked", **params, **subject))

    assert one.render(scope_of({"a": 1})) == {
        "type": "checked",
        "payload": {"n": 1, "t": "n=1"},
        "subject_type": "order",
        "subject_id": "1",
    }


def test_an_event_needs_no_more_than_its_type(scope_of):
    assert instruction(emit(type="checked")).render(scope_of()) == {
        "type": "checked",
        "payload": {},
        "subject_type": None,
        "subject_id": None,
    }


@pytest.mark.parametrize(
    ("payload", "subject_id", "place"),
    [
        ("{{ trigger.list }}", "1", "/payload"),
        ("{{ trigger.object }}", "{{ trigger.empty }}", "/subject_id"),
        ("{{ trigger.object }}", "{{ trigger.long }}", "/subject_id"),
    ],
)
def test_an_event_that_cannot_be_stored_is_refused(payload, subject_id, place, scope_of):
    scope = scope_of({"list": [], "object": {}, "empty": "", "long": "x" * 101})
    one = instruction(emit(type="x", payload=payload, subject_type="order", subject_id=subject_id))

    with pytest.raises(ExpressionError) as refused:
        one.render(scope)

    assert (refused.value.code, refused.value.params["place"]) == ("bad_param", place)


def test_a_wait_shows_its_params_filled_in(scope_of):
    one = instruction(wait(until="{{ trigger.due }}", before="1h"))
    scope = scope_of({"due": "2026-12-01T10:00"})

    assert one.render(scope) == {"until": "2026-12-01T10:00", "before": "1h"}
    # The tenant is in Riyadh.
    assert one.wake_at(scope) == datetime(2026, 12, 1, 6, 0, tzinfo=UTC)


def test_a_list_is_filled_in(scope_of):
    written = instruction(for_each("l", [call("x")], items=[1, {"a": "{{ trigger.a }}"}]))
    found = instruction(for_each("l", [call("x")]))

    assert written.render(scope_of({"a": 1})) == {"items": [1, {"a": 1}]}
    assert found.render(scope_of({"list": ["a", None]})) == {"items": ["a", None]}


@pytest.mark.parametrize(
    ("one", "place", "rule"),
    [
        (for_each("l", [call("x")], items="{{ trigger.text }}"), "/items", "type"),
        (for_each("l", [call("x")], items="{{ trigger.object }}"), "/items", "type"),
        (run_workflow(input="{{ trigger.list }}"), "/input", "type"),
        (wait_for_event(match={"id": "{{ trigger.object }}"}), "/match/id", "type"),
        (wait_for_event(match={"id": "{{ trigger.null }}"}), "/match/id", "type"),
        (wait_for_event(match="{{ trigger.object }}"), "/match", "minProperties"),
        (approval(title="{{ trigger.empty }}"), "/title", "minLength"),
        (approval(approvers="{{ trigger.list }}"), "/approvers", "minItems"),
        (approval(approvers="{{ trigger.text }}"), "/approvers", "type"),
        (approval(approvers=["{{ trigger.empty }}"]), "/approvers/0", "minLength"),
    ],
)
def test_what_is_filled_in_has_to_fit(one, place, rule, scope_of):
    given = {"text": "a, b", "object": {}, "list": [], "null": None, "empty": ""}

    with pytest.raises(ExpressionError) as refused:
        instruction(one).render(scope_of(given))

    facts = refused.value.params
    assert (refused.value.code, facts["place"], facts["rule"]) == ("bad_param", place, rule)


def test_a_match_keeps_the_kind_of_its_values(scope_of):
    match = {"id": "{{ trigger.id }}", "text": "no. {{ trigger.id }}", "done": True}

    assert instruction(wait_for_event(match=match)).render(scope_of({"id": 42})) == {
        "match": {"id": 42, "text": "no. 42", "done": True}
    }


def test_what_a_child_hands_back_is_read_from_its_own_scope(scope_of):
    loop = for_each("l", [call("x")], result={"sku": "{{ item.sku }}", "n": "{{ item_index }}"})
    document = {"name": "A", "trigger_type": "anything", "steps": [loop]}
    program = stored_program(document)

    [block] = program.blocks.values()
    scope = scope_of(loop={"item": {"sku": "TS"}, "item_index": 3})
    assert (block.step_name, block.result_in(scope)) == ("l", {"sku": "TS", "n": 3})


EVERY_KIND = [
    branch("b", [call("x")]),
    stop(),
    wait(**{"for": "1h"}),
    repeat("r", [call("x")]),
    emit(type="x"),
    for_each("l", [call("x")]),
    parallel("p", x=[call("x")], y=[call("y")]),
    run_workflow(),
    wait_for_event(match={"id": 1}),
    approval(),
]


@pytest.mark.parametrize("one", EVERY_KIND, ids=lambda one: one["action"])
def test_every_instruction_can_be_skipped_and_is_tried_once(one, scope_of):
    loaded = instruction({**one, "condition": IF_ONE, "label": "L", "on_error": "continue"})

    assert [loaded.should_run(scope_of({"a": value})) for value in (1, 2)] == [True, False]
    assert (loaded.op, loaded.action, loaded.label) == (one["action"], one["action"], "L")
    assert (loaded.on_error, loaded.error_block, loaded.next) == ("continue", None, 1)
    assert (loaded.retry, loaded.timeout) == (RetryPolicy(attempts=1), None)
    assert isinstance(loaded.render(scope_of({"a": 1, "list": []})), dict)
