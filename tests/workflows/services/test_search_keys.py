"""Which words find an event, and which do not."""

import time
from uuid import UUID

import pytest

from workflows.services.events.search_keys import MAX_KEYS, search_keys, words

TENANT = UUID(int=7)


def keys(*sources):
    """Return the keys without the tenant."""
    return [key.removeprefix(f"{TENANT}:") for key in search_keys(TENANT, "LB", *sources)]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Rami Haddad", ["rami haddad", "rami", "haddad"]),
        ("Rami  El-Haddad", ["rami  el-haddad", "rami", "haddad"]),
        ("C-1019", ["c-1019", "1019"]),
        ("rami.haddad@example.com", ["rami.haddad@example.com", "rami", "haddad"]),
        ("03 123 456", ["03 123 456", "+9613123456"]),
        ("149.90", ["149.90"]),
        ("2026-01-31", ["2026-01-31"]),
        ("https://shop.example.com/orders", ["https://shop.example.com/orders"]),
        ("one two three four five six seven", ["one two three four five six seven"]),
        (
            "01a20374-8f9f-76fd-81a6-45066658ce39",
            ["01a20374-8f9f-76fd-81a6-45066658ce39"],
        ),
        (True, []),
        (42, []),
        (1042, ["1042"]),
        (None, []),
        ("x" * 101, []),
    ],
)
def test_the_keys_of_a_value(value, found):
    assert keys({"value": value}) == found


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("JOSÉ", "jose"),
        ("Müller", "muller"),
        ("أحمد", "احمد"),
        ("فاطمة", "فاطمه"),
        ("مُحَمَّد", "محمد"),
        ("علـــى", "علي"),
        ("\u0661\u0660\u0664\u0662", "1042"),
    ],
)
def test_accents_vowel_signs_and_digits_are_typed_in_many_ways(typed, stored):
    assert words(typed, "LB") == [stored]


def test_the_words_of_a_name_never_take_a_whole_values_place():
    whole = [f"Name {number} of many" for number in range(MAX_KEYS - 1)]

    found = keys(whole)

    assert len(found) == MAX_KEYS
    assert {text.lower() for text in whole} <= set(found)


def test_no_more_keys_than_the_limit():
    assert len(keys([f"value-{number}" for number in range(500)])) == MAX_KEYS


def test_an_orders_keys_cost_less_than_a_millisecond():
    payload = {f"field_{number}": f"Some Customer {number}" for number in range(20)}
    keys(payload)
    start = time.perf_counter()
    for _ in range(100):
        keys(payload)

    assert (time.perf_counter() - start) / 100 < 0.001
