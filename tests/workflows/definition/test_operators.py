"""Every operator against missing, null, "", [], a number in text and a date in text."""

# ruff: noqa: E501 -- a row of a table is one line

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.definition.conditions import compile_condition
from workflows.definition.errors import ExpressionError
from workflows.definition.operators import OPERATORS
from workflows.definition.scope import NameScope
from workflows.presentation.documents.problems import sentence

MISSING = object()
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LEFTS = {
    "missing": MISSING,
    "null": None,
    "empty": "",
    "list": [],
    "number": "12.50",
    "date": "2026-11-20",
}

# Operator, value, and for each left side: True, False or the code of the error.
# The order of the columns is that of LEFTS.
TABLE: list[Any] = [
    ("exists", None, [False, False, True, True, True, True]),
    ("not_exists", None, [True, True, False, False, False, False]),
    ("is_empty", None, [True, True, True, True, False, False]),
    ("is_not_empty", None, [False, False, False, False, True, True]),
    ("equals", "12.5", ["missing_value", False, False, False, True, False]),
    ("equals", None, ["missing_value", True, False, False, False, False]),
    ("equals", "", ["missing_value", False, True, False, False, False]),
    ("equals", [], ["missing_value", False, False, True, False, False]),
    ("equals", "2026-11-20T00:00:00Z", ["missing_value", False, False, False, False, True]),
    ("not_equals", "12.5", ["missing_value", True, True, True, False, True]),
    ("equals_ignoring_case", "X", ["missing_value", "missing_value", False, "not_text", False, False]),
    ("greater_than", "9", ["missing_value", "missing_value", "not_a_number", "not_comparable", True, "not_a_number"]),
    ("greater_than", "2026-01-01", ["missing_value", "missing_value", "not_a_date", "not_comparable", "not_a_number", True]),
    ("greater_or_equal", 12.5, ["missing_value", "missing_value", "not_a_number", "not_comparable", True, "not_a_number"]),
    ("less_than", "9", ["missing_value", "missing_value", "not_a_number", "not_comparable", False, "not_a_number"]),
    ("less_than", "x", ["missing_value", "missing_value", True, "not_comparable", "not_a_number", "not_a_date"]),
    ("less_or_equal", 12.5, ["missing_value", "missing_value", "not_a_number", "not_comparable", True, "not_a_number"]),
    ("between", [10, "12.50"], ["missing_value", "missing_value", "not_a_number", "not_comparable", True, "not_a_number"]),
    ("between", ["2026-11-01", "2026-11-30"], ["missing_value", "missing_value", "not_a_date", "not_comparable", "not_a_number", True]),
    ("contains", "2", ["missing_value", "missing_value", False, False, True, True]),
    ("not_contains", "2", ["missing_value", "missing_value", True, True, False, False]),
    ("contains_ignoring_case", "2", ["missing_value", "missing_value", False, False, True, True]),
    ("starts_with", "12", ["missing_value", "missing_value", False, "not_text", True, False]),
    ("ends_with", "20", ["missing_value", "missing_value", False, "not_text", False, True]),
    ("in", ["", "12.5"], ["missing_value", False, True, False, True, False]),
    ("in", [None], ["missing_value", True, False, False, False, False]),
    ("not_in", ["", "12.5"], ["missing_value", True, False, True, False, True]),
    ("is_true", None, ["missing_value", "missing_value", False, False, False, False]),
    ("is_false", None, ["missing_value", "missing_value", False, False, False, False]),
    ("before", "2026-11-21", ["missing_value", "missing_value", "not_a_date", "not_a_date", "not_a_date", True]),
    ("after", "2026-11-21", ["missing_value", "missing_value", "not_a_date", "not_a_date", "not_a_date", False]),
    ("older_than", "1d", ["missing_value", "missing_value", "not_a_date", "not_a_date", "not_a_date", True]),
    ("within_last", "7d", ["missing_value", "missing_value", "not_a_date", "not_a_date", "not_a_date", True]),
    ("within_next", "7d", ["missing_value", "missing_value", "not_a_date", "not_a_date", "not_a_date", False]),
    # The value before the change was "10".
    ("changed", None, ["missing_value", True, True, True, True, True]),
    ("not_changed", None, ["missing_value", False, False, False, False, False]),
    ("changed_to", "12.5", ["missing_value", False, False, False, True, False]),
    ("changed_from", 10, ["missing_value", True, True, True, True, True]),
    ("crosses_above", 12, ["missing_value", "missing_value", "not_a_number", "not_a_number", True, "not_a_number"]),
    ("crosses_below", 12, ["missing_value", "missing_value", "not_a_number", "not_a_number", False, "not_a_number"]),
]  # fmt: skip

