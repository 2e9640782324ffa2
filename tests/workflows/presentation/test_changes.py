"""Changes between two documents, as operations staff read them."""

import copy

import pytest
from hypothesis import given

from tests.support.company import case
from tests.workflows.definition.changes.test_nothing_is_lost import DOCUMENTS
from workflows.definition.values.json_values import same_json
from workflows.presentation.changes.sentences import one_line, sentences, told


def said(old, new):
    return list(sentences(told(old, new)))


@pytest.fixture
def old():
    return case("seed_new_order")


@pytest.fixture
def new(old):
    return copy.deepcopy(old)


def step(name, **more):
    return {"name": name, "action": "log_note", "params": {"text": name}, **more}


def branch(*cases, **more):
    row = {"field": "trigger.source", "operator": "equals", "value": "web"}
    written = [{"label": label, "when": {"all": [row]}, "steps": steps} for label, steps in cases]
    return {"name": "by_risk", "action": "branch", "params": {"cases": written, **more}}


def test_the_same_document_says_nothing(old, new):
    assert told(old, new) == []
    assert one_line(told(old, new)) == ""


def test_a_changed_param_is_named_as_the_form_names_it(old, new):
    new["steps"][1]["params"]["template"] = "order_received"

    assert said(old, new) == [
        "Notify customer: “Message template” changed from “order_confirmed” to “order_received”."
    ]
    assert one_line(told(old, new)) == said(old, new)[0]


def test_a_value_inside_a_param_says_where_it_stands(old, new):
    new["steps"][1]["params"]["template_vars"]["note"] = "Thanks"
    del new["steps"][1]["params"]["template_vars"]["total"]

    assert said(old, new) == [
        "Notify customer: “Values”, “Total” is gone. It was “{{trigger.total_amount}}”.",
        "Notify customer: “Values”, “Note” is new: “Thanks”.",
    ]


@pytest.mark.parametrize(
    ("key", "before", "after", "line"),
    [
        (
            "on_error",
            "stop",
            "continue",
            "“If this step fails in the end” changed from stop the workflow to go on",
        ),
        (
            "timeout",
            "30s",
            "1m",
            "“Give up waiting for an answer after” changed from “30s” to “1m”.",
        ),
        (
            "retry",
            {"attempts": 3},
            {"attempts": 5},
            "“Try again like this”, “How often in all” changed from 3 to 5",
        ),
        ("timeout", 1, "1", "“Give up waiting for an answer after” changed from 1 to “1”."),
        ("timeout", None, "", '“Give up waiting for an answer after” changed from null to "".'),
        ("timeout", True, 1, "“Give up waiting for an answer after” changed from yes to 1."),
        ("action", "log_note", "webhook", "“Action” changed from “Leave a note” to “Call a web"),
    ],
)
def test_the_ways_of_a_step_have_words(key, before, after, line):
    old, new = ({"steps": [{**step("a"), key: value}]} for value in (before, after))

    [words] = said(old, new)
    assert words.startswith(f"A: {line}")


def test_rows_of_a_condition_are_sentences(old, new):
    rows = [
        {"field": "trigger.total_amount", "operator": "greater_than", "value": "0"},
        {"field": "trigger.source", "operator": "equals", "value": "web"},
    ]
    old["trigger_filter"] = {"all": rows}
    new["trigger_filter"] = {
        "all": [{**rows[0], "value": "100"}, {"field": "trigger.method", "operator": "exists"}]
    }

    assert said(old, new) == [
        "The workflow itself: “Does it start every time?” changed from Total amount is "
        "greater than “0” to Total amount is greater than “100”.",
        "The workflow itself: “Does it start every time?” changed from Source is “web” "
        "to Method is there.",
    ]


def test_all_that_became_any_is_one_change(old, new):
    rows = [
        {"field": "trigger.source", "operator": "equals", "value": "web"},
        {"field": "trigger.method", "operator": "exists"},
    ]
    old["steps"][0]["condition"] = {"all": rows}
    new["steps"][0]["condition"] = {"any": rows}

    assert said(old, new) == [
        "Confirm order: “Does it always run?” changed from Source is “Web shop” and Method is "
        "there to Source is “Web shop” or Method is there."
    ]


