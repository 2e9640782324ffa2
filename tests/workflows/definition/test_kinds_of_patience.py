"""Validation of the steps that wait for an event or a person: each mistake, at its place."""

# ruff: noqa: E501 -- a row of a table is one line

import pytest

from tests.workflows.definition.shapes import call, reminder, step, stop

EVENT = {"type": "anything", "match": {"order.id": "{{ trigger.a }}"}}
ASK = {"title": "Release?", "approvers": ["sara", "head@x.example", "role:operations"]}
CHOICES = [{"key": "release", "label": "Release"}, {"key": "cancel", "label": "Cancel"}]
FIELD = {"key": "why", "label": "Why?", "type": "text"}
PICK = {**FIELD, "type": "choice", "options": ["a", "b"]}
REMIND = reminder(call("remind"))


def assert_found(action, params, problems, document_with, found):
    expected = [(f"/steps/0/params{path}", code) for path, code in problems]
    assert found(document_with(steps=[step("here", action, **params)])) == expected


@pytest.mark.parametrize(
    ("params", "problems"),
    [
        (EVENT, []),
        ({**EVENT, "match": {"a": 1, "b": True, "c": "x", "d[0].e": 2.5, "['Order Id']": "1"}}, [("/match/['Order Id']", "bad_path")]),
        ({**EVENT, "match": {"data['Order Id']": "1"}}, []),
        ({**EVENT, "timeout": "2d"}, []),
        ({**EVENT, "timeout": "2d", "on_timeout": [call("late")], "look_back": "0s", "reminders": [REMIND]}, []),
        ({}, [("/type", "missing_param"), ("/match", "missing_param")]),
        ({**EVENT, "type": "{{ trigger.a }}"}, [("/type", "template_not_allowed")]),
        ({**EVENT, "match": {}}, [("/match", "empty")]),
        ({**EVENT, "match": {f"p{n}": n for n in range(6)}}, [("/match", "too_many")]),
        ({**EVENT, "match": "{{ trigger.a }}"}, []),
        ({**EVENT, "match": {"a b": 1}}, [("/match/a b", "bad_path")]),
        ({**EVENT, "match": {"a": ["b"]}}, [("/match/a", "wrong_type")]),
        ({**EVENT, "match": {"a": None}}, [("/match/a", "wrong_type")]),
        ({**EVENT, "match": {"a": "{{ nope }}"}}, [("/match/a", "unknown_root")]),
        # What is known of the event's fields.
        ({"type": "new_order", "match": {"order_id": "{{ trigger.a }}"}}, []),
        ({"type": "new_order", "match": {"order": "{{ trigger.a }}"}}, [("/match/order", "unknown_trigger_field")]),
        ({**EVENT, "timeout": "soon"}, [("/timeout", "bad_duration")]),
        ({**EVENT, "timeout": "0s"}, [("/timeout", "out_of_range")]),
        ({**EVENT, "look_back": "never"}, [("/look_back", "bad_duration")]),
        ({**EVENT, "on_timeout": [call("late")]}, [("/on_timeout", "needs_other")]),
        ({**EVENT, "timeout": "1d", "on_timeout": []}, [("/on_timeout", "empty")]),
        ({**EVENT, "timeout": "1d", "on_timeout": [stop("s"), call("late")]}, [("/on_timeout/1", "unreachable_step")]),
        ({**EVENT, "until": "1d"}, [("/until", "unknown_param")]),
    ],
)  # fmt: skip
def test_wait_for_event(params, problems, document_with, found):
    assert_found("wait_for_event", params, problems, document_with, found)


