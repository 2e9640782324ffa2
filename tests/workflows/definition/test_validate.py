"""Validation: every problem, at its place; and it never raises."""

# ruff: noqa: E501 -- a row of a table is one line

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflows.definition.shapes import nested, with_everything
from workflows.definition.catalogue import Catalogue
from workflows.definition.programs.compiler import compile_document
from workflows.definition.programs.program import load_program
from workflows.definition.validate import ValidDocument, validate

ROW = {"field": "trigger.a", "operator": "equals", "value": 1}


def webhook(name="call", **step):
    return {"name": name, "action": "webhook", "params": {"url": "https://x"}, **step}


def test_the_first_workflow_has_no_problems(order_document, catalogue):
    assert validate(order_document, catalogue) == []


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"language": 1}, []),
        ({"language": 2}, [("/language", "unknown_language")]),
        ({"language": True}, [("/language", "unknown_language")]),
        ({"name": ""}, [("/name", "empty")]),
        ({"name": "x" * 201}, [("/name", "too_long")]),
        ({"name": 5}, [("/name", "wrong_type")]),
        ({"trigger_type": None}, [("/trigger_type", "wrong_type")]),
        ({"trigger": []}, [("/trigger", "wrong_type")]),
        ({"trigger": {"cron": "0 8 * * *"}}, []),
        ({"trigger_filter": {}}, []),
        ({"trigger_filter": None, "also_on": None, "settings": None, "values": None}, []),
        ({"also_on": ["other"]}, []),
        ({"also_on": ["anything"]}, [("/also_on/0", "duplicate")]),
        ({"also_on": ["b", "b", 1]}, [("/also_on/1", "duplicate"), ("/also_on/2", "wrong_type")]),
        ({"also_on": "b"}, [("/also_on", "wrong_type")]),
        ({"settings": {"start_on_own_changes": True}}, []),
        ({"settings": {"start_on_own_changes": 1}}, [("/settings/start_on_own_changes", "wrong_type")]),
        ({"settings": {"max_running": 1, "deadline": "7d", "concurrency_key": "{{ trigger.a }}"}}, []),
        ({"settings": {"max_running": 0}}, [("/settings/max_running", "out_of_range")]),
        ({"settings": {"max_running": "5"}}, [("/settings/max_running", "wrong_type")]),
        ({"settings": {"deadline": "soon"}}, [("/settings/deadline", "bad_duration")]),
        ({"settings": {"deadline": "0s"}}, [("/settings/deadline", "out_of_range")]),
        ({"settings": {"concurrency_key": 5}}, [("/settings/concurrency_key", "wrong_type")]),
        ({"settings": {"concurrency_key": ""}}, [("/settings/concurrency_key", "empty")]),
        ({"settings": {"concurrency_key": "one"}}, []),
        ({"settings": {"concurrency_key": "{{ previous.a }}-{{ tenant.key }}"}}, []),
        ({"settings": {"concurrency_key": "{{ values.lane }}"}}, [("/settings/concurrency_key", "unknown_value")]),
        ({"settings": {"concurrency_key": "{{ steps.call.output.x | default: 1 }}"}}, [("/settings/concurrency_key", "not_known_at_start")]),
        ({"settings": {"concurrency_key": "{{ run.id }}{{ now }}"}}, [("/settings/concurrency_key", "not_known_at_start")] * 2),
        ({"settings": {"concurrency_key": "{{ item }}"}}, [("/settings/concurrency_key", "not_known_at_start")]),
        ({"settings": {"concurrency_key": "{{ nope }}"}}, [("/settings/concurrency_key", "unknown_root")]),
        ({"settings": {"concurrency_key": "{{ trigger.a"}}, [("/settings/concurrency_key", "template_syntax")]),
        ({"settings": {"concurrency_key": "x", "when_busy": "replace"}}, []),
        ({"settings": {"when_busy": "wait"}}, []),
        ({"settings": {"when_busy": "replace"}}, [("/settings/when_busy", "needs_other")]),
        ({"settings": {"concurrency_key": "x", "when_busy": "skip"}}, [("/settings/when_busy", "not_a_choice")]),
        ({"output": None}, []),
        ({"output": "{{ steps.call.output.x }}"}, []),
        ({"output": {"a": [1, "{{ steps.call.output.x }}", "{{ trigger.a }}"]}}, []),
        ({"output": {"a": "{{ steps.nobody.output.x }}"}}, [("/output/a", "unknown_step")]),
        ({"output": {"a": "{{ run.error.code }}"}}, [("/output/a", "no_error_here")]),
        ({"output": {"a": "{{ item }}"}}, [("/output/a", "no_item_here")]),
        ({"settings": {"a~b/c": 1}}, [("/settings/a~0b~1c", "unknown_key")]),
        ({"settings": []}, [("/settings", "wrong_type")]),
        ({"values": {"vat": "0.15", "tags": {"a": ["b"]}}}, []),
        ({"values": {"vat": ["{{ trigger.x }}"]}}, [("/values/vat/0", "template_not_allowed")]),
        ({"values": 1}, [("/values", "wrong_type")]),
        ({"on_failure": None}, []),
        ({"on_failure": []}, [("/on_failure", "empty")]),
        ({"on_failure": {}}, [("/on_failure", "wrong_type")]),
        ({"on_failure": [webhook("later")]}, []),
        ({"on_failure": [webhook("call")]}, [("/on_failure/0/name", "duplicate_step_name")]),
        ({"on_failure": [webhook("later", on_error="x")]}, [("/on_failure/0/on_error", "not_a_choice")]),
        ({"on_failure": [webhook(f"s{i}") for i in range(200)]}, [("/steps", "too_many")]),
        ({"stepz": []}, [("/stepz", "unknown_key")]),
        ({"steps": {}}, [("/steps", "wrong_type")]),
        ({"steps": ["x"]}, [("/steps/0", "wrong_type")]),
        ({"steps": [webhook(f"s{i}") for i in range(200)]}, []),
        ({"steps": [webhook(f"s{i}") for i in range(201)]}, [("/steps", "too_many")]),
    ],
)  # fmt: skip
def test_the_head_of_the_document(changes, problems, document_with, found):
    document = document_with()
    document.update(changes)

    assert found(document) == problems


