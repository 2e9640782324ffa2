"""The form's shape: what is stored is never changed by being shown."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from actions import registry
from tests.support.company import case
from tests.workflows.admin.editor.strategies import documents
from workflows.admin.editor.form.shape import BadScalar, from_form, to_form
from workflows.definition.kinds import KINDS
from workflows.definition.values.json_values import same_json

CASES = Path(__file__).parents[3] / "acceptance" / "cases"


def through_a_browser(form):
    """JSON as a browser hands it back: it knows only one kind of number."""
    return json.loads(json.dumps(form), parse_int=float)


@settings(max_examples=300)
@given(documents())
def test_showing_a_document_and_reading_it_back_changes_nothing(document):
    stored = copy.deepcopy(document)

    form = through_a_browser(to_form(document))
    form["sayr_form"] = 1

    assert same_json(from_form(form), document)
    assert document == stored


@settings(max_examples=100)
@given(documents())
def test_a_form_holds_text_only(document):
    form = to_form(document)

    def numbers(value):
        if isinstance(value, dict | list):
            inner = value.values() if isinstance(value, dict) else value
            return [one for member in inner for one in numbers(member)]
        return [] if isinstance(value, str) else [value]

    assert numbers({**form, "sayr_form": ""}) == []


def test_the_order_of_keys_means_nothing():
    document = case("seed_new_order")
    turned = json.loads(json.dumps(document, sort_keys=True))

    assert from_form(to_form(document)) == from_form(to_form(turned))


def test_the_form_of_a_document_has_every_field_of_its_actions():
    form = to_form(case("seed_new_order"))

    declared = set(registry.get("send_email").params["properties"])
    assert set(form["steps"][2]["params"]) == declared


@pytest.mark.parametrize("spec", registry.all_actions(), ids=lambda spec: spec.name)
def test_an_empty_step_of_every_action(spec):
    step = {"name": "a", "action": spec.name, "params": {}}
    document = {"name": "x", "trigger_type": "y", "steps": [step]}

    assert from_form(to_form(document)) == document


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_step_of_every_kind(kind):
    step = {"name": "a", "action": kind, "params": {}}
    document = {"name": "x", "trigger_type": "y", "steps": [step]}

    assert from_form(to_form(document)) == document


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.json")))
def test_the_cases_stay_as_they_are(name):
    document = case(name)

    form = marked(through_a_browser(to_form(document)))
    form["sayr_form"] = 1

    assert same_json(from_form(form), document)


def marked(value):
    """Put into each step what the page puts there for itself."""
    if isinstance(value, list):
        return [marked(one) for one in value]
    if not isinstance(value, dict):
        return value
    inner = {key: marked(one) for key, one in value.items()}
    return {**inner, "uid": "u1"} if "kept" in inner else inner


def test_steps_after_an_error_are_edited_like_others():
    failing = {"name": "b", "action": "send_email", "params": {"subject": "Oh"}}
    step = {
        "name": "a",
        "action": "webhook",
        "params": {"url": "https://a.example"},
        "on_error": {"steps": [failing], "then": "continue", "codes": ["http_404"]},
    }
    form = to_form({"name": "x", "trigger_type": "y", "steps": [step]})

    form["steps"][0]["on_error"]["steps"][0]["params"]["subject"] = "Oh no"

    read = from_form(form)["steps"][0]["on_error"]
    failing["params"]["subject"] = "Oh no"
    assert read == {"steps": [failing], "then": "continue", "codes": ["http_404"]}


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"sayr_form": 1},
        {"sayr_form": 1, "head": {}},
        {"sayr_form": 1, "head": [], "steps": []},
        {"sayr_form": 1, "head": {}, "steps": [{"params": 5}]},
        [],
        None,
    ],
)
def test_what_is_no_form_is_refused(damaged):
    with pytest.raises(BadScalar):
        from_form(damaged)


@pytest.mark.parametrize("document", [[], "x", None, {"steps": 5}, {"steps": [1]}])
def test_what_no_form_can_show_is_refused(document):
    with pytest.raises(BadScalar):
        to_form(document)


def changed(document, **fields):
    form = to_form(document)
    form["steps"][0]["params"] |= fields
    return from_form(form)["steps"][0]["params"]


def webhook(**params):
    step = {"name": "a", "action": "webhook", "params": {"url": "https://a.example", **params}}
    return {"name": "x", "trigger_type": "y", "steps": [step]}


def test_a_number_in_a_list_is_typed_as_text():
    assert changed(webhook(), accept_status=["404", "{{ trigger.x }}", ""])["accept_status"] == [
        404,
        "{{ trigger.x }}",
    ]


def test_rows_become_members():
    rows = [{"k": "order", "v": "{{ trigger.id }}"}, {"k": "", "v": ""}, {"k": "n", "v": "5"}]

    assert changed(webhook(), body=rows)["body"] == {"order": "{{ trigger.id }}", "n": "5"}


def test_json_text_becomes_what_it_writes():
    assert changed(webhook(), body='{"a": [1, 2]}')["body"] == {"a": [1, 2]}


def test_an_emptied_field_leaves_the_document():
    assert "method" not in changed(webhook(method="PUT"), method="")


def test_a_kept_number_stays_until_it_is_changed():
    document = webhook(body={"n": 5})
    form = to_form(document)

    form["steps"][0]["params"]["url"] = "https://b.example"
    assert from_form(form)["steps"][0]["params"]["body"] == {"n": 5}
    form["steps"][0]["params"]["body"][0]["v"] = "6"
    assert from_form(form)["steps"][0]["params"]["body"] == {"n": "6"}


def test_a_chosen_field_that_is_left_empty_is_emptied():
    step = {"name": "a", "action": "update_record", "params": {"table": "orders"}}
    document = {"name": "x", "trigger_type": "y", "steps": [step]}

    assert changed(document, fields={"note": ""})["fields"] == {"note": ""}
