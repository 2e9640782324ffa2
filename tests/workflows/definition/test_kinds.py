"""Validation of the steps that steer a run: each mistake, at its place."""

# ruff: noqa: E501 -- a row of a table is one line

import pytest
from jsonschema import Draft202012Validator

from tests.workflows.definition.shapes import (
    IF_ONE,
    ROW,
    after_error,
    approval,
    branch,
    call,
    emit,
    for_each,
    nested,
    parallel,
    repeat,
    run_workflow,
    step,
    stop,
    wait,
    wait_for_event,
)
from workflows.definition.kinds import KINDS

CASE = {"label": "High risk", "when": IF_ONE, "steps": [call("high")]}
HOURS = {"days": ["sun", "thu"], "from": "09:00", "to": "17:00"}
POLL = {"steps": [call("ask")], "until": IF_ONE, "every": "1m", "at_most": 10}


def test_a_document_of_all_kinds_has_no_problems(found):
    assert found(nested()) == []


def without(key, params):
    return {name: value for name, value in params.items() if name != key}


@pytest.mark.parametrize(
    ("params", "problems"),
    [
        ({"cases": [CASE]}, []),
        ({"cases": [CASE], "otherwise": []}, []),
        ({"cases": [CASE], "otherwise": [call("low")]}, []),
        ({"cases": [without("label", CASE)]}, []),
        ({}, [("/cases", "missing_param")]),
        ({"cases": []}, [("/cases", "empty")]),
        ({"cases": {}}, [("/cases", "wrong_type")]),
        ({"cases": ["x"]}, [("/cases/0", "wrong_type")]),
        ({"cases": "{{ trigger.cases }}"}, [("/cases", "template_not_allowed")]),
        ({"cases": [{**CASE, "label": "{{ trigger.a }}"}]}, [("/cases/0/label", "template_not_allowed")]),
        ({"cases": [{**CASE, "label": ""}]}, [("/cases/0/label", "empty")]),
        ({"cases": [CASE, {**CASE, "steps": [call("b")]}]}, [("/cases/1/label", "duplicate")]),
        ({"cases": [without("when", CASE)]}, [("/cases/0/when", "missing_param")]),
        ({"cases": [{**CASE, "when": {}}]}, [("/cases/0/when", "empty")]),
        ({"cases": [{**CASE, "when": []}]}, [("/cases/0/when", "wrong_type")]),
        ({"cases": [{**CASE, "when": ROW}]}, [("/cases/0/when", "bad_condition")]),
        ({"cases": [{**CASE, "when": {"all": [{**ROW, "operator": "is"}]}}]}, [("/cases/0/when/all/0/operator", "unknown_operator")]),
        ({"cases": [without("steps", CASE)]}, [("/cases/0/steps", "missing_param")]),
        ({"cases": [{**CASE, "steps": []}]}, [("/cases/0/steps", "empty")]),
        ({"cases": [{**CASE, "steps": {}}]}, [("/cases/0/steps", "wrong_type")]),
        ({"cases": [{**CASE, "steps": ["x"]}]}, [("/cases/0/steps/0", "wrong_type")]),
        ({"cases": [{**CASE, "steps": [call("a", retry=3)]}]}, [("/cases/0/steps/0/retry", "wrong_type")]),
        ({"cases": [{**CASE, "step": []}]}, [("/cases/0/step", "unknown_param")]),
        ({"cases": [CASE], "otherwise": "x"}, [("/otherwise", "wrong_type")]),
        ({"cases": [CASE], "otherwise": [{}]}, [("/otherwise/0/name", "required"), ("/otherwise/0/action", "required"), ("/otherwise/0/params", "required")]),
        ({"cases": [CASE], "else": []}, [("/else", "unknown_param")]),
    ],
)  # fmt: skip
def test_branch(params, problems, document_with, found):
    assert_found("branch", params, problems, document_with, found)


