"""Numbers and dates as people and other systems write them: one reading, or none."""
# ruff: noqa: RUF001 - signs that look like others are the point here

from datetime import UTC, date
from decimal import Decimal

import pytest
from django.utils.translation import override

from tenants.core.values.numbers import as_number
from tenants.core.values.written import written_date, written_moment, written_number
from workflows.definition.templates.filters.date_forms import date_form
from workflows.definition.values.dates import read_date, read_moment
from workflows.presentation.runs.errors import sentence
from workflows.services.approvals.answers import Field, FieldType, checked

READ = {
    "−5": "-5",
    "\uff0d5": "-5",
    "–5": "-5",
    "‑5": "-5",
    "\uff0b5": "5",
    ".5": "0.5",
    "-.5": "-0.5",
    "+.50": "0.50",
    "٫5": "0.5",
    "٠٫٥": "0.5",
    "−١٬٢٣٤٫٥٠": "-1234.50",
    "۱۲۳": "123",
    "１２．５": "12.5",
    "१२": "12",
    "1\u00a0234.5": "1234.5",
    "1\u202f234\u202f567": "1234567",
    "1\u2009234": "1234",
    "1'234'567.89": "1234567.89",
    "1’234": "1234",
    "12٬345": "12345",
    "\u200f−5\u200f": "-5",
    "0.5": "0.5",
    "1234": "1234",
}
BLANK, COMMA, MARKS, POINT = "mean several things", "mean several things", "marks in it", "a point"
REFUSED = {
    "1,234": COMMA,
    "1,234,567.89": COMMA,
    "1 234": BLANK,
    "1٬5": MARKS,
    "1'23": MARKS,
    "1'2345": MARKS,
    "1'234\u00a0567": MARKS,
    "12\u00a0345\u00a067": MARKS,
    "1234'567": MARKS,
    "1,5": POINT,
    "1.234,50": POINT,
    "007": "no zeros in front",
    "0'123": "",
    "5.": "",
    ".": "",
    "-": "",
    "--5": "",
    "1e5": "without an exponent",
}


@pytest.mark.parametrize("text", READ)
def test_a_number_with_one_reading_is_read_the_same_everywhere(text):
    exact = Decimal(READ[text])
    form = (Field("n", "N", FieldType.NUMBER, required=True),)

    for read in (written_number, as_number):
        assert read(text) == exact
    assert Decimal(str(checked(form, {"n": text})["n"])) == exact


@pytest.mark.parametrize("text", REFUSED)
def test_another_is_refused_with_what_to_do(text):
    for read in (written_number, as_number):
        assert read(text) is None
    assert REFUSED[text] in sentence("not_a_number", {"value": text})


HIJRI = [
    "1447-06-09",
    "١٤٤٧-٠٦-٠٩",
    "1447-06-09T10:00:00",
    "1447-06-09 10:00+03:00",
    "14470609",
    "1399-01-01",
    "1500-12-30",
    "1447/6/9",
    "9/6/1447",
    "09-06-1447 هـ",
    "9 محرم 1447",
    "٩ جمادى الآخرة ١٤٤٧ هـ",
    "9 ذو الحجة 1447",
    "9 Ramadan 1447",
    "1 Dhu al-Hijjah 1447 AH",
]


@pytest.mark.parametrize("text", HIJRI)
def test_a_hijri_date_is_no_day_of_the_middle_ages(text):
    found = [written_date(text), read_date(text)]
    found += [written_moment(text, UTC), read_moment(text, UTC)]
    found += [date_form(form, "en", "US").read(text, UTC) for form in ("%Y-%m-%d", "%d/%m/%Y")]

    assert found == [None] * 6
    for language, words in (("en", "Hijri calendar"), ("ar", "التقويم الهجري")):
        with override(language):
            for facts in ({"value": text}, {"value": text, "format": "%d/%m/%Y"}):
                assert words in sentence("not_a_date", facts)


@pytest.mark.parametrize("text", ["1299-12-31", "1600-01-01", "1947-06-09", "2026-11-30"])
def test_other_years_are_gregorian(text):
    assert written_date(text) == read_date(text) == date.fromisoformat(text)
    assert "Hijri" not in sentence("not_a_date", {"value": text})