CASES = [
    pytest.param(operator, value, left, expected, id=f"{operator} {value} {left}")
    for operator, value, row in TABLE
    for left, expected in zip(LEFTS, row, strict=True)
]


def decide(row, trigger, previous=None):
    return compile_condition({"all": [row]}).decide(
        NameScope(trigger=trigger, previous=previous, now=NOW)
    )


def test_the_table_has_every_operator():
    assert {operator for operator, _, _ in TABLE} == set(OPERATORS)


@pytest.mark.parametrize(("operator", "value", "left", "expected"), CASES)
def test_operator(operator, value, left, expected):
    trigger = {} if LEFTS[left] is MISSING else {"x": LEFTS[left]}
    row = {"field": "trigger.x", "operator": operator, "value": value}

    if isinstance(expected, bool):
        assert decide(row, trigger, {"x": "10"}).holds is expected
        return
    with pytest.raises(ExpressionError) as refused:
        decide(row, trigger, {"x": "10"})
    assert refused.value.code == expected
    assert not sentence(expected, refused.value.params).startswith(expected)
    assert refused.value.params["path"] == "trigger.x"


@pytest.mark.parametrize(
    ("operator", "left", "value", "expected"),
    [
        ("equals", "Web", "web", False),
        ("equals_ignoring_case", "Web", "wEB", True),
        ("equals", 1, True, False),
        ("equals", True, "true", True),
        ("equals", {"a": 1, "b": [2]}, {"b": [2], "a": 1}, True),
        ("equals", "0501", "501", False),
        ("equals", "2026-11-20T10:00:00+03:00", "2026-11-20T07:00:00Z", True),
        ("contains", ["a", "12.50"], 12.5, True),
        ("contains", "Straße", "aße", True),
        ("contains_ignoring_case", ["Red"], "red", True),
        ("contains_ignoring_case", "STRASSE", "straße", True),
        ("is_true", True, None, True),
        ("is_true", "true", None, True),
        ("is_false", False, None, True),
        ("is_false", 0, None, False),
        ("is_empty", {}, None, True),
        ("is_empty", "  ", None, True),
        ("is_empty", 0, None, False),
        ("is_empty", False, None, False),
        ("within_next", "2026-11-23", "1d", True),
        ("within_last", "2026-11-23", "1d", False),
        ("older_than", 1700000000, "365d", True),
        ("greater_than", "b", "a", True),
    ],
)
def test_operator_on_other_values(operator, left, value, expected):
    row = {"field": "trigger.x", "operator": operator, "value": value}

    assert decide(row, {"x": left}).holds is expected


@pytest.mark.parametrize(
    ("before", "after", "above", "below"),
    [(6, 5, False, True), (5, 4, False, False), (8, 3, False, True), (5, 6, True, False),
     (4, 5, False, False), (4, 6, True, False), (5, 5, False, False)],
)  # fmt: skip
def test_crossing_five(before, after, above, below):
    for operator, expected in (("crosses_above", above), ("crosses_below", below)):
        row = {"field": "trigger.q", "operator": operator, "value": 5}
        assert decide(row, {"q": after}, {"q": before}).holds is expected


@pytest.mark.parametrize("operator", ["changed", "changed_to", "crosses_below"])
@pytest.mark.parametrize("previous", [None, {}, {"other": 1}])
def test_without_the_value_before_a_change_cannot_be_told(operator, previous):
    with pytest.raises(ExpressionError) as refused:
        decide({"field": "trigger.x", "operator": operator, "value": 1}, {"x": 1}, previous)

    assert (refused.value.code, refused.value.params) == ("missing_value", {"path": "previous.x"})


def test_text_that_is_no_number_says_so_and_names_the_path():
    row = {"field": "trigger.orderValue", "operator": "greater_than", "value": 50}

    with pytest.raises(ExpressionError) as refused:
        decide(row, {"orderValue": "99 SAR"})

    assert refused.value.code == "not_a_number"
    assert refused.value.params == {"value": "99 SAR", "path": "trigger.orderValue"}


# Everything that a payload may hold, and what looks like a date, a number or a duration.
texts = st.text(max_size=6) | st.sampled_from(
    ["0001-01-01", "9999-12-31", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "12.5", "-0", "7d", "true"]
)  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
payloads = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@given(operator=st.sampled_from(sorted(OPERATORS)), left=payloads, right=payloads, before=payloads)
def test_every_operator_decides_or_refuses(operator, left, right, before):
    row = {"field": "trigger.x", "operator": operator, "value": right}

    with contextlib.suppress(ExpressionError):
        assert decide(row, {"x": left}, {"x": before}).holds in (True, False)