@pytest.mark.parametrize(
    ("params", "problems"),
    [
        (ASK, []),
        ({**ASK, "title": "Order {{ trigger.a }}", "message": "", "approvers": ["{{ trigger.head }}"]}, []),
        ({**ASK, "approvers": "{{ values.approvers }}"}, [("/approvers", "unknown_value")]),
        ({**ASK, "approvers": "{{ trigger.approvers }}"}, []),
        ({**ASK, "choices": CHOICES, "form": [FIELD, {**PICK, "key": "which", "required": True}], "allow_self": True}, []),
        ({**ASK, "timeout": "7d"}, []),
        ({**ASK, "timeout": "7d", "timeout_choice": "reject", "reminders": [REMIND]}, []),
        ({**ASK, "timeout": "7d", "timeout_choice": "cancel", "choices": CHOICES}, []),
        ({}, [("/title", "missing_param"), ("/approvers", "missing_param")]),
        ({**ASK, "title": ""}, [("/title", "empty")]),
        ({**ASK, "approvers": []}, [("/approvers", "empty")]),
        ({**ASK, "approvers": ["a"] * 21}, [("/approvers", "too_many")]),
        ({**ASK, "approvers": "sara"}, [("/approvers", "wrong_type")]),
        ({**ASK, "approvers": [""]}, [("/approvers/0", "empty")]),
        ({**ASK, "approvers": [5]}, [("/approvers/0", "wrong_type")]),
        ({**ASK, "choices": []}, [("/choices", "empty")]),
        ({**ASK, "choices": [{"key": f"c{n}", "label": "C"} for n in range(11)]}, [("/choices", "too_many")]),
        ({**ASK, "choices": [*CHOICES, CHOICES[0]]}, [("/choices/2/key", "duplicate")]),
        ({**ASK, "choices": [{"key": "Yes!", "label": "Yes"}]}, [("/choices/0/key", "bad_identifier")]),
        ({**ASK, "choices": [{"key": "yes"}]}, [("/choices/0/label", "missing_param")]),
        ({**ASK, "choices": [{"key": "yes", "label": "{{ trigger.a }}"}]}, [("/choices/0/label", "template_not_allowed")]),
        ({**ASK, "choices": "{{ trigger.choices }}"}, [("/choices", "template_not_allowed")]),
        ({**ASK, "form": []}, []),
        ({**ASK, "form": [{**FIELD, "key": f"f{n}"} for n in range(21)]}, [("/form", "too_many")]),
        ({**ASK, "form": [FIELD, FIELD]}, [("/form/1/key", "duplicate")]),
        ({**ASK, "form": [{**FIELD, "key": "why?"}]}, [("/form/0/key", "bad_identifier")]),
        ({**ASK, "form": [{**FIELD, "type": "date"}]}, [("/form/0/type", "not_a_choice")]),
        ({**ASK, "form": [{**FIELD, "required": "yes"}]}, [("/form/0/required", "wrong_type")]),
        ({**ASK, "form": [{**FIELD, "type": "choice"}]}, [("/form/0/options", "missing_param")]),
        ({**ASK, "form": [{**PICK, "options": []}]}, [("/form/0/options", "empty")]),
        ({**ASK, "form": [{**PICK, "options": ["a", "b", "a"]}]}, [("/form/0/options/2", "duplicate")]),
        ({**ASK, "form": [{**PICK, "type": "number"}]}, [("/form/0/options", "not_for_this_step")]),
        ({**ASK, "form": ["why"]}, [("/form/0", "wrong_type")]),
        ({**ASK, "timeout_choice": "reject"}, [("/timeout_choice", "needs_other")]),
        ({**ASK, "timeout": "7d", "timeout_choice": "cancel"}, [("/timeout_choice", "not_a_choice")]),
        ({**ASK, "timeout": "7d", "timeout_choice": "reject", "choices": CHOICES}, [("/timeout_choice", "not_a_choice")]),
        ({**ASK, "timeout": "{{ trigger.a }}"}, [("/timeout", "template_not_allowed")]),
        ({**ASK, "allow_self": "no"}, [("/allow_self", "wrong_type")]),
        ({**ASK, "on_timeout": [call("late")]}, [("/on_timeout", "unknown_param")]),
    ],
)  # fmt: skip
def test_approval(params, problems, document_with, found):
    assert_found("approval", params, problems, document_with, found)


@pytest.mark.parametrize(("action", "params"), [("wait_for_event", EVENT), ("approval", ASK)])
@pytest.mark.parametrize(
    ("reminders", "problems"),
    [
        ([], []),
        ([{**REMIND, "every": "1d", "at_most": 100}], []),
        ([reminder(call(f"r{n}")) for n in range(5)], []),
        ([reminder(call(f"r{n}")) for n in range(6)], [("", "too_many")]),
        ([{"steps": [call("r")]}], [("/0/after", "missing_param")]),
        ([{"after": "1h"}], [("/0/steps", "missing_param")]),
        ([{**REMIND, "steps": []}], [("/0/steps", "empty")]),
        ([{**REMIND, "after": "0s"}], [("/0/after", "out_of_range")]),
        ([{**REMIND, "every": "daily"}], [("/0/every", "bad_duration")]),
        ([{**REMIND, "every": "1d", "at_most": 101}], [("/0/at_most", "out_of_range")]),
        ([{**REMIND, "at_most": 2}], [("/0/at_most", "needs_other")]),
        ([reminder(call("r", "{{ nope }}"))], [("/0/steps/0/params/url", "unknown_root")]),
        ([reminder(call("r", on_error="later"))], [("/0/steps/0/on_error", "not_a_choice")]),
        (["daily"], [("/0", "wrong_type")]),
        ("{{ trigger.a }}", [("", "template_not_allowed")]),
    ],
)  # fmt: skip
def test_reminders(action, params, reminders, problems, document_with, found):
    expected = [(f"/reminders{path}", code) for path, code in problems]

    assert_found(action, {**params, "reminders": reminders}, expected, document_with, found)