@pytest.mark.parametrize(
    ("params", "problems"),
    [
        ({}, []),
        ({"outcome": "completed"}, []),
        ({"message": "Enough"}, []),
        ({"outcome": "failed", "message": "No: {{ trigger.a }}"}, []),
        ({"outcome": "failed"}, [("/message", "missing_param")]),
        ({"outcome": "done"}, [("/outcome", "not_a_choice")]),
        ({"outcome": "{{ trigger.a }}"}, [("/outcome", "template_not_allowed")]),
        ({"message": ""}, [("/message", "empty")]),
        ({"message": 5}, [("/message", "wrong_type")]),
        ({"message": "{{ nope }}"}, [("/message", "unknown_root")]),
        ({"mesage": "x"}, [("/mesage", "unknown_param")]),
        ({"scope": "run"}, []),
        ({"scope": "item"}, [("/scope", "no_item_to_end")]),
        ({"scope": "all"}, [("/scope", "not_a_choice")]),
    ],
)
def test_stop(params, problems, document_with, found):
    assert_found("stop", params, problems, document_with, found)


@pytest.mark.parametrize(
    ("params", "problems"),
    [
        ({"for": "2h"}, []),
        ({"for": "2h", "window": HOURS}, []),
        ({"window": HOURS}, []),
        ({"window": without("days", HOURS)}, []),
        ({"window": {**HOURS, "from": "20:00", "to": "02:00"}}, []),
        ({"window": {**HOURS, "from": "00:00", "to": "24:00"}}, []),
        ({"until": "{{ trigger.due }}"}, []),
        ({"until": "2026-12-31"}, []),
        ({"until": "2026-12-31T09:00+03:00", "before": "30m"}, []),
        ({"until": 1_800_000_000, "after": "1h"}, []),
        ({}, [("", "choose_one")]),
        ({"for": 30}, [("/for", "wrong_type")]),
        ({"for": "soon"}, [("/for", "bad_duration")]),
        ({"for": "0s"}, [("/for", "out_of_range")]),
        ({"for": "{{ trigger.a }}"}, [("/for", "template_not_allowed")]),
        ({"for": "1h", "until": "2026-12-31"}, [("/for", "not_together")]),
        ({"window": HOURS, "until": "2026-12-31"}, [("/window", "not_together")]),
        ({"until": "03/04/2026"}, [("/until", "bad_moment")]),
        ({"until": True}, [("/until", "wrong_type")]),
        ({"until": "{{ nope }}"}, [("/until", "unknown_root")]),
        ({"until": "2026-12-31", "before": "1h", "after": "1h"}, [("/after", "not_together")]),
        ({"until": "2026-12-31", "before": "-1h"}, [("/before", "bad_duration")]),
        ({"for": "1h", "before": "1h"}, [("/before", "needs_other")]),
        ({"window": HOURS, "after": "1h"}, [("/after", "needs_other")]),
        ({"window": {}}, [("/window/from", "missing_param"), ("/window/to", "missing_param")]),
        ({"window": "9-5"}, [("/window", "wrong_type")]),
        ({"window": {**HOURS, "days": []}}, [("/window/days", "empty")]),
        ({"window": {**HOURS, "days": ["sunday"]}}, [("/window/days/0", "not_a_choice")]),
        ({"window": {**HOURS, "days": ["{{ trigger.a }}"]}}, [("/window/days/0", "template_not_allowed")]),
        ({"window": {**HOURS, "from": "9:00"}}, [("/window/from", "bad_clock")]),
        ({"window": {**HOURS, "to": "25:00"}}, [("/window/to", "bad_clock")]),
        ({"window": {**HOURS, "to": "09:00"}}, [("/window/to", "empty_window")]),
        ({"window": {**HOURS, "zone": "UTC"}}, [("/window/zone", "unknown_param")]),
    ],
)  # fmt: skip
def test_wait(params, problems, document_with, found):
    assert_found("wait", params, problems, document_with, found)


@pytest.mark.parametrize(
    ("params", "problems"),
    [
        (POLL, []),
        ({}, [("/steps", "missing_param"), ("/until", "missing_param"), ("/every", "missing_param"), ("/at_most", "missing_param")]),
        ({**POLL, "steps": []}, [("/steps", "empty")]),
        ({**POLL, "steps": [{**call(), "name": "Ask"}]}, [("/steps/0/name", "bad_step_name")]),
        ({**POLL, "until": {}}, [("/until", "empty")]),
        ({**POLL, "until": {"all": []}}, [("/until/all", "empty")]),
        ({**POLL, "every": "often"}, [("/every", "bad_duration")]),
        ({**POLL, "every": "0s"}, [("/every", "out_of_range")]),
        ({**POLL, "at_most": 0}, [("/at_most", "out_of_range")]),
        ({**POLL, "at_most": 1001}, [("/at_most", "out_of_range")]),
        ({**POLL, "at_most": "10"}, [("/at_most", "wrong_type")]),
        ({**POLL, "at_most": "{{ trigger.a }}"}, [("/at_most", "template_not_allowed")]),
        ({**POLL, "times": 1}, [("/times", "unknown_param")]),
    ],
)  # fmt: skip
def test_repeat(params, problems, document_with, found):
    assert_found("repeat", params, problems, document_with, found)


