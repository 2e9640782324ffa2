"""What is refused says why, and shows what nobody sees."""

import pytest

from actions import wording as actions_wording
from workflows.presentation.documents.problems import sentence


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1,000", "may mean several things"),
        ("1 250 000.50", "may mean several things"),
        ("\u200f1,000", "may mean several things"),
        ("12,5", "decimals of a number stand behind a point"),
        ("1.250,50", "decimals of a number stand behind a point"),
        ("007", "no zeros in front"),
        ("0501234567", "no zeros in front"),
        ("1e5", "without an exponent"),
        ("99 SAR", "more in it than the digits"),
        ("$12.50", "more in it than the digits"),
        ("", "nothing in it"),
        ("\u200f ", "nothing in it"),
        ("none", ""),
    ],
)
def test_a_number_says_what_is_wrong_with_it(value, said):
    told = sentence("not_a_number", {"value": value, "path": "trigger.x"})

    assert told.startswith("“")
    assert said in told
    assert bool(said) is not told.endswith("Correct the value.")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"value": "03/04/2026"}, 'parse_date, for example: parse_date: "%d/%m/%Y"'),
        ({"value": "30.11.2026 10:15"}, 'parse_date: "%d.%m.%Y %H:%M"'),
        ({"value": "x", "format": "%d/%m/%Y"}, "It is not written as %d/%m/%Y says."),
        ({"value": "x"}, "like 2026-01-31."),
    ],
)
def test_a_date_says_how_it_could_be_read(facts, said):
    assert sentence("not_a_date", {"path": "trigger.x", **facts}).endswith(said)


def test_a_phone_says_what_would_be_right():
    facts = {"reason": "too_short", "country": "LB", "example": "+961 71 123 456"}
    right = "It has too few digits for its country (LB). A number is written like +961 71 123 456."

    assert sentence("not_a_phone", {"value": "03 12", "path": "x", **facts}).endswith(right)
    assert actions_wording.sentence("bad_phone", {"phone": "03 12", **facts}).endswith(right)
    # Of an error that an older release stored nothing more is known.
    older = actions_wording.sentence("bad_phone", {"phone": "03 12", "country": "LB"})
    assert older == "“03 12” is not a phone number (read as a number of LB)."


@pytest.mark.parametrize("code", ["not_a_number", "not_a_date", "not_a_phone", "not_a_currency"])
def test_invisible_signs_are_shown_where_a_value_is_refused(code):
    assert "“x[U+200F]y”" in sentence(code, {"value": "x\u200fy", "path": "trigger.x"})


@pytest.mark.parametrize(
    ("code", "name"),
    [("bad_phone", "phone"), ("bad_mail_address", "address"), ("invalid_value", "value")],
)
def test_and_so_in_what_steps_refuse(code, name):
    assert "“a[U+202A]b”" in actions_wording.sentence(code, {name: "a\u202ab", "country": "LB"})
