"""Phones as people in all countries write them, and what is refused."""

from functools import cache

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from tenants.core.text.phone_wording import why_no_phone
from tenants.core.text.phones import REASONS, NotAPhone, e164
from tests.support.disguised import ARABIC, PERSIAN, disguised


@cache
def examples():
    return [
        (country, number)
        for country in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
        if (number := phonenumbers.example_number_for_type(country, kind)) is not None
    ]


def written(number):
    """Return the spellings of a number in its own country."""
    plus = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    abroad = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    home = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return [
        *(plus, abroad, home, f"00{plus[1:]}", f"00 {abroad[1:]}", f"({home})", f" {home}\t"),
        *(abroad.replace(" ", sign) for sign in ("-", ".", "/", "\u00a0", "\u202f", "")),
        *(text.translate(digits) for text in (abroad, home) for digits in (ARABIC, PERSIAN)),
        phonenumbers.format_number(number, PhoneNumberFormat.RFC3966),
        f"\u202a{abroad}\u202c",
    ]


def test_every_spelling_in_every_country_is_one_number():
    differences = [
        (country, text, found)
        for country, number in examples()
        for text in written(number)
        if (found := read(text, country))
        != phonenumbers.format_number(number, PhoneNumberFormat.E164)
    ]

    assert len(examples()) > 450
    assert differences == []


@pytest.mark.parametrize("behind", [".0", ".00", ",0", "\u066b\u0660"])
def test_the_nought_behind_a_decimal_point_is_no_digit_of_a_phone(behind):
    """From a column of numbers a phone comes as 9613123456.0: with the nought it is another's."""
    pluses = {
        (country, phonenumbers.format_number(number, PhoneNumberFormat.E164))
        for country, number in examples()
    }
    differences = [
        (country, text)
        for country, plus in pluses
        for text in (plus, plus[1:])
        if len(plus) > 7 and read(f"{text}{behind}", country) != read(text, country)
    ]

    assert read(f"9613123456{behind}", "LB") == "+9613123456"
    assert differences == []


def read(text, country):
    try:
        return e164(text, country)
    except NotAPhone as fault:
        return fault.reason


def test_a_prefix_that_nobody_listed_yet_is_tried():
    """For each country, numbers as long as a mobile one whose beginning is in no list."""
    tried, refused = 0, []
    for country in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
        if example is None:
            continue
        length = len(phonenumbers.national_significant_number(example))
        for first in range(20, 100):
            national = f"{first}{'123456789012345'[: length - 2]}"
            number = phonenumbers.parse(f"+{example.country_code}{national}")
            found = phonenumbers.national_significant_number(number)
            if phonenumbers.is_valid_number(number) or found != national:
                continue
            tried += 1
            plus = phonenumbers.format_number(number, PhoneNumberFormat.E164)
            if read(plus, country) != plus:
                refused.append((country, plus))

    assert tried > 2000
    assert refused == []


@pytest.mark.parametrize(
    ("text", "country", "plus"),
    [
        ("78 123123", "LB", "+96178123123"),
        ("079 012 345", "LB", "+96179012345"),
        ("+961 (0)78 123123", "LB", "+96178123123"),
        ("00961 (0) 3 123 456", "SA", "+9613123456"),
        ("96178123123", "LB", "+96178123123"),
        ("966501234567", "SA", "+966501234567"),
        ("هاتف: ٠٣ ١٢٣ ٤٥٦", "LB", "+9613123456"),
        ("tel:+961-3-123456", "LB", "+9613123456"),
        ("0171/1234567", "DE", "+491711234567"),
        ("011 961 3 123456", "US", "+9613123456"),
        ("+961 3 123 456", "", "+9613123456"),
        ("3123456.0", "LB", "+9613123456"),
        ("966501234567.00", "SA", "+966501234567"),
        ("3123456\u066b0".translate(ARABIC), "LB", "+9613123456"),
        ("62812345678", "ID", "+62812345678"),
        ("4915123456789", "DE", "+4915123456789"),
        ("04915 123456789", "DE", "+494915123456789"),
        ("49151 23456", "DE", "+494915123456"),
    ],
)
def test_numbers_as_they_are_sent(text, country, plus):
    assert read(text, country) == plus


REFUSED = [
    ("03 12", "LB", "too_short"),
    ("12", "LB", "too_short"),
    ("+1 (868) 555", "TT", "too_short"),
    ("03 123 456 789 01", "LB", "too_long"),
    ("0" * 300, "LB", "too_long"),
    ("70123456/" * 20_000, "LB", "too_long"),
    ("555-0100", "US", "no_area_code"),
    ("+999 123 456", "LB", "country_code"),
    ("03 123 456", "", "no_country"),
    ("03 123 456", "XX", "no_country"),
    ("unknown", "LB", "letters"),
    ("03 123 45O", "LB", "letters"),
    ("03 123 456 call first", "LB", "letters"),
    ("1-800-FLOWERS", "US", "letters"),
    ("", "LB", "no_digits"),
    ("\u200f -", "LB", "no_digits"),
    ("03 123 456 ext. 7", "LB", "extension"),
    ("+961 3 123456 x7", "LB", "extension"),
    ("+961-3-123456;ext=7", "LB", "extension"),
    ("03 123456 / 70 123456", "LB", "several"),
    ("03123456,70123456", "LB", "several"),
    ("03 123456\n70 123456", "LB", "several"),
    ("03 123456 - 78 123456", "LB", "several"),
    ("03 123456 or 70 123456", "LB", "several"),
    ("٠٣١٢٣٤٥٦ و ٧٠١٢٣٤٥٦", "LB", "several"),
    ("+961 3 123456; +966 50 123 4567", "SA", "several"),
    ("0501234567-0551234567", "SA", "several"),
    ("0501234567 055 123 4567", "SA", "several"),
    ("+966501234567+966551234567", "SA", "several"),
    ("+966 50 123 4567 +966 55 123 4567", "SA", "several"),
]


@pytest.mark.parametrize(("text", "country", "reason"), REFUSED)
def test_what_is_refused_says_why(text, country, reason):
    assert read(text, country) == reason


def test_every_reason_has_its_sentence_and_says_what_would_be_right():
    assert {reason for _, _, reason in REFUSED} == REASONS - {"wrong_length"}
    for reason in REASONS:
        fault = NotAPhone(reason, "LB")
        facts = {"reason": reason, "country": fault.country, "example": fault.example}
        assert "A number is written like +961 71 123 456." in why_no_phone(facts), reason
    assert why_no_phone({}) == ""


@given(data=st.data(), example=st.deferred(lambda: st.sampled_from(examples())))
def test_what_nobody_sees_changes_nothing(data, example):
    country, number = example
    text = data.draw(st.sampled_from(written(number)))

    assert read(data.draw(disguised(text)), country) == read(text, country)
