"""What templates may see, and the paths into it."""

# ruff: noqa: E501 -- a row of a table is one line

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.core.values.paths import MISSING, lookup, parse_path, show_path
from workflows.definition.errors import ExpressionError
from workflows.definition.scope import NameScope
from workflows.definition.values.json_values import normalise


class Colour(Enum):
    RED = "red"


@dataclass
class Model:
    name: str = "secret"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("149.90"), "149.90"),
        (Decimal("1E+3"), "1000"),
        (UUID("00000000-0000-0000-0000-000000000001"), "00000000-0000-0000-0000-000000000001"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (Colour.RED, "red"),
        ((1, [True, None]), [1, [True, None]]),
        ({1: "a", Colour.RED: "b"}, {"1": "a", "red": "b"}),
        (1.5, 1.5),
    ],
)
def test_normalise_gives_json(value, expected):
    assert normalise(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        Model(),
        {"a": Model()},
        {1, 2},
        b"x",
        datetime(2026, 1, 2, tzinfo=UTC).replace(tzinfo=None),
        float("nan"),
        Decimal("inf"),
    ],
)
def test_what_is_no_json_is_refused(value):
    with pytest.raises(ExpressionError) as refused:
        normalise(value)

    assert refused.value.code == "not_a_value"


def test_what_has_no_end_is_refused():
    endless = []
    endless.append(endless)

    with pytest.raises(ExpressionError) as refused:
        normalise(endless)

    assert refused.value.params["limit"] == "nesting"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("trigger.total_amount", ("trigger", "total_amount")),
        ("item['Phone Number']", ("item", "Phone Number")),
        ('item["Phone Number"].x', ("item", "Phone Number", "x")),
        ("data.items[0].sku", ("data", "items", 0, "sku")),
        ("trigger.items[-1]", ("trigger", "items", -1)),
        ("trigger.المبلغ", ("trigger", "المبلغ")),
        (" trigger.order-id ", ("trigger", "order-id")),
        ("", None),
        ("trigger.", None),
        ("trigger..a", None),
        ("trigger a", None),
        ("trigger[a]", None),
        ("{{ trigger.a }}", None),
        ("1a", None),
        ("trigger.a | upcase", None),
    ],
)
def test_paths_are_read(text, path):
    assert parse_path(text) == path


@given(st.lists(st.text(st.characters(exclude_characters="'\"[]"), min_size=1), max_size=4))
def test_a_path_that_is_shown_can_be_read_again(keys):
    path = ("trigger", *keys)
    assert parse_path(show_path(path)) == path


VALUES = {"a": {"b": [10, {"c": None}], "size": "XL"}, "text": "abc", "null": None}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("a", "b", 0), 10),
        (("a", "b", -2), 10),
        (("a", "b", 1, "c"), None),
        (("a", "b", "size"), 2),
        (("a", "b", "first"), 10),
        (("a", "b", "last", "c"), None),
        (("a", "size"), "XL"),
        (("text", "size"), 3),
        (("a", "b", 2), MISSING),
        (("a", "b", True), MISSING),
        (("a", "b", 1, "c", "d"), MISSING),
        (("null", "x"), MISSING),
        (("text", 0), MISSING),
        (("text", "upper"), MISSING),
        (("a", "keys"), MISSING),
        (("nope",), MISSING),
    ],
)
def test_look_up(path, found):
    assert lookup(VALUES, path) == found or lookup(VALUES, path) is found


@pytest.mark.parametrize(
    ("status", "found"),
    [("completed", 1), ("reused", 1), ("failed", MISSING), ("skipped", MISSING), ("unknown", MISSING)],
)  # fmt: skip
def test_only_a_step_that_did_its_work_has_an_output(status, found):
    scope = NameScope(steps={"a": {"status": status, "output": {"n": 1}, "error": None}})

    assert lookup(scope.roots, ("steps", "a", "output", "n")) == found
    assert lookup(scope.roots, ("steps", "a", "status")) == status
    assert lookup(scope.roots, ("steps", "a", "error", "code")) is MISSING