def test_no_steps_are_a_problem(document_with, found):
    assert found({**document_with(), "steps": []}) == [("/steps", "empty")]


@pytest.mark.parametrize("key", ["name", "trigger_type", "steps"])
def test_what_is_needed_is_missed(key, document_with, found):
    document = document_with()
    del document[key]

    assert found(document) == [(f"/{key}", "required")]


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"label": "Call them"}, []),
        ({"label": 3}, [("/steps/0/label", "wrong_type")]),
        ({"name": "Call"}, [("/steps/0/name", "bad_step_name")]),
        ({"name": "1a"}, [("/steps/0/name", "bad_step_name")]),
        ({"name": None}, [("/steps/0/name", "wrong_type")]),
        ({"action": "web_hook"}, [("/steps/0/action", "unknown_action")]),
        ({"action": ["webhook"]}, [("/steps/0/action", "unknown_action")]),
        ({"params": []}, [("/steps/0/params", "wrong_type")]),
        ({"on_error": "continue"}, []),
        ({"on_error": "contine"}, [("/steps/0/on_error", "not_a_choice")]),
        ({"on_error": None}, [("/steps/0/on_error", "not_a_choice")]),
        ({"on_error": {}}, [("/steps/0/on_error/steps", "required")]),
        ({"on_error": {"steps": [], "then": "stop"}}, [("/steps/0/on_error/steps", "empty")]),
        ({"on_error": {"steps": {}}}, [("/steps/0/on_error/steps", "wrong_type")]),
        ({"on_error": {"steps": [webhook("b")]}}, []),
        ({"on_error": {"steps": [webhook("b")], "then": "continue", "codes": ["http_404", "unreachable"]}}, []),
        ({"on_error": {"steps": [webhook("b")], "codes": None}}, []),
        ({"on_error": {"steps": [webhook("b")], "codes": []}}, [("/steps/0/on_error/codes", "empty")]),
        ({"on_error": {"steps": [webhook("b")], "codes": "x"}}, [("/steps/0/on_error/codes", "wrong_type")]),
        ({"on_error": {"steps": [webhook("b")], "codes": ["a", 404, "a"]}}, [("/steps/0/on_error/codes/1", "wrong_type"), ("/steps/0/on_error/codes/2", "duplicate")]),
        ({"on_error": {"steps": [webhook("b")], "then": "retry"}}, [("/steps/0/on_error/then", "not_a_choice")]),
        ({"on_error": {"steps": [webhook("b")], "when": 1}}, [("/steps/0/on_error/when", "unknown_key")]),
        ({"on_error": {"steps": [webhook("call")]}}, [("/steps/0/on_error/steps/0/name", "duplicate_step_name")]),
        ({"on_error": {"steps": [webhook("b", action="x")]}}, [("/steps/0/on_error/steps/0/action", "unknown_action")]),
        ({"retry": {"attempts": 3, "delay": "30s", "backoff": 2.5, "max_delay": "1h"}}, []),
        ({"retry": 3}, [("/steps/0/retry", "wrong_type")]),
        ({"retry": {"attempts": 0}}, [("/steps/0/retry/attempts", "out_of_range")]),
        ({"retry": {"attempts": 1.5}}, [("/steps/0/retry/attempts", "wrong_type")]),
        ({"retry": {"attempts": True}}, [("/steps/0/retry/attempts", "wrong_type")]),
        ({"retry": {"backoff": 11}}, [("/steps/0/retry/backoff", "out_of_range")]),
        ({"retry": {"delay": "soon"}}, [("/steps/0/retry/delay", "bad_duration")]),
        ({"retry": {"delay": "0s"}}, [("/steps/0/retry/delay", "out_of_range")]),
        ({"retry": {"max_delay": "31d"}}, [("/steps/0/retry/max_delay", "out_of_range")]),
        ({"retry": {"tries": 3}}, [("/steps/0/retry/tries", "unknown_key")]),
        ({"timeout": "30s"}, []),
        ({"timeout": "2h"}, [("/steps/0/timeout", "out_of_range")]),
        ({"timeout": 30}, [("/steps/0/timeout", "bad_duration")]),
        ({"after_crash": "ask"}, []),
        ({"after_crash": "repeat"}, []),
        ({"after_crash": "again"}, [("/steps/0/after_crash", "not_a_choice")]),
        ({"wait": "1d"}, [("/steps/0/wait", "unknown_key")]),
    ],
)  # fmt: skip
def test_a_step(changes, problems, document_with, found):
    assert found(document_with(steps=[webhook() | changes])) == problems


