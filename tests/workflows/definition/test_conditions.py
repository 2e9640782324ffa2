"""Rows under all and any, and the filter that decides whether a workflow starts."""

# ruff: noqa: E501 -- a row of a table is one line

import pytest

from workflows.definition.conditions import compile_condition, load_filter
from workflows.definition.errors import ExpressionError

YES = {"field": "trigger.a", "operator": "equals", "value": 1}
NO = {"field": "trigger.a", "operator": "equals", "value": 2}
MISSING = {"field": "trigger.nope", "operator": "equals", "value": 1}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"all": [YES, YES]}, True),
        ({"all": [YES, NO]}, False),
        ({"any": [NO, YES]}, True),
        ({"any": [NO, NO]}, False),
        ({"all": [YES, {"any": [NO, {"all": [YES]}]}]}, True),
        ({"any": [NO, {"all": [YES, NO]}]}, False),
        # The first that decides ends it.
        ({"all": [NO, MISSING]}, False),
        ({"any": [YES, MISSING]}, True),
    ],
)
def test_all_and_any(condition, holds, scope_of):
    assert compile_condition(condition).decide(scope_of({"a": 1})).holds is holds


@pytest.mark.parametrize("condition", [{"all": [MISSING, NO]}, {"any": [NO, MISSING]}])
def test_a_missing_field_is_an_error_that_names_it(condition, scope_of):
    with pytest.raises(ExpressionError) as refused:
        compile_condition(condition).decide(scope_of({"a": 1}))

    assert (refused.value.code, refused.value.params) == ("missing_value", {"path": "trigger.nope"})


@pytest.mark.parametrize(
    ("field", "operator", "value", "holds"),
    [
        ("{{ trigger.items | size }}", "greater_than", 1, True),
        ("{{ trigger.name | downcase }}", "equals", "nour", True),
        ("{{ trigger.nope }}", "is_empty", None, True),
        ("{{ trigger.nope | upcase }}", "exists", None, False),
        ("trigger.items[0].sku", "equals", "{{ trigger.wanted }}", True),
        ("trigger.name", "in", ["x", "{{ trigger.name }}"], True),
        ("trigger.name", "in", "{{ trigger.names }}", True),
        ("values.limits[0]", "less_than", "{{ trigger.items | size }}", True),
    ],
)
def test_fields_and_values_can_be_templates(field, operator, value, holds, scope_of):
    trigger = {"items": [{"sku": "a"}, {}], "name": "Nour", "wanted": "a", "names": ["Nour"]}
    row = {"field": field, "operator": operator, "value": value}

    verdict = compile_condition({"all": [row]}).decide(scope_of(trigger, values={"limits": [1]}))

    assert verdict.holds is holds


@pytest.mark.parametrize("nothing", [None, {}])
def test_without_a_filter_every_event_starts_the_workflow(nothing, scope_of):
    every = load_filter(nothing)

    assert every.matches(scope_of({})) is True
    assert every.explain(scope_of({})) == {"matched": True}


def test_a_filter_says_which_row_decided(scope_of):
    total = {"field": "trigger.total", "operator": "greater_or_equal", "value": 100}
    status = {"field": "trigger.status", "operator": "changed_to", "value": "refunded"}
    refunds = load_filter({"all": [total, status]})

    def explain(total, status, before):
        scope = scope_of({"total": total, "status": status}, previous={"status": before})
        assert refunds.matches(scope) is refunds.explain(scope)["matched"]
        return refunds.explain(scope)

    assert explain("99.00", "refunded", "paid") == {
        "matched": False, "field": "trigger.total", "operator": "greater_or_equal", "value": 100, "actual": "99.00",
    }  # fmt: skip
    assert explain("129.00", "refunded", "refunded") == {
        "matched": False, "field": "trigger.status", "operator": "changed_to", "value": "refunded", "actual": "refunded",
    }  # fmt: skip
    assert explain("129.00", "refunded", "paid")["matched"] is True


def test_a_filter_on_a_missing_field_raises(scope_of):
    with pytest.raises(ExpressionError) as refused:
        load_filter({"all": [MISSING]}).explain(scope_of({}))

    assert refused.value.params == {"path": "trigger.nope"}
