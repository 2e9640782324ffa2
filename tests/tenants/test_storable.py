"""What PostgreSQL would refuse, or nobody could read again, does not come to it."""

from decimal import Decimal
from unittest.mock import patch

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tenants.core.json.faults import BadJson
from tenants.core.json.jsontext import MAX_DIGITS, loads, storable, storable_text
from tenants.core.json.simple_json import length_of_simple
from tenants.core.json.strict_json import keep

REPLACED = "\N{REPLACEMENT CHARACTER}"
NUMBERS = st.one_of(
    st.integers(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.builds(lambda exponent: Decimal(f"1e{exponent}"), st.integers(-300_000, 300_000)),
    st.builds(lambda digits: 10**digits, st.integers(0, 4200)),
)
TEXTS = st.text(st.characters(exclude_categories=()))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def through_postgresql(text):
    with connection.cursor() as cursor:
        cursor.execute("SELECT (%s::jsonb)::text", [text])
        return cursor.fetchone()[0]


@pytest.mark.django_db
@given(value=ANY_JSON)
def test_whatever_is_storable_is_taken_and_read_again(value):
    assert loads(through_postgresql(storable(value))) is not NotImplemented


@pytest.mark.django_db
@given(value=ANY_JSON)
def test_what_was_checked_is_kept_as_it_is(value):
    try:
        kept, _size = keep(value)
    except BadJson:
        return
    again = loads(through_postgresql(storable(kept)))
    assert again == loads(storable(again))
    assert storable(kept) == storable(value)


@given(value=ANY_JSON | st.recursive(st.sampled_from(["a", 5, None, True]), st.lists))
def test_a_simple_value_is_kept_as_any_other(value):
    length = length_of_simple(value)
    if length is None:
        return
    with patch("tenants.core.json.strict_json.length_of_simple", lambda _: None):
        kept, exactly = keep(value)
    assert kept == value
    assert exactly <= length


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\0b", f"a{REPLACED}b"),
        ("a\ud800b", f"a{REPLACED}b"),
        ("plain", "plain"),
        ("نور", "نور"),
        ("\U0001f600", "\U0001f600"),
    ],
)
def test_text_goes_in_without_what_no_row_takes(text, kept):
    assert storable_text(text) == kept


@pytest.mark.parametrize(
    "value",
    [
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1e1001"),
        Decimal("1e-1001"),
        [{"a": 10**1001}],
        10**5000,
        object(),
        float("nan"),
        b"\xff",
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_refused(value):
    with pytest.raises(BadJson):
        keep(value)


def test_nesting_has_an_end():
    value = []
    for _ in range(199):
        value = [value]

    assert keep(value)[0] == value
    with pytest.raises(BadJson):
        keep([value])


@given(
    before=st.integers(0, 1_100),
    digits=st.sampled_from([-3, 0, 5, 500]),
    behind=st.integers(0, 1_100),
)
def test_a_number_that_nobody_could_read_again_is_found_wherever_it_stands(before, digits, behind):
    number = 10 ** (MAX_DIGITS + digits - 1)  # has MOST_DIGITS + digits of them
    text = storable(["a" * before, number, "b" * behind])

    assert loads(text)[1] == (str(number) if digits > 0 else number)
