"""Why a text is no number, date or phone, and what to do about it: one sentence more."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from tenants.core.text.phone_wording import why_no_phone
from tenants.core.values.written import THOUSANDS, looks_hijri, plainly_written
from workflows.definition.codes import Code
from workflows.definition.values.dates import likely_form

# What fits first is said.
_NUMBERS: Final[tuple[tuple[re.Pattern[str], Any], ...]] = (
    (re.compile(r"\s*"), _("There is nothing in it.")),
    (
        re.compile(r"[+-]?\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?"),
        _(
            "A comma or a blank in a number may mean several things: the filter remove takes it"
            " out, the filter replace can write a point."
        ),
    ),
    (
        re.compile(rf"[+-]?\d+(?:[{THOUSANDS}]\d+)+(?:[.,\u066b]\d+)?"),
        _("The marks in it do not stand between thousands: the filter remove takes them out."),
    ),
    (
        re.compile(r"[+-]?\d+(?:[.\d]*),\d+"),
        _("The decimals of a number stand behind a point: the filter replace can write one."),
    ),
    (
        re.compile(r"[+-]?0\d+(?:\.\d+)?"),
        _("A number has no zeros in front. A phone or a code is text, and is not calculated with."),
    ),
    (
        re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d+"),
        _("A number is written out, without an exponent."),
    ),
    (
        re.compile(r"(?=.*\d).*[^\d\s.,+-].*", re.DOTALL),
        _("There is more in it than the digits of a number: the filter remove takes it out."),
    ),
)
_FORM: Final = _("Say how it is written with the filter parse_date, for example: %(example)s")
_HIJRI: Final = _(
    "This is a date of the Hijri calendar, which is not read. Let whoever sends it send the"
    " Gregorian date, too, and read that."
)
_OTHER_FORM: Final = _("It is not written as %(format)s says.")


def why_not(code: str, facts: Mapping[str, Any]) -> str:
    """Return the sentence for a problem that is about how a value is written, else ""."""
    value = facts.get("value")
    if code == Code.NOT_A_PHONE:
        return why_no_phone(facts)
    if not isinstance(value, str):
        return ""
    if code == Code.NOT_A_NUMBER:
        written = plainly_written(value)
        return next((str(why) for form, why in _NUMBERS if form.fullmatch(written or "")), "")
    if code == Code.NOT_A_DATE:
        return _date(value, facts.get("format"))
    return ""


def _date(value: str, form: Any) -> str:
    if looks_hijri(value):
        return str(_HIJRI)
    if form:
        return str(_OTHER_FORM) % {"format": form}
    likely = likely_form(value)
    return str(_FORM) % {"example": f'parse_date: "{likely}"'} if likely else ""