def test_a_step_that_came_says_where_and_what(old, new):
    new["steps"].insert(1, step("tell", label="Tell everybody", on_error="continue"))

    assert said(old, new) == [
        "Tell everybody: Step added: Leave a note, after “Confirm order” in the main steps.",
        "Tell everybody: “Note”: “tell”",
        "Tell everybody: “If this step fails in the end”: go on with the next step",
    ]
    assert one_line(told(old, new)) == "Added: “Tell everybody”"


def test_a_step_that_went_says_from_where():
    old = {"steps": [branch(("High", [step("call"), step("tell")]))]}
    new = {"steps": [branch(("High", [step("tell")]))]}

    assert said(old, new) == ["Call: Step removed from the way “High” of “By risk”."]


def test_a_step_that_moved_says_from_where_to_where():
    old = {"steps": [step("tell"), branch(("High", [step("call")]), otherwise=[step("wait")])]}
    new = {"steps": [branch(("High", [step("call"), step("tell")]), otherwise=[]), step("wait")]}

    assert said(old, new) == [
        "Tell: Step moved out of the main steps: now after “Call” in the way “High” of “By risk”.",
        "Wait: Step moved out of the “otherwise” of “By risk”: "
        "now after “By risk” in the main steps.",
    ]


def test_of_steps_that_changed_places_the_one_that_moved_is_told():
    old = {"steps": [step("a"), step("b"), step("c"), step("d")]}
    new = {"steps": [step("b"), step("c"), step("d"), step("a")]}

    assert said(old, new) == ["A: Step moved: now after “D” in the main steps."]


def test_cases_that_changed_places_keep_their_steps():
    old = {"steps": [branch(("High", [step("call")]), ("Low", [step("tell")]))]}
    new = {"steps": [branch(("Low", [step("tell")]), ("High", [step("call")]))]}

    [words] = said(old, new)
    assert words.startswith("By risk: “Paths”: moved “")
    assert words.endswith(" to another place.")


def test_a_new_name_is_no_new_step():
    old, new = {"steps": [step("a", label="Tell")]}, {"steps": [step("b", label="Tell")]}

    assert said(old, new) == [
        "Tell: “Short name” changed from “a” to “b”.",
        "Tell: “Note” changed from “a” to “b”.",
    ]


def test_steps_after_an_error_are_told_one_by_one():
    old = {"steps": [step("a", on_error="stop")]}
    new = {"steps": [step("a", on_error={"steps": [step("b")], "then": "continue"})]}

    assert said(old, new)[:2] == [
        "A: “If this step fails in the end” changed from stop the workflow "
        "to do other steps, then go on with the next step.",
        "B: Step added: Leave a note, as the first of the steps after an error of “A”.",
    ]


def test_of_long_texts_the_words_that_differ_are_marked(old, new):
    text = "Thank you for your order. It is on its way and will be with you very soon."
    old["steps"][2]["params"]["text"] = text
    new["steps"][2]["params"]["text"] = text.replace("very soon", "tomorrow")

    [group] = told(old, new)
    [line] = group.lines
    olds, news = line.marked
    assert "".join(piece for _marked, piece in olds) == text
    assert [piece for marked, piece in news if marked] == ["tomorrow"]


def test_many_changes_are_counted_in_one_line(old, new):
    new["steps"] = [step(name) for name in "abcde"]

    line = one_line(told(old, new))

    assert line == (
        "Added: “A”, “B”, “C”, 2 more; "
        "removed: “Confirm order”, “Notify customer”, “Alert operations”"
    )


@given(DOCUMENTS, DOCUMENTS)
def test_any_two_documents_can_be_told(old, new):
    groups = told(old, new)

    assert (groups == []) == same_json(old, new)
    assert all(group.lines for group in groups)
    assert (one_line(groups) == "") == (groups == [])
