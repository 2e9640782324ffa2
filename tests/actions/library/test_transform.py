"""Reshaping lists: each operation, its limits, and what it says when it cannot."""

import json
import time

import pytest

from actions.errors import PermanentFailure
from actions.library import transform as module
from actions.reshaping import MAX_ITEMS

ORDERS = [
    {"id": 1, "city": "بيروت", "total": "100.00", "lines": [{"sku": "a"}, {"sku": "b"}]},
    {"id": 2, "city": "Tyre", "total": "9.50", "lines": []},
    {"id": "3", "city": "بيروت", "total": 20, "lines": [{"sku": "a"}]},
]


@pytest.fixture
def reshape(run):
    def transform(items, *operations):
        before = json.dumps([items, operations])
        output = run("transform", items=items, do=list(operations))
        assert json.dumps([items, operations]) == before
        assert output["count"] == len(output["items"])
        return output["items"]

    return transform


@pytest.fixture
def refused(run):
    def transform(code, items, *operations):
        with pytest.raises(PermanentFailure) as failure:
            run("transform", items=items, do=list(operations))
        assert failure.value.code == code
        return failure.value.params

    return transform


def ids(items):
    return [item["id"] for item in items]


def row(field, operator, value=None):
    return {"field": field, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ([row("total", "greater_than", "10")], [1, "3"]),
        ([row("total", "less_or_equal", 9.5)], [2]),
        ([row("id", "in", ["1", 3])], [1, "3"]),
        ([row("city", "equals", "بيروت"), row("total", "less_than", 50)], ["3"]),
        ([row("city", "contains", "روت")], [1, "3"]),
        ([row("lines", "is_empty")], [2]),
        ([row("lines[0].sku", "is_not_empty")], [1, "3"]),
        ([row("lines.size", "equals", 2)], [1]),
        ([row("nothing", "is_empty")], [1, 2, "3"]),
    ],
)
def test_keep_and_drop(reshape, rows, kept):
    assert ids(reshape(ORDERS, {"keep": rows})) == kept
    assert ids(reshape(ORDERS, {"drop": rows})) == [i for i in ids(ORDERS) if i not in kept]


def test_pick_and_rename(reshape):
    assert reshape(
        [{"a": 1, "b": 2, "نوع": 3}, {"b": 4}],
        {"pick": ["نوع", "b"]},
        {"rename": {"نوع": "kind", "b": "a"}},
    ) == [{"kind": 3, "a": 2}, {"a": 4}]


def test_renaming_may_swap(reshape):
    assert reshape([{"a": 1, "b": 2}], {"rename": {"a": "b", "b": "a"}}) == [{"b": 1, "a": 2}]


def test_sort_compares_numbers_as_numbers(reshape):
    assert ids(reshape(ORDERS, {"sort": {"by": "total"}})) == [2, "3", 1]
    assert ids(reshape(ORDERS, {"sort": {"by": "total", "descending": True}})) == [1, "3", 2]


def test_sort_keeps_the_order_of_equal_items_and_puts_null_last(reshape):
    items = [{"id": n, "a": a} for n, a in enumerate(["2", None, "1", 2, "2.0"])]

    assert ids(reshape(items, {"sort": {"by": "a"}})) == [2, 0, 3, 4, 1]
    assert ids(reshape(items, {"sort": {"by": "a", "descending": True}})) == [0, 3, 4, 2, 1]


def test_sort_compares_dates_as_moments(reshape):
    days = ["2026-01-02", "2026-01-01T23:00:00Z", "2026-01-01"]

    assert reshape(days, {"sort": {"by": "."}}) == [days[2], days[0], days[1]]


def test_unique_first_flatten_chunk(reshape):
    assert ids(reshape(ORDERS, {"unique": "city"})) == [1, 2]
    assert reshape(["1", 1, "1.0", "a", "A"], {"unique": "."}) == ["1", "a", "A"]
    assert ids(reshape(ORDERS, {"first": 2})) == [1, 2]
    assert reshape(ORDERS, {"first": 0}) == []
    assert reshape(ORDERS, {"flatten": "lines"}, {"unique": "sku"}) == [{"sku": "a"}, {"sku": "b"}]
    assert reshape([1, 2, 3, 4, 5], {"chunk": 2}) == [[1, 2], [3, 4], [5]]
    assert reshape([[1, 2], [3]], {"flatten": "."}) == [1, 2, 3]


def test_group(reshape):
    groups = reshape(ORDERS, {"group": "city"})

    assert [(group["key"], group["count"], ids(group["items"])) for group in groups] == [
        ("بيروت", 2, [1, "3"]),
        ("Tyre", 1, [2]),
    ]


def test_join_and_without(reshape):
    paid = [{"id": "1", "at": "x"}, {"id": 1.0, "at": "later"}, {"id": 3, "at": "y"}]

    joined = reshape(ORDERS, {"join": {"with": paid, "on": "id", "as": "paid"}})

    assert [item["paid"] for item in joined] == [paid[0], None, paid[2]]
    assert ids(reshape(ORDERS, {"without": {"list": paid, "on": "id"}})) == [2]
    assert ids(reshape(ORDERS, {"without": {"list": ["1", 3], "on": "id"}})) == [2]
    assert reshape(["a", "b"], {"without": {"list": ["a"], "on": "."}}) == ["b"]


