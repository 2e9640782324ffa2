"""Actions compare as the language does: both decide the same cases, and refuse the same."""

from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from actions import comparing, paths
from actions.comparing import Incomparable
from workflows.definition.errors import ExpressionError
from workflows.definition.operators import OPERATORS, Sides
from workflows.definition.values import comparison
from workflows.definition.values import paths as language_paths
from workflows.definition.values.json_values import MISSING as LANGUAGE_MISSING

ZONE = ZoneInfo("Asia/Beirut")
VALUES = [
    None, True, False, 0, 12, -3, 12.5, 10**40, "", "  ", "12.50", "12.5", "0501", "501", "12E5",
    "9" * 60, "9" * 120, "true", "Web", "web", "نور", "2026-11-20", "2026-11-20T00:00:00+02:00",
    "2026-11-19T22:00:00Z", "2026-02-30", "03/04/2026", "0001-01-01", "9999-12-31T23:59:59-23:59",
    [], ["12.5", "web"], [None], {}, {"a": 1, "b": [2]}, {"b": [2], "a": 1}, {"web": 1},
]  # fmt: skip


def by_actions(left, operator, right):
    try:
        return comparing.holds(left, operator, right, ZONE)
    except Incomparable as refused:
        return refused.code


def by_language(left, operator, right):
    left = LANGUAGE_MISSING if left is paths.MISSING else left
    sides = Sides(path="x", left=left, right=right, now=None, zone=ZONE)
    try:
        return OPERATORS[operator].holds(sides)
    except ExpressionError as refused:
        return refused.code


@pytest.mark.parametrize("operator", comparing.OPERATORS)
def test_every_operator_on_every_pair_of_values_is_as_in_the_language(operator):
    differences = [
        (left, operator, right)
        for left, right in product([paths.MISSING, *VALUES], VALUES)
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


@given(operator=st.sampled_from(comparing.OPERATORS), left=payloads, right=payloads)
def test_and_on_whatever_else_a_payload_may_hold(operator, left, right):
    assert by_actions(left, operator, right) == by_language(left, operator, right)


@given(value=payloads)
def test_a_value_is_equal_to_itself_and_found_by_its_key(value):
    assert comparing.equal(value, value, ZONE)
    assert comparing.key_of(value, ZONE) in {comparing.key_of(value, ZONE)}


@settings(suppress_health_check=[HealthCheck.filter_too_much])  # most lists mix what has no order
@given(values=st.lists(texts | st.integers(), min_size=2, max_size=5))
def test_a_list_sorts_as_its_pairs_compare(values):
    try:
        keys = comparing.sort_keys(values, ZONE)
    except Incomparable:
        assume(False)
    for (left, one), (right, other) in product(zip(values, keys, strict=True), repeat=2):
        assert (one > other) - (one < other) == comparison.order(left, right, ZONE)


DOCUMENT = {
    "a": [{"b": "x"}, 2],
    "text": "abc",
    "Phone Number": {"n": 1},
    "نور": 5,
    "size": 9,
    "null": None,
}


@pytest.mark.parametrize(
    "path",
    ["a", "a[0].b", "a[-1]", "a.first.b", "a.last", "a.size", "a[7]", "a.b", "text.size", "text[0]",
     "نور", "size", "null", "null.x", "missing", "a['b']"],
)  # fmt: skip
def test_a_path_leads_where_it_leads_in_the_language(path):
    expected = language_paths.lookup(DOCUMENT, language_paths.parse_path(path))
    found = paths.lookup(DOCUMENT, paths.parse_path(path))

    assert found == (paths.MISSING if expected is LANGUAGE_MISSING else expected)


@pytest.mark.parametrize("name", ["Phone Number", "id; drop", "a b.c", "", "tenant__key"])
def test_what_is_no_path_is_the_name_of_one_field(name):
    assert paths.lookup({name: 1}, paths.parse_path(name)) == 1


def test_a_dot_is_the_value_itself():
    assert paths.lookup(7, paths.parse_path(".")) == 7