@pytest.mark.parametrize(
    ("params", "problems"),
    [
        ({"type": "order_checked"}, []),
        ({"type": "order_checked", "payload": {"id": "{{ trigger.a }}", "n": [1]}}, []),
        ({"type": "order_checked", "payload": "{{ trigger.order }}"}, []),
        ({"type": "order_checked", "subject_type": "order", "subject_id": "{{ trigger.a }}"}, []),
        ({}, [("/type", "missing_param")]),
        ({"type": ""}, [("/type", "empty")]),
        ({"type": "x" * 101}, [("/type", "bad_param")]),
        ({"type": "{{ trigger.a }}"}, [("/type", "template_not_allowed")]),
        ({"type": "a", "payload": []}, [("/payload", "wrong_type")]),
        ({"type": "a", "payload": {"id": "{{ nope }}"}}, [("/payload/id", "unknown_root")]),
        ({"type": "a", "subject_type": "order"}, [("/subject_type", "needs_other")]),
        ({"type": "a", "subject_id": "1"}, [("/subject_id", "needs_other")]),
        ({"type": "a", "subject": "1"}, [("/subject", "unknown_param")]),
    ],
)  # fmt: skip
def test_emit_event(params, problems, document_with, found):
    assert_found("emit_event", params, problems, document_with, found)


def assert_found(action, params, problems, document_with, found):
    expected = [(f"/steps/0/params{path}", code) for path, code in problems]
    assert found(document_with(steps=[step("here", action, **params)])) == expected


EVERY_KIND = [
    branch("a", [call("b")]),
    stop("a"),
    wait("a", **{"for": "1h"}),
    repeat("a", [call("b")]),
    emit("a", type="x"),
    for_each("a", [call("b")]),
    parallel("a", x=[call("b")], y=[call("d")]),
    run_workflow("a"),
    wait_for_event("a"),
    approval("a"),
]


@pytest.mark.parametrize("one", EVERY_KIND, ids=lambda one: one["action"])
@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"label": "L", "condition": IF_ONE, "on_error": "continue"}, []),
        ({"on_error": after_error(call("c"), then="continue")}, []),
        ({"retry": None, "timeout": None}, []),
        ({"retry": {"attempts": 2}}, [("/steps/0/retry", "not_for_this_step")]),
        ({"timeout": "30s"}, [("/steps/0/timeout", "not_for_this_step")]),
        ({"after_crash": "repeat"}, [("/steps/0/after_crash", "not_for_this_step")]),
        ({"params": None}, [("/steps/0/params", "wrong_type")]),
    ],
)
def test_what_every_kind_may_say(one, changes, problems, document_with, found):
    assert found(document_with(steps=[{**one, **changes}])) == problems


@pytest.mark.parametrize(
    ("steps", "problems"),
    [
        ([stop("a"), call("b"), call("c")], [("/steps/1", "unreachable_step")]),
        ([{**stop("a"), "condition": IF_ONE}, call("b")], []),
        ([{**stop("a"), "on_error": "continue"}, call("b")], []),
        ([{**stop("a"), "on_error": after_error(call("c"), then="continue")}, call("b")], []),
        ([{**stop("a"), "on_error": after_error(call("c"))}, call("b")], [("/steps/1", "unreachable_step")]),
        ([{**stop("a"), "on_error": after_error(stop("c"), then="continue")}, call("b")], [("/steps/1", "unreachable_step")]),
        ([branch("a", [stop("s")]), call("b")], []),
        ([branch("a", [stop("s")], otherwise=[stop("t")]), call("b")], [("/steps/1", "unreachable_step")]),
        ([branch("a", [stop("s")], otherwise=[call("t")]), call("b")], []),
        ([branch("a", [stop("s"), call("t")])], [("/steps/0/params/cases/0/steps/1", "unreachable_step")]),
        ([repeat("a", [stop("s")]), call("b")], [("/steps/1", "unreachable_step")]),
        ([repeat("a", [branch("s", [stop("t")])]), call("b")], []),
        # A list may have no items; a branch that ends the run leaves nothing to go on.
        ([for_each("a", [stop("s")]), call("b")], []),
        ([for_each("a", [stop("s", scope="run")]), call("b")], []),
        ([for_each("a", [stop("s"), call("t")])], [("/steps/0/params/steps/1", "unreachable_step")]),
        ([parallel("a", x=[stop("s")], y=[call("t")]), call("b")], [("/steps/1", "unreachable_step")]),
        ([parallel("a", x=[branch("s", [stop("t")])], y=[call("u")]), call("b")], []),
        ([for_each("a", [parallel("p", x=[stop("s")], y=[call("t")]), call("u")])], [("/steps/0/params/steps/1", "unreachable_step")]),
        # A reminder that ends the run may never come; on_timeout is one of two ways.
        ([wait_for_event("a", timeout="1h", on_timeout=[stop("s")]), call("b")], []),
        ([approval("a", reminders=[{"after": "1h", "steps": [stop("s")]}]), call("b")], []),
    ],
)  # fmt: skip
def test_steps_that_can_never_run_are_a_problem(steps, problems, document_with, found):
    assert found(document_with(steps=steps)) == problems