def test_no_operation_and_no_items(reshape):
    assert reshape(ORDERS) == ORDERS
    for name in module.OPERATIONS_SCHEMA:
        assert reshape([], {name: EXAMPLES[name]}) == []


EXAMPLES = {
    "keep": [row("a", "equals", 1)],
    "drop": [row("a", "equals", 1)],
    "pick": ["a"],
    "rename": {"a": "b"},
    "sort": {"by": "a"},
    "unique": "a",
    "first": 1,
    "flatten": "a",
    "chunk": 2,
    "group": "a",
    "join": {"with": [], "on": "a", "as": "b"},
    "without": {"list": [], "on": "a"},
}


@pytest.mark.parametrize(
    "name", ["keep", "drop", "sort", "unique", "flatten", "group", "join", "without"]
)
def test_an_item_without_the_field_is_named(refused, name):
    items = [{"a": []}, {"b": 1}] if name == "flatten" else [{"a": 1}, {"b": 1}]

    assert refused("item_lacks_field", items, {name: EXAMPLES[name]}) == {"field": "a", "item": 2}


@pytest.mark.parametrize("name", ["pick", "rename", "join"])
def test_a_plain_value_has_no_fields(refused, name):
    assert refused("item_not_object", [{"a": 1}, "x"], {name: EXAMPLES[name]}) == {
        "item": 2,
        "value": "x",
    }


@pytest.mark.parametrize("field", ["tenant__key", "id; drop", "__class__", "a.b.c", "", "x" * 5000])
def test_odd_field_names_are_only_names(refused, reshape, field):
    facts = refused("item_lacks_field", [{"a": 1}], {"unique": field})

    assert len(facts["field"]) <= 80
    if "." not in field:
        assert reshape([{field: 1}, {field: "1"}], {"unique": field}) == [{field: 1}]


def test_null_has_no_order(refused):
    facts = refused("item_lacks_field", [{"a": None}], {"keep": [row("a", "greater_than", 1)]})

    assert facts == {"field": "a", "item": 1}


@pytest.mark.parametrize(
    ("value", "operator", "other", "odd"),
    [
        ("99 SAR", "greater_than", 50, "99 SAR"),
        ("a", "in", "abc", "abc"),
        (True, "less_or_equal", 1, "true"),
    ],
)
def test_values_that_do_not_compare(refused, value, operator, other, odd):
    facts = refused("values_not_comparable", [{"a": value}], {"keep": [row("a", operator, other)]})

    assert facts == {"field": "a", "operator": operator, "value": str(other), "odd": odd}


@pytest.mark.parametrize(
    ("values", "odd"),
    [([1, "x"], "x"), (["2026-01-01", "x"], "x"), ([1, True], "true"), ([1, [1]], "[1]")],
)
def test_values_that_have_no_order(refused, values, odd):
    facts = refused("values_have_no_order", [{"a": v} for v in values], {"sort": {"by": "a"}})

    assert facts == {"field": "a", "value": odd}


def test_what_is_no_list_cannot_be_unpacked(refused):
    facts = refused("item_not_list", [{"a": []}, {"a": "xyz"}], {"flatten": "a"})

    assert facts == {"field": "a", "item": 2}


def test_ten_thousand_items_and_no_more(refused, reshape):
    most = list(range(MAX_ITEMS))
    assert len(reshape(most)) == MAX_ITEMS

    limit = {"count": MAX_ITEMS + 1, "limit": MAX_ITEMS}
    assert refused("too_many_items", [*most, 0]) == limit
    assert refused("too_many_items", [*most, 0], {"first": 1}) == limit
    lists = [{"a": most}, {"a": [0]}]
    assert refused("too_many_items", lists, {"flatten": "a"}, {"first": 1}) == limit
    assert (
        refused("too_many_items", [{"a": 1}], {"without": {"list": [*most, 0], "on": "a"}}) == limit
    )
    join = {"with": [{"a": n} for n in range(MAX_ITEMS + 1)], "on": "a", "as": "b"}
    assert refused("too_many_items", [{"a": 1}], {"join": join}) == limit


def test_a_join_cannot_fill_the_memory(refused):
    items = [{"a": 1} for _ in range(MAX_ITEMS)]
    other = [{"a": 1, "text": "x" * 50_000}]

    facts = refused("list_too_large", items, {"join": {"with": other, "on": "a", "as": "b"}})

    assert facts == {"limit_bytes": module.MAX_OUTPUT_BYTES}


def test_many_items_are_done_quickly(reshape):
    items = [{"id": str(n), "total": f"{n % 977}.50"} for n in range(MAX_ITEMS)]
    started = time.thread_time()

    reshape(
        items,
        {"keep": [row("total", "greater_than", "100")]},
        {"join": {"with": [{"id": n} for n in range(MAX_ITEMS)], "on": "id", "as": "b"}},
        {"sort": {"by": "total", "descending": True}},
        {"group": "total"},
    )

    assert time.thread_time() - started < 5  # of the processor; 0.4 s on a laptop


def test_huge_numbers_compare_exactly(reshape):
    big = "9" * 60
    items = [{"a": f"{big}.2"}, {"a": f"{big}.1"}, {"a": int(big)}]

    assert reshape(items, {"sort": {"by": "a"}}) == [items[2], items[1], items[0]]
    assert reshape(items, {"keep": [row("a", "greater_than", int(big))]}) == items[:2]
