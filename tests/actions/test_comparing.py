"""Rows of actions decide and refuse as the conditions of the same operators do."""

from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from actions.tables.rows import OPERATORS, holds, path_of_field
from tenants.core.values import comparison
from tenants.core.values.comparison import Incomparable
from tenants.core.values.paths import MISSING, lookup
from workflows.definition.errors import ExpressionError
from workflows.definition.operators import OPERATORS as CONDITIONS
from workflows.definition.operators import Sides

ZONE = ZoneInfo("Asia/Beirut")
VALUES = [
    None, True, False, 0, 12, -3, 12.5, 10**40, "", "  ", "12.50", "12.5", "0501", "501", "12E5",
    "9" * 60, "9" * 120, "true", "Web", "web", "نور", "2026-11-20", "2026-11-20T00:00:00+02:00",
    "2026-11-19T22:00:00Z", "2026-02-30", "03/04/2026", "0001-01-01", "9999-12-31T23:59:59-23:59",
    [], ["12.5", "web"], [None], {}, {"a": 1, "b": [2]}, {"b": [2], "a": 1}, {"web": 1},
]  # fmt: skip


def by_actions(left, operator, right):
    try:
        return holds(left, operator, right, ZONE)
    except Incomparable as refused:
        return refused.code


def by_language(left, operator, right):
    sides = Sides(path="x", left=left, right=right, now=None, zone=ZONE)
    try:
        return CONDITIONS[operator].holds(sides)
    except ExpressionError as refused:
        return refused.code


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_on_every_pair_of_values_is_as_in_the_language(operator):
    differences = [
        (left, operator, right)
        for left, right in product([MISSING, *VALUES], VALUES)
        if by_actions(left, operator, right) != by_language(left, operator, right)
    ]

    assert differences == []


texts = st.text(max_size=6) | st.sampled_from(
    ["2026-01-31", "12.50", "-0", "true", "2026-01-31 10:00"]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
payloads = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@given(value=payloads)
def test_a_value_is_equal_to_itself_and_found_by_its_key(value):
    assert comparison.equal(value, value, ZONE)
    assert comparison.key_of(value, ZONE) in {comparison.key_of(value, ZONE)}


@settings(suppress_health_check=[HealthCheck.filter_too_much])  # most lists mix what has no order
@given(values=st.lists(texts | st.integers(), min_size=2, max_size=5))
def test_a_list_sorts_as_its_pairs_compare(values):
    try:
        keys = comparison.sort_keys(values, ZONE)
    except Incomparable:
        assume(False)
    for (left, one), (right, other) in product(zip(values, keys, strict=True), repeat=2):
        assert (one > other) - (one < other) == comparison.order(left, right, ZONE)


@pytest.mark.parametrize("name", ["Phone Number", "id; drop", "a b.c", "", "tenant__key"])
def test_what_is_no_path_is_the_name_of_one_field(name):
    assert lookup({name: 1}, path_of_field(name)) == 1


def test_a_dot_is_the_value_itself():
    assert lookup(7, path_of_field(".")) == 7
