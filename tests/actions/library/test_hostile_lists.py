"""No operation on lists, and no condition of one, takes more work than the step's budget."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.errors import PermanentFailure
from actions.library.aggregate_records import aggregate_records
from actions.library.transform import transform
from actions.reshaping import reshaped
from workflows.definition.budget import Budget
from workflows.definition.errors import ExpressionError

ZONE = ZoneInfo("Asia/Beirut")
MOST = 2_000_000
NUMBERS = list(range(10_000))
WIDE = [{f"f{n}": n for n in range(50)} | {"id": at} for at in range(2_000)]
DEEP = [{"id": at, "deep": [{"a": n} for n in range(200)]} for at in range(500)]
LONG = [{"id": at, "text": "x" * 20_000} for at in range(2_000)]


def row(field, operator, value=None):
    return {"field": field, "operator": operator, "value": value}


# The list, and an operation that is within every other limit.
HOSTILE = {
    "each in a long list": (NUMBERS, {"keep": [row(".", "in", NUMBERS)]}),
    "each in many lists": (NUMBERS, {"drop": [row(".", "in", ["a"] * 100)] * 50}),
    "a long value": (LONG, {"keep": [row("text", "contains", "y" * 19_000)]}),
    "an element of a list": (DEEP, {"keep": [row("deep", "contains", {"a": 1})] * 50}),
    "many conditions": (NUMBERS, {"keep": [row(".", "greater_than", -1)] * 50}),
    "keys that are lists": (DEEP, {"unique": "deep"}),
    "groups of lists": (DEEP, {"group": "deep"}),
    "joined by lists": (DEEP, {"join": {"with": DEEP, "on": "deep", "as": "found"}}),
    "without lists": (DEEP, {"without": {"list": DEEP, "on": "deep"}}),
}
# Of these it takes several.
REPEATED = {
    "sorted": (NUMBERS, {"sort": {"by": "."}}),
    "renamed": (WIDE, {"rename": {"f1": "f1"}}),
    "picked": (WIDE, {"pick": [f"f{n}" for n in range(50)]}),
    "joined": (WIDE, {"join": {"with": WIDE, "on": "id", "as": "other"}}),
    "chunked": (NUMBERS, {"unique": "."}),
}
EVERY = {**HOSTILE, **REPEATED}


def code_of(items, operations, budget):
    try:
        reshaped(items, operations, ZONE, budget)
    except (ExpressionError, PermanentFailure) as problem:
        return problem.code
    return None


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_operation_ends_with_a_code(name):
    items, operation = HOSTILE[name]

    assert code_of(items, [operation], Budget(MOST)) == "too_much_work"


@pytest.mark.parametrize("name", REPEATED)
def test_hostile_operations_one_after_the_other_end_with_a_code(name):
    items, operation = REPEATED[name]

    assert code_of(items, [operation], Budget(MOST)) is None
    assert code_of(items, [operation] * 50, Budget(MOST)) == "too_much_work"


@settings(max_examples=25)
@given(st.lists(st.sampled_from(sorted(EVERY)), min_size=1, max_size=8), st.data())
def test_whatever_hostile_operations_multiply_they_look_whether_they_are_to_end(names, data):
    items = EVERY[data.draw(st.sampled_from(names))][0]
    looks = []

    def look(spent):
        looks.append(spent)
        if len(looks) == 2:
            raise KeyError

    budget = Budget(10 * MOST, check=look)
    try:
        code_of(items, [EVERY[name][1] for name in names], budget)
    except KeyError:
        assert budget.spent <= 10 * MOST
    assert len(looks) <= 2


def test_a_hostile_result_is_counted_before_it_is_written(context):
    # One large element, found by each of the others.
    big = {"id": 1, "deep": ["x"] * 20_000}
    items = [{"id": 1, "n": n} for n in range(10_000)]
    params = {"items": items, "do": [{"join": {"with": [big], "on": "id", "as": "big"}}]}

    with pytest.raises(ExpressionError) as refused:
        transform(params, replace(context, budget=Budget(MOST)))

    assert refused.value.code == "too_much_work"


@pytest.mark.django_db
def test_hostile_conditions_of_a_figure_are_counted(as_tenant):
    where = [row("status", "in", [f"s{n}" for n in range(900)])] * 50
    params = {"table": "orders", "function": "count", "where": where}

    with pytest.raises(ExpressionError) as refused:
        aggregate_records(params, replace(as_tenant, budget=Budget(MOST)))

    assert refused.value.code == "too_much_work"


@pytest.mark.parametrize(
    "operation",
    [
        {"keep": [row(".", "greater_than", 5), row(".", "less_than", 9_000)]},
        {"sort": {"by": ".", "descending": True}},
        {"unique": "."},
        {"group": "."},
        {"without": {"list": NUMBERS[:100], "on": "."}},
    ],
    ids=lambda operation: next(iter(operation)),
)
def test_ten_thousand_items_are_no_hostile_work(operation):
    assert code_of(NUMBERS, [operation] * 5, Budget()) is None