def test_step_names_are_unique(document_with, found):
    document = document_with(steps=[webhook("a"), webhook("b"), webhook("a")])

    assert found(document) == [("/steps/2/name", "duplicate_step_name")]


def deep(levels):
    value = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (None, "wrong_type"),
        ([], "wrong_type"),
        ("{}", "wrong_type"),
        ({1: 2}, "not_json"),
        ({"name": {1, 2}}, "not_json"),
        ({"name": float("nan")}, "not_json"),
        ({"name": object()}, "not_json"),
        ({"name": ("a",)}, "not_json"),
        ({"name": "\ud800"}, "not_json"),
        (lambda: {"steps": deep(50)}, "too_deep"),
        (lambda: {"steps": deep(100_000)}, "too_deep"),
        ({"name": "x" * 600_000}, "too_large"),
        ({"steps": [0] * 600_000}, "too_large"),
        ({"name": 10**5000}, "not_json"),
    ],
)
def test_what_cannot_be_looked_at_is_one_problem(document, code, catalogue):
    # What is deep is made here: collecting it would show it to pytest.
    document = document() if callable(document) else document

    assert [p.code for p in validate(document, catalogue)] == [code]


def test_a_document_that_contains_itself_is_too_deep(catalogue):
    document = {"name": "x"}
    document["steps"] = [document]

    assert [p.code for p in validate(document, catalogue)] == ["too_deep"]


def test_all_problems_come_at_once_and_fit_in_json(order_document, catalogue):
    order_document["steps"][0]["params"]["tabel"] = "orders"
    order_document["steps"][1]["on_error"] = 7
    order_document["steps"][2]["params"]["subject"] = "{{ trigger.nope }} {{ steps.x.output }}"

    problems = validate(order_document, catalogue)

    assert [p.code for p in problems] == [
        "unknown_param",
        "not_a_choice",
        "unknown_trigger_field",
        "unknown_step",
    ]
    json.dumps([[p.path, p.code, p.params] for p in problems])


