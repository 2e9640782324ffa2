"""What people type finds what is stored, however either is written; and nothing else like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.core.text.search_keys import folded, parts, words
from tenants.core.text.search_terms import read_term

CODES = ["#C-1019", "C-1019", "c1019", "C1019", "C 1019", "order c1019", "Order #C-1019",
         "C\u20131019", "c_1019", "c/1019", "طلب C-1019", "رقم الطلب c1019", "C-1019."]  # fmt: skip
PHONES = ["03 881 234", "03881234", "03/881234", "03-881-234", "+961 3 881 234", "+9613881234",
          "009613881234", "00961 3 881234", "9613881234", "3881234",
          "\u0660\u0663 \u0668\u0668\u0661 \u0662\u0663\u0664", "phone 03881234",
          "(+961) 3 881 234", "\u200e+961 3 881 234\u202c"]  # fmt: skip
SHORT_PHONES = ["70 88 12", "708812", "70-88-12", "708 812", "7088 12"]
ALIKE = [
    ("أحمد", "احمد"), ("إبراهيم", "ابراهيم"), ("آمنة", "امنه"), ("العتيبى", "العتيبي"),
    ("منيره", "منيرة"), ("عبدالله", "عبد الله"), ("عبد الرحمن", "عبدالرحمن"), ("أبوبكر", "أبو بكر"),
    ("فؤاد", "فواد"), ("فئاد", "فؤاد"), ("رائد", "رايد"), ("مسؤول", "مسئول"), ("هناء", "هنا"),
    ("علـــي", "علي"), ("مُحَمَّد", "محمد"), ("لؤى", "لؤي"), ("علی", "علي"), ("کریم", "كريم"),
    ("ٱلله", "الله"), ("José", "jose"), ("MÜLLER", "müller"), ("I\u015f\u0131k", "isik"),
    ("Søren", "soren"),
    ("Łukasz", "lukasz"), ("İstanbul", "istanbul"), ("straße", "STRASSE"), ("naïve", "nai\u0308ve"),
]  # fmt: skip
NOT_ALIKE = [
    ("C 1019", "D-1019"), ("c1019", "1019"), ("C-1019", "C-10190"), ("708812", "708813"),
    ("+961 3 881 234", "+962 3 881 234"), ("karim haddad", "Karim Khoury"), ("149.90", "14990"),
    ("عبدالله", "عبد الرحمن"), ("1,250.50", "1250.51"), ("2026-11-30", "2026-11-03"),
]  # fmt: skip


def keys_of(*values):
    """Return the keys of an event with these values, as they are made since the first release."""
    found = set()
    for value in values:
        spellings = words(value, "LB")
        found |= {*spellings, *(parts(spellings[0]) if len(spellings) == 1 else ())}
    return found


def is_found(term, *values):
    """Whether an event with these values is found, as `SearchKeys.exactly` asks it."""
    said, keys = read_term(term, "LB"), keys_of(*values)
    if keys & set(said.whole):
        return True
    return bool(said.words) and all(
        keys & set(word.spellings) or (word.apart and keys >= set(word.apart))
        for word in said.words
    )


@pytest.mark.parametrize("stored", ["C-1019", "c1019", "C 1019", "#C-1019", "C/1019"])
@pytest.mark.parametrize("typed", CODES)
def test_a_code_is_found_as_it_is_typed(typed, stored):
    assert is_found(typed, stored, "something else")


@pytest.mark.parametrize("stored", ["03 881 234", "+9613881234", "009613881234", "03881234"])
@pytest.mark.parametrize("typed", PHONES)
def test_a_phone_is_found_as_it_is_typed(typed, stored):
    assert is_found(typed, stored)


@pytest.mark.parametrize("stored", SHORT_PHONES)
@pytest.mark.parametrize("typed", SHORT_PHONES)
def test_a_phone_that_is_too_short_is_found_by_its_digits(typed, stored):
    assert is_found(typed, stored)


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_a_name_is_found_by_each_of_its_spellings(one, other):
    for typed, stored in ((one, other), (other, one), (one, one), (other.upper(), other)):
        assert is_found(typed, stored), (typed, stored)
        assert is_found(f"{typed} الحداد", f"{stored} الحداد"), (typed, stored)


@pytest.mark.parametrize(("typed", "stored"), NOT_ALIKE)
def test_what_is_another_is_not_found(typed, stored):
    assert not is_found(typed, stored)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("haddad karim", ("Karim El-Haddad", "x")),
        ("el-haddad", ("Karim El-Haddad",)),
        ("haddad 03 881 234", ("Karim Haddad", "+9613881234")),
        ("karim c1019", ("Karim", "C-1019")),
        ("order haddad", ("Haddad",)),
        ("order", ("order",)),
        ("1019", ("#1019",)),
        ("order #1019", ("1019",)),
        ("1,250.50", ("1250.50",)),
        ("1001 2002", ("A-1001", "B-2002")),
        ("rami 77", ("Rami", "A-77")),
    ],
)
def test_several_words_are_found_in_several_values(typed, stored):
    assert is_found(typed, *stored)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40)


@given(TEXTS)
def test_whatever_is_stored_is_found_by_itself(value):
    if keys_of(value):
        assert is_found(value, value)


@given(st.text("عبداله أإآىةؤئء-0123\u0660\u0661\u0662\u0663 a", max_size=30))
def test_a_number_of_spellings_stays_a_small_one(term):
    said = read_term(term, "LB")

    assert len(said.words) <= 6
    assert all(len(word.spellings) <= 80 for word in said.words)
    assert folded(folded(term)) == folded(term)
