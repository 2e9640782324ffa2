"""Phone numbers as people write them, made E.164. Pure.

A number of the right length for its country is one: lists of the prefixes that are in use grow old,
and whoever is called knows better. What is refused says why, and what would be right.
"""

import re
from collections.abc import Iterator
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType
from phonenumbers import ValidationResult as Length

from tenants.core.text.characters import without_invisible

_MAX_LENGTH: Final = 250  # characters that are read
_MIN_DIGITS: Final = 5  # of one of several numbers; fewer are an area code
_BETWEEN: Final = re.compile(r"[/\\,;|&\n\r\t،؛]|\s[-\u2013\u2014]\s|\b(?:or|and|أو)\b|\sو\s?")
_LETTER_BEHIND_DIGIT: Final = re.compile(r"[+\d].*?[^\W\d_]", re.DOTALL)
# Where one number ends and the next begins without any sign of it.
_SEAM: Final = re.compile(r"\s*[-\u2013\u2014]\s*|\s+|(?=[+\uff0b])")
# A number of a spreadsheet, as text; the digit behind the point would be dialled.
_WITH_DECIMALS: Final = re.compile(r"([+\uff0b]?\d{5,})[.,\u066b][0\u0660\u06f0]+")
_MOBILE: Final = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_LENGTHS: Final = {
    Length.TOO_SHORT: "too_short",
    Length.TOO_LONG: "too_long",
    Length.INVALID_LENGTH: "wrong_length",
    Length.IS_POSSIBLE_LOCAL_ONLY: "no_area_code",
    Length.INVALID_COUNTRY_CODE: "country_code",
}
_UNREADABLE: Final = {
    NumberParseException.INVALID_COUNTRY_CODE: "country_code",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too_short",
    NumberParseException.TOO_SHORT_NSN: "too_short",
    NumberParseException.TOO_LONG: "too_long",
}
REASONS: Final = frozenset(
    {*_LENGTHS.values(), "several", "extension", "letters", "no_digits", "no_country"}
)


class NotAPhone(ValueError):
    """The text is not one phone number that can be called."""

    def __init__(self, reason: str, country: str) -> None:
        super().__init__(reason)
        self.reason = reason  # one of REASONS
        self.country = country  # by whose rules it was read; "" if by nobody's
        self.example = example_of(country)  # of a number that would be right; "" if none is known


def e164(written: str, country: str) -> str:
    """Return "+9613123456" for "03 123 456" and country "LB". Raises NotAPhone.

    Numbers with + or 00 keep their own country. Digits of any script are read.
    """
    text, region = without_invisible(written).strip(), country.upper()
    if len(text) > _MAX_LENGTH:
        raise NotAPhone("too_long", region)
    if decimals := _WITH_DECIMALS.fullmatch(text):
        text = decimals[1]
    if _is_several(text, region):
        raise NotAPhone("several", region)
    try:
        number = _parsed(text, region)
    except NumberParseException as error:
        why = "several" if _is_run_together(text, region) else _why(error, text, region)
        raise NotAPhone(why, region) from None
    number = _with_own_code(number, text, region)
    own = _country_of(number, region)
    if number.extension:
        raise NotAPhone("extension", own)
    if _LETTER_BEHIND_DIGIT.search(text):
        raise NotAPhone("letters", own)
    length = phonenumbers.is_possible_number_with_reason(number)
    if length != Length.IS_POSSIBLE:
        raise NotAPhone("several" if _is_run_together(text, region) else _LENGTHS[length], own)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def example_of(country: str) -> str:
    """Return a mobile number of the country as one writes it from abroad, or ""."""
    found = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    found = found or phonenumbers.example_number(country)
    return phonenumbers.format_number(found, PhoneNumberFormat.INTERNATIONAL) if found else ""


def _parsed(text: str, region: str) -> PhoneNumber:
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    return phonenumbers.parse(plain, region or None)


def _with_own_code(number: PhoneNumber, text: str, region: str) -> PhoneNumber:
    """Return a number that begins with its country's code as one with a +, if it is a mobile so.

    WhatsApp names people by such numbers. Where both lengths are possible, the library takes the
    code for an area's: 49 151 23456789 for a line in eastern Frisia.
    """
    code = str(phonenumbers.country_code_for_region(region))
    digits = phonenumbers.normalize_digits_only(text)
    if not (text[0].isdecimal() and digits.startswith(code)) or _is_mobile(number):
        return number
    abroad = next(_read([f"+{digits}"], region), None)
    return abroad if abroad and _is_mobile(abroad) else number


def _country_of(number: PhoneNumber, region: str) -> str:
    code = number.country_code or 0
    is_own = phonenumbers.country_code_for_region(region) == code
    return region if is_own else str(phonenumbers.region_code_for_country_code(code))


def _is_mobile(number: PhoneNumber) -> bool:
    return phonenumbers.number_type(number) in _MOBILE


def _is_several(text: str, region: str) -> bool:
    parts = [part for part in _BETWEEN.split(text) if part.strip()]
    if len(parts) < 2 or any(_digits(part) < _MIN_DIGITS for part in parts):
        return False
    numbers = list(_read(parts, region))
    if len(numbers) < len(parts):
        return False
    # "0171/12345678" is one number, although its second half could be one too.
    whole = next(_read([text], region), None)
    return whole is None or all(map(phonenumbers.is_valid_number, numbers))


def _is_run_together(text: str, region: str) -> bool:
    """Say whether a text that is no number is two of them with hardly anything between."""
    for seam in _SEAM.finditer(text):
        halves = [text[: seam.start()], text[seam.end() :]]
        if all(_digits(half) >= _MIN_DIGITS for half in halves):
            numbers = list(_read(halves, region))
            if len(numbers) == 2 and all(map(phonenumbers.is_valid_number, numbers)):
                return True
    return False


def _read(parts: list[str], region: str) -> Iterator[PhoneNumber]:
    for part in parts:
        try:
            number = _parsed(part.strip(), region)
        except NumberParseException:
            continue
        if phonenumbers.is_possible_number(number) and not number.extension:
            yield number


def _digits(text: str) -> int:
    return sum(sign.isdecimal() for sign in text)


def _why(error: NumberParseException, text: str, region: str) -> str:
    if error.error_type == NumberParseException.NOT_A_NUMBER:
        if any(sign.isalpha() for sign in text):
            return "letters"
        return "too_short" if _digits(text) else "no_digits"
    if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
        is_abroad = text.startswith(("+", "00", "\N{FULLWIDTH PLUS SIGN}"))
        return "country_code" if is_abroad else "no_country"
    return _UNREADABLE[error.error_type]
