"""The words by which people find something: one normal form for what is stored and what is typed.

Pure. Every short scalar of a payload is a key: a value is found as a whole and by its words, a
phone by its digits as well.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import phonenumbers

from tenants.core.json import Json
from tenants.core.text.characters import without_invisible

MAX_KEYS: Final = 64
MAX_LENGTH: Final = 100  # characters; longer values are prose, not something one searches by
MAX_READ_LENGTH: Final = 4 * MAX_LENGTH  # characters, the spaces around included
SHORTEST_PART: Final = 3  # characters; shorter words of a name would find half of everything
MAX_PARTS: Final = 6  # words of one value; with more of them it is prose
_PHONE: Final = re.compile(r"\+?[\d\s\-().]{7,24}")
_PHONE_LIKE: Final = re.compile(r"\+?\(?\d[\d\s\-()./]{3,23}")
_PART: Final = re.compile(r"[^\W_]+")
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
# Arabic letters that people write one for the other (teh marbuta and heh, alef maksura and yeh),
# and the stroke that only makes a word longer.
_ARABIC_ALIKE: Final = str.maketrans("\u0629\u0649", "\u0647\u064a", "\u0640")
# The letters of Persian and Urdu keyboards, and Latin ones that have no accent to be taken off.
_ALIKE: Final = _ARABIC_ALIKE | str.maketrans(
    {
        **dict(
            zip(
                "\u06cc\u06d2\u06a9\u06c1\u06be\u06d5\u0671",
                "\u064a\u064a\u0643\u0647\u0647\u0647\u0627",
                strict=True,
            )
        ),
        **dict(zip("\u0131\u00f8\u0142\u0111\u00f0", "ioldd", strict=True)),
        "\u00e6": "ae",
        "\u0153": "oe",
        "\u00fe": "th",
    }
)


def search_keys(tenant_id: UUID, country: str, *sources: Json) -> list[str]:
    """Return the keys of `sources`, each prefixed with the tenant.

    The prefix keeps a common name of another tenant out of the index scan: 0.3 ms against 240
    (measured). No booleans and no numbers of one or two digits: half of all events would match.
    """
    found: dict[str, None] = {}
    whole: list[str] = []
    for source in sources:
        for scalar in _scalars(source):
            spellings = words(scalar, country)
            found.update(dict.fromkeys(spellings))
            if len(spellings) == 1:  # a phone has two, and no words
                whole.append(spellings[0])
            if len(found) >= MAX_KEYS:
                return _prefixed(tenant_id, found)
    # Last, so that they never take a whole value's place.
    for text in whole:
        found.update(dict.fromkeys(parts(text)))
    return _prefixed(tenant_id, found)


def words(scalar: Json, country: str) -> list[str]:
    """Return the spellings by which a value is found: casefolded, a phone also as E.164."""
    text = str(scalar)
    if isinstance(scalar, bool) or len(text) > MAX_READ_LENGTH:
        return []
    return list(_spellings(text, country))


# One order's values come back in every event about it: each was worked out three times a run.
@lru_cache(maxsize=10_000)
def _spellings(given: str, country: str) -> tuple[str, ...]:
    text = without_invisible(given).strip().casefold()
    if not text or len(text) > MAX_LENGTH:
        return ()
    if not text.isascii():
        text = folded(text)
    if text.isdecimal() and len(text) <= 2:
        return ()
    phone = _phone_key(text, country)
    return (text,) if phone is None or phone == text else (text, phone)


@lru_cache(maxsize=10_000)
def parts(text: str) -> tuple[str, ...]:
    """Return the words inside a value: “haddad” of a name, “1019” of C-1019, a mail's user."""
    if text.isalnum() or _UUID.fullmatch(text) or "://" in text:
        return ()
    if not any(char.isalpha() for char in text):
        return ()  # an amount, a date
    # What stands behind the @ is shared by too many.
    found = _PART.findall(text.partition("@")[0])
    if len(found) > MAX_PARTS:
        return ()
    return tuple(part for part in found if len(part) >= SHORTEST_PART)


def folded(text: str) -> str:
    """Return text as people type it: without accents and vowel signs, digits as 0 to 9.

    Keys and what is searched for are folded by this one function.
    """
    return text if text.isascii() else _folded(text, _ALIKE)


def spellings_of_old(text: str) -> list[str]:
    """Return what `folded` made of a text in older releases, whose events keep their keys.

    Letters of Persian keyboards stayed, so a word without them may stand for one that has them.
    """
    if text.isascii():
        return []
    before = _folded(text, _ARABIC_ALIKE)
    return [before, before.translate(_PERSIAN)]


_PERSIAN: Final = str.maketrans("\u064a\u0643", "\u06cc\u06a9")


def _folded(text: str, alike: Mapping[int, Any]) -> str:
    apart = unicodedata.normalize("NFKD", text).translate(alike)
    letters = (char for char in apart if not unicodedata.combining(char))
    return "".join(str(unicodedata.digit(char, char)) for char in letters)


def _phone_key(text: str, country: str) -> str | None:
    if not _PHONE.fullmatch(text) or _DATE.fullmatch(text):
        return None
    return e164(text, country)


def is_phone_like(text: str) -> bool:
    """Whether a text that was typed is made of what phones are made of."""
    return _PHONE_LIKE.fullmatch(text) is not None and _DATE.fullmatch(text) is None


def as_plus(text: str) -> str:
    """Return a number with the sign + where it begins with 00, as in most of the world."""
    bare = text.lstrip("( ")
    return f"+{bare[2:]}" if bare.startswith("00") else text


def e164(text: str, country: str) -> str | None:
    """Return a phone as +9613123456, None if it is none; `country` may be ""."""
    if sum(char.isdigit() for char in text) < 7:
        return None
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _prefixed(tenant_id: UUID, found: Iterable[str]) -> list[str]:
    prefix = f"{tenant_id}:"
    return [prefix + word for word in found][:MAX_KEYS]


def _scalars(value: Json) -> Iterator[Json]:
    if isinstance(value, dict):
        for member in value.values():
            yield from _scalars(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from _scalars(member)
    elif value is not None:
        yield value
