"""Where a document of the first language gives something else in the second."""

import pytest

from tests.workflows.definition.conftest import CATALOGUE
from workflows.definition.changes.numbers import kept_numbers


def places(body, trigger="anything", **params):
    params = {"url": "https://x/{{ trigger.a }}", "body": body, **params}
    step = {"name": "a", "action": "webhook", "params": params}
    document = {"name": "A", "trigger_type": trigger, "steps": [step]}
    return [one.place for one in kept_numbers(document, CATALOGUE)]


@pytest.mark.parametrize(
    ("template", "changes"),
    [
        ("{{ trigger.price }}", True),
        ("{{ steps.b.output.price }}", True),
        ("{{ trigger.price | times: 2 }}", True),
        ("{{ trigger.text | parse_json }}", True),
        ("{{ trigger.price | default: 0 }}", True),
        ("total: {{ trigger.lines | json }}", True),
        ("{{ trigger.price }} SAR", False),
        ("{{ trigger.price | number: 2 }}", False),
        ("{{ trigger.name | upcase }}", False),
        ("{{ trigger.lines | size }}", False),
        ("{{ now | date: '%d' }}", False),
        ("{{ tenant.name }}", False),
        ("{{ broken", False),
        ("a text", False),
    ],
)
def test_what_can_give_a_decimal_is_named(template, changes):
    assert places({"x": [template]}) == (["/steps/0/params/body/x/0"] if changes else [])


def test_a_field_that_the_event_says_is_text_stays_text():
    assert places("{{ trigger.total_amount }}", trigger="new_order") == []


def test_a_param_that_wants_a_number_gets_one_in_both_languages():
    assert places("x", rate="{{ trigger.price }}", seconds="{{ trigger.price }}") == []


def test_results_payloads_and_outputs_are_looked_through():
    each = {
        "items": "{{ trigger.lines }}",
        "steps": [{"name": "b", "action": "webhook", "params": {"url": "https://x"}}],
        "result": "{{ item.price }}",
    }
    document = {
        "name": "A",
        "trigger_type": "anything",
        "output": {"sum": "{{ trigger.sum }}"},
        "steps": [
            {"name": "each", "action": "for_each", "params": each},
            {"name": "e", "action": "emit_event", "params": {"payload": {"a": "{{ trigger.a }}"}}},
            "no step",
        ],
    }

    assert [one.place for one in kept_numbers(document, CATALOGUE)] == [
        "/steps/0/params/items",
        "/steps/0/params/result",
        "/steps/1/params/payload/a",
        "/output/sum",
    ]
