"""Phones as people in Lebanon and Saudi Arabia write them."""
# ruff: noqa: RUF001 - Arabic letters and digits are no slips here

import pytest

from actions.errors import PermanentFailure
from actions.phones import to_e164
from tenants.core.text.phones import REASONS


@pytest.mark.parametrize(
    ("written", "country", "e164"),
    [
        ("03 123 456", "LB", "+9613123456"),
        ("03123456", "LB", "+9613123456"),
        ("3123456", "LB", "+9613123456"),
        ("70 123 456", "LB", "+96170123456"),
        ("70-123456", "LB", "+96170123456"),
        ("(71) 123 456", "LB", "+96171123456"),
        ("01 345 678", "LB", "+9611345678"),
        ("+961 3 123 456", "SA", "+9613123456"),
        ("00961 3 123456", "SA", "+9613123456"),
        ("00 961 (0)3 123456", "SA", "+9613123456"),
        ("\u200e+961 70 123 456\u200f", "LB", "+96170123456"),
        ("٠٣ ١٢٣ ٤٥٦", "LB", "+9613123456"),
        ("+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", "LB", "+966501234567"),
        ("050 123 4567", "SA", "+966501234567"),
        ("0501234567", "SA", "+966501234567"),
        ("501234567", "SA", "+966501234567"),
        ("966501234567", "SA", "+966501234567"),
        ("+966 (0) 50 123 4567", "SA", "+966501234567"),
        ("00966501234567", "LB", "+966501234567"),
        ("011 461 0000", "SA", "+966114610000"),
    ],
)
def test_spellings(written, country, e164):
    assert to_e164(written, country) == e164


@pytest.mark.parametrize(
    "written", ["", "12", "unknown", "03 12", "+999 123 456", "03 123 456 ext. 7", "0" * 300]
)
def test_what_is_no_phone_is_refused(written):
    with pytest.raises(PermanentFailure) as failure:
        to_e164(written, "LB")

    assert failure.value.code == "bad_phone"
    assert failure.value.params == {
        "phone": written,
        "country": "LB",
        "reason": failure.value.params["reason"],
        "example": "+961 71 123 456",
    }
    assert failure.value.params["reason"] in REASONS
