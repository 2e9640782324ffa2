"""Answers to a form become the values that later steps read."""
# ruff: noqa: RUF001 - Arabic digits are no slips here

import pytest

from workflows.services.approvals.answers import checked, fields_of
from workflows.services.approvals.refusals import AnswerInvalid

OPTIONS = ["a", {"key": "b", "label": "B"}, {"value": "c"}]


def read(kind, answer, **more):
    form = [{"key": "f", "label": "F", "type": kind, **more}]
    return checked(fields_of(form), {"f": answer})["f"]


@pytest.mark.parametrize(
    ("kind", "answer", "stored"),
    [
        ("text", "  hello ", "hello"),
        ("text", "", ""),
        ("text", None, ""),
        ("long_text", "a\r\nb", "a\nb"),
        ("number", "20", 20),
        ("number", "20.50", "20.50"),
        ("number", " -3 ", -3),
        ("number", 7, 7),
        ("number", 0, 0),
        ("number", "١٤٩٫٩٠", "149.90"),
        ("number", "", None),
        ("number", "\u200f18.605\u200e", "18.605"),
        ("number", "\u200f", None),
        ("text", "\u200b \ufeff", ""),
        ("text", "a\u200cb", "a\u200cb"),
        ("yes_no", "yes", True),
        ("yes_no", "\u200fyes\u200e", True),
        ("yes_no", "No", False),
        ("yes_no", True, True),
        ("yes_no", False, False),
        ("yes_no", None, None),
        ("choice", "a", "a"),
        ("choice", "\u200fa", "a"),
        ("choice", "b", "b"),
        ("choice", "c", "c"),
        ("choice", "", None),
        ("color", "red", "red"),
    ],
)
def test_what_is_stored(kind, answer, stored):
    found = read(kind, answer, options=OPTIONS)

    assert (found, type(found)) == (stored, type(stored))


@pytest.mark.parametrize(
    ("kind", "answer", "code"),
    [
        ("text", "x" * 501, "too_long"),
        ("text", "a\0b", "bad_characters"),
        ("text", "\ud800", "bad_characters"),
        ("text", 5, "not_text"),
        ("text", ["a"], "not_text"),
        ("number", "1,200", "not_a_number"),
        ("number", "12E5", "not_a_number"),
        ("number", True, "not_a_number"),
        ("number", "9" * 101, "not_a_number"),
        ("number", {}, "not_a_number"),
        ("yes_no", 1, "not_yes_or_no"),
        ("yes_no", "maybe", "not_yes_or_no"),
        ("choice", "B", "not_a_choice"),
        ("choice", ["a"], "not_a_choice"),
    ],
)
def test_what_is_refused(kind, answer, code):
    with pytest.raises(AnswerInvalid) as wrong:
        read(kind, answer, options=OPTIONS)

    assert wrong.value.faults["f"].code == code


@pytest.mark.parametrize("kind", ["text", "long_text", "number", "yes_no", "choice"])
@pytest.mark.parametrize("answer", [None, "", "  "])
def test_a_required_field_needs_an_answer(kind, answer):
    with pytest.raises(AnswerInvalid) as wrong:
        read(kind, answer, required=True, options=OPTIONS)

    assert wrong.value.faults["f"].code == "required"


def test_a_no_and_a_zero_are_answers():
    assert read("yes_no", False, required=True) is False
    assert read("number", "0", required=True) == 0


@pytest.mark.parametrize("reason", ["\u200f", " \u200b\ufeff", "\u2066\u2069"])
def test_a_reason_that_nobody_sees_is_none(reason):
    form = fields_of([{"key": "why", "label": "Why", "type": "text", "required_for": ["reject"]}])

    with pytest.raises(AnswerInvalid) as refused:
        checked(form, {"why": reason}, "reject")

    assert refused.value.faults["why"].code == "required"


def test_an_option_is_chosen_however_its_letters_are_composed():
    for offered, given in (("M\u00fcller", "Mu\u0308ller"), ("Mu\u0308ller", "M\u00fcller")):
        assert read("choice", given, options=[offered]) == offered