# Pieces that look like parts of a document, in all the wrong places.
words = st.sampled_from(
    ["name", "trigger_type", "trigger_filter", "steps", "settings", "values", "also_on", "language",
     "action", "params", "condition", "on_error", "retry", "timeout", "label", "all", "any", "field",
     "operator", "value", "equals", "exists", "changed", "in", "between", "webhook", "update_record",
     "send_email", "table", "orders", "fields", "url", "to", "subject", "template", "stop",
     "branch", "cases", "when", "otherwise", "repeat", "until", "every", "at_most", "wait", "for",
     "window", "days", "from", "to", "before", "after", "emit_event", "type", "payload", "then",
     "codes", "on_failure", "outcome", "message", "{{ run.error.code }}", "09:00", "sun",
     "continue", "attempts", "delay", "30s", "new_order", "trigger.order_id", "steps.a.output",
     "{{ trigger.order_id }}", "{{ steps.a.output | default: 1 }}", "{% if a %}", "{{", "~/", "a"]
)  # fmt: skip
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | words
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(words | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=40,
)


def check_never_raises(document, catalogue):
    problems = validate(document, catalogue)
    json.dumps([[p.path, p.code, p.params] for p in problems])
    if not problems:
        load_program(compile_document(ValidDocument(document, catalogue)))


@given(document=anything)
@settings(max_examples=300, deadline=None)
def test_validation_never_raises(document, catalogue):
    check_never_raises(document, catalogue)


def places(value, path=()):
    yield path
    members = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, member in members:
        yield from places(member, (*path, key))


FULL = {
    "language": 1,
    "name": "A",
    "trigger_type": "new_order",
    "also_on": ["anything"],
    "trigger": {},
    "trigger_filter": {"all": [{"any": [ROW]}, {"field": "trigger.a", "operator": "between", "value": [1, 2]}]},
    "settings": {"start_on_own_changes": True},
    "values": {"vat": "0.15"},
    "steps": [
        {
            "name": "a",
            "label": "A",
            "action": "update_record",
            "params": {"table": "orders", "id": "{{ trigger.order_id }}", "fields": {"status": "{{ values.vat | times: 2 }}"}},
            "condition": {"any": [ROW, {"field": "{{ trigger.a | size }}", "operator": "in", "value": ["{{ now }}"]}]},
            "on_error": "continue",
            "retry": {"attempts": 3, "delay": "30s", "backoff": 2, "max_delay": "1h"},
            "timeout": "30s",
        },
        {"name": "b", "action": "send_email", "params": {"to": ["{{ steps.a.output.updated | default: 'x' }}"], "subject": "s"}},
    ],
}  # fmt: skip


NESTED, EVERYTHING = nested(), with_everything()
in_full = st.tuples(st.just(FULL), st.sampled_from(list(places(FULL))))
in_nested = st.tuples(st.just(NESTED), st.sampled_from(list(places(NESTED))))
in_everything = st.tuples(st.just(EVERYTHING), st.sampled_from(list(places(EVERYTHING))))


@given(
    replacement=scalars | st.just([]) | st.just({}) | st.just([[]]) | st.just({"a": {}}),
    target=in_full | in_nested | in_everything,
)
@settings(max_examples=500, deadline=None)
def test_a_good_document_with_one_thing_wrong_never_raises(replacement, target, catalogue):
    document, place = copy.deepcopy(target)
    if place:
        target = document
        for key in place[:-1]:
            target = target[key]
        target[place[-1]] = replacement
    check_never_raises(document if place else replacement, catalogue)


@given(source=in_nested | in_everything, target=in_nested | in_everything)
@settings(max_examples=300, deadline=None)
def test_a_part_in_the_place_of_another_never_raises(source, target, catalogue):
    part, keys = source
    document, target = copy.deepcopy(target)
    for key in keys:
        part = part[key]
    if target:
        place = document
        for key in target[:-1]:
            place = place[key]
        place[target[-1]] = copy.deepcopy(part)
    check_never_raises(document, catalogue)


def test_nothing_is_known_without_a_catalogue(order_document):
    codes = {problem.code for problem in validate(order_document, Catalogue())}

    assert codes == {"unknown_action"}