def nest(levels):
    steps = [call("inmost")]
    for level in range(levels):
        steps = [branch(f"b{level}", steps)]
    return steps


def test_blocks_nest_five_levels_deep(document_with, found):
    inside = "/params/cases/0/steps"

    assert found(document_with(steps=nest(5))) == []
    assert found(document_with(steps=nest(6))) == [
        ("/steps/0" + f"{inside}/0" * 5 + inside, "too_deep")
    ]


def test_steps_after_an_error_nest_too(document_with, found):
    steps = call("s0")
    for level in range(1, 7):
        steps = call(f"s{level}", on_error=after_error(steps))

    assert found(document_with(steps=[steps])) == [
        ("/steps/0" + "/on_error/steps/0" * 5 + "/on_error/steps", "too_deep")
    ]


@pytest.mark.parametrize(("more", "problems"), [(0, []), (1, [("/steps", "too_many")])])
def test_the_limit_counts_every_step(more, problems, document_with, found):
    many = [call(f"s{number}") for number in range(195 + more)]
    handled = call("a", on_error=after_error(call("b")))
    steps = [handled, branch("c", many), call("d")]

    assert found(document_with(steps=steps, on_failure=[call("e")])) == problems


def test_step_names_are_unique_in_the_whole_document(document_with, found):
    steps = [
        branch("a", [call("b")], otherwise=[call("b")]),
        repeat("c", [call("a")]),
        call("d", on_error=after_error(call("c"))),
    ]

    assert found(document_with(steps=steps, on_failure=[call("d")])) == [
        ("/steps/0/params/otherwise/0/name", "duplicate_step_name"),
        ("/steps/1/params/steps/0/name", "duplicate_step_name"),
        ("/steps/2/on_error/steps/0/name", "duplicate_step_name"),
        ("/on_failure/0/name", "duplicate_step_name"),
    ]


def test_of_two_steps_with_one_name_the_schema_says_which_is_the_first(document_with, found):
    params = {"otherwise": [call("b")], "cases": [{**CASE, "steps": [call("b")]}]}

    assert found(document_with(steps=[step("a", "branch", **params)])) == [
        ("/steps/0/params/otherwise/0/name", "duplicate_step_name")
    ]


def test_labels_of_nested_steps_are_no_templates(document_with, found):
    steps = [branch("a", [call("b", label="{{ anything")])]

    assert found(document_with(steps=steps)) == []


def test_the_kinds_have_schemas():
    for kind in KINDS.values():
        Draft202012Validator.check_schema(dict(kind.params))
        Draft202012Validator.check_schema(dict(kind.rendered_schema))

    assert set(KINDS) == {
        "branch", "stop", "wait", "repeat", "emit_event", "for_each", "parallel", "run_workflow",
        "wait_for_event", "approval",
    }  # fmt: skip


def test_an_editor_finds_where_steps_and_conditions_stand():
    case = KINDS["branch"].params["properties"]["cases"]["items"]["properties"]
    body = KINDS["repeat"].params["properties"]

    assert case["steps"]["x-steps"] is True
    assert case["when"]["x-condition"] is True
    assert body["steps"]["x-steps"] is True
    assert body["until"]["x-condition"] is True
    assert KINDS["stop"].params["properties"]["message"]["x-text"] == "plain"
