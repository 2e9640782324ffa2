"""What a waiting run writes in its columns, and which events answer to it."""

import json
from datetime import timedelta
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.engine.progress import AwaitedEvent
from workflows.runtime.waits.wait_keys import (
    MAX_FORM_LENGTH,
    answers,
    form_of,
    is_answer,
    paths_in,
    question,
    range_of,
)

HUGE = Decimal("1E+1000000")


def match_of(value):
    return question(AwaitedEvent("paid", {"order": value}, timedelta(0), None))[1]


def is_found(asked, came):
    """Whether an event with `came` finds the run that waits for `asked`, and ends its wait."""
    payload = {"order": came}
    found = match_of(asked) in answers(["order"], payload)
    return found and is_answer({"order": asked}, payload)


@pytest.mark.parametrize(
    "alike",
    [
        [7, "7", "7.0", Decimal("7.00"), 7.0, "+7", " 7 "],
        [0, "0", "-0", Decimal("0E+5"), Decimal("-0.00"), 0.0],
        [Decimal("149.9"), "149.90", Decimal("149.900")],
        [10**29 + 1, str(10**29 + 1), Decimal(10**29 + 1)],
        ["0." + "1" * 40, Decimal("0." + "1" * 40 + "0")],
        [True, "true"],
    ],
)
def test_ways_to_write_a_value_are_one_value(alike):
    for asked in alike:
        assert [is_found(asked, came) for came in alike] == [True] * len(alike)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (10**29 + 1, 10**29 + 2),
        (str(10**29 + 1), str(10**29 + 2)),
        (Decimal("0." + "1" * 40), Decimal("0." + "1" * 39 + "2")),
        (HUGE, Decimal("1E+1000001")),
        (Decimal("1E-1000000"), 0),
        (7, -7),
        ("007", "7"),
        ("7a", "7"),
        (1, True),
    ],
)
def test_different_values_are_never_one(one, other):
    assert not is_found(one, other)
    assert not is_found(other, one)


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=None),
    st.decimals(allow_nan=False, allow_infinity=False, places=None),
    st.integers(1, 60),
)
def test_numbers_match_if_and_only_if_they_are_equal(one, other, context):
    with localcontext(prec=context):
        assert is_found(one, other) == (one == other)
        assert is_found(one, one)


@given(st.integers(10**30, 10**60), st.integers(1, 3))
def test_long_references_that_differ_by_little_are_different(number, apart):
    assert not is_found(str(number), str(number + apart))
    assert is_found(str(number), number)


def test_a_run_that_an_older_release_parked_is_found_by_its_rounded_number():
    reference = 10**29 + 123
    rounded = match_of(f"{Decimal(reference).normalize():f}")

    assert rounded in answers(["order"], {"order": reference})
    assert is_answer({"order": str(reference)}, {"order": reference})
    assert not is_answer({"order": str(reference)}, {"order": reference + 1})


def test_an_event_without_such_a_value_answers_nothing():
    for payload in ({}, {"order": None}, {"order": {}}, {"order": [1]}, None, [1], "order"):
        assert answers(["order"], payload) == ()
        assert not is_answer({"order": 1}, payload)


@given(st.lists(st.text("abcبت.", min_size=1, max_size=90), min_size=1, max_size=12, unique=True))
def test_every_form_fits_and_lies_in_the_range_of_its_type(paths):
    form = form_of("paid", sorted(paths))
    low, high = range_of("paid")

    assert len(form) <= MAX_FORM_LENGTH
    assert form.isascii()
    assert low < form < high
    assert paths_in(form) in (sorted(paths), None)
    assert (paths_in(form) is None) == (len(low + json.dumps(sorted(paths))) > MAX_FORM_LENGTH)


def test_long_forms_of_other_paths_are_other_forms():
    names = [f"{'المعرف' * 20}{number}" for number in range(10)]

    assert form_of("paid", names) != form_of("paid", names[:9])
    assert form_of("paid", names) == form_of("paid", list(names))
