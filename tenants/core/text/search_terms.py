"""What somebody typed into a search, as the keys by which events may be found.

An event is found by the words of its values as they were written (`search_keys`). People type them
in other ways: a code without its dash, a phone with other spaces, a name with other letters. The
ways are worked out here, of what is typed, and not in the keys: so old events are found as well.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

from tenants.core.text.characters import comparable
from tenants.core.text.search_keys import (
    SHORTEST_PART,
    as_plus,
    e164,
    folded,
    is_phone_like,
    spellings_of_old,
    words,
)

MAX_WORDS: Final = 6
_MAX_TERM: Final = 200  # characters
# Said before a number, of which no value is made.
_NEEDLESS: Final = frozenset(
    (
        *("order", "orders", "no", "nr", "num", "number", "id", "run", "event"),
        *("phone", "tel", "mobile", "invoice", "ref"),
        *("طلب", "الطلب", "طلبيه", "الطلبيه", "رقم", "هاتف", "الهاتف", "تلفون"),
        *("جوال", "تشغيل", "حدث", "فاتوره", "الفاتوره"),
    )
)
_BETWEEN: Final = ("-", "", " ", "/", "_", ".", "#")  # the parts of a code
_EDGES: Final = "#,;:!?.،؛؟\"'“”«»()[]{}*"
_DASHES: Final = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
_PHONE: Final = re.compile(r"(?<![\w.\-/@])\+?\(?\d[\d \-().]*(?:/[\d \-]+)?\d(?![\w@\-/])")
_LEAST_DIGITS: Final = 5
_AMOUNT: Final = re.compile(r"\d+\.\d{1,3}")
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DAY, _MONTH = "(?:0?[1-9]|[12]\\d|3[01])", "(?:0?[1-9]|1[0-2])"
_DATE: Final = re.compile(
    rf"\d{{4}}-\d\d?-\d\d?|(?:{_DAY}[-./]{_MONTH}|{_MONTH}[-./]{_DAY})[-./](?:\d\d|\d{{4}})"
)
_PIECES: Final = re.compile(r"[^\W\d_]+|\d+")
_MAX_PREFIX: Final = 6  # letters of a code before its number: “invoice” is a word
# First words of Arabic names that many write together with the next one, and their letters.
_JOINED: Final = frozenset(("عبد", "ابو", "ابن", "بن", "بنت", "ام", "ال", "بو"))
_TAKEN_APART: Final = ("عبد", "ابو")
_HAMZAS: Final = "ؤئء"
_ALEF: Final = "\N{ARABIC LETTER ALEF}"
_WITHOUT_HAMZA: Final = ("و", "ي", "ء", _ALEF, "")  # what may stand in their place
_MAX_HAMZAS: Final = 2
# How digits of a short number may be grouped: as the telephone books of the region do.
_GROUPS: Final = {
    5: ((2, 3), (3, 2)),
    6: ((2, 2, 2), (3, 3), (2, 4), (4, 2)),
    7: ((3, 4), (4, 3), (1, 3, 3), (1, 2, 2, 2), (3, 2, 2), (2, 2, 3), (2, 3, 2)),
    8: ((2, 3, 3), (2, 2, 2, 2), (4, 4), (2, 6), (3, 3, 2)),
}


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that was said: any of its spellings stands for it, or all of `apart` together."""

    spellings: tuple[str, ...]
    apart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A term as it was read: one value as a whole, or all of its words."""

    whole: tuple[str, ...]
    words: tuple[Word, ...]


@lru_cache(maxsize=1_000)
def read_term(term: str, country: str) -> Said:
    """Return what `term` may be written like in an event of a company in `country`.

    However many companies are asked, and wherever they are, the words are the same ones in the
    same order.
    """
    text = " ".join(comparable(term[:_MAX_TERM]).translate(_DASHES).split())
    found = [_with_country(word, country) for word in _read(text)]
    kept = [word for word in found if word.spellings or word.apart]
    whole = _unique(
        [*words(term[:_MAX_TERM].strip(), country), *words(text.strip(_EDGES), country)]
    )
    # One word is a value as well, in whatever way it is spelt.
    if len(kept) == 1 and not kept[0].apart:
        whole = _unique([*whole, *kept[0].spellings])
    return Said(whole, tuple(kept) if len(kept) <= MAX_WORDS else ())


def _read(text: str) -> Iterator[Word]:
    """Yield the words of a term, phones and codes of two parts as one."""
    phones = [one for one in _PHONE.finditer(folded(text)) if _is_phone(one[0])]
    if not phones or not _is_same_length(text):
        yield from _read_words(text, is_all=True)
        return
    place = 0
    for found in phones:
        yield from _read_words(text[place : found.start()])
        yield _phone(found[0])
        place = found.end()
    yield from _read_words(text[place:])


def _is_same_length(text: str) -> bool:
    # Folding takes signs away: then phones are only read where nothing else was typed.
    return len(folded(text)) == len(text)


def _is_phone(text: str) -> bool:
    digits = sum(char.isdigit() for char in text)
    plain = text.strip()
    is_other = _AMOUNT.fullmatch(plain) or _DATE.fullmatch(plain)
    return digits >= _LEAST_DIGITS and not is_other and is_phone_like(plain)


def _phone(text: str) -> Word:
    """Return a number in the ways in which it may be written; the country is added later."""
    digits = "".join(char for char in text if char.isdigit())
    grouped = [
        sep.join(_in_groups(digits, sizes))
        for sizes in _GROUPS.get(len(digits), ())
        for sep in (" ", "-")
    ]
    apart = tuple(part for part in text.split() if len(part) >= SHORTEST_PART)
    together = apart if len(apart) > 1 and len(apart) == len(text.split()) else ()
    plain = text.strip()
    return Word(_unique([plain, digits, plain.replace("/", " "), *grouped]), together)


def _with_country(word: Word, country: str) -> Word:
    """Add how a phone is written with its country, which only a company has."""
    first = word.spellings[0] if word.spellings else ""
    if not is_phone_like(first):
        return word
    digits = "".join(char for char in first if char.isdigit())
    wide = [e164(as_plus(first.replace("/", " ")), country)]
    if len(digits) > 8 and not first.startswith("0"):
        # Typed, or stored, without its plus.
        wide += [e164(f"+{digits}", ""), digits]
    known = [one for one in wide if one]
    return Word(_unique([*word.spellings, *known]), word.apart)


def _in_groups(digits: str, sizes: Iterable[int]) -> Iterator[str]:
    start = 0
    for size in sizes:
        yield digits[start : start + size]
        start += size


def _read_words(text: str, *, is_all: bool = False) -> Iterator[Word]:
    """Yield the words of a text without numbers to call; `is_all`: nothing else was said."""
    said = [one for one in (part.strip(_EDGES) for part in text.split()) if one]
    named = [one for one in said if folded(one.casefold()) not in _NEEDLESS]
    left = named or (said if is_all else [])
    place = 0
    while place < len(left):
        one, after = left[place], left[place + 1] if place + 1 < len(left) else ""
        pair = _pair(one, after) if after else None
        if pair is not None:
            yield pair
            place += 2
            continue
        yield _word(one)
        place += 1


def _pair(one: str, after: str) -> Word | None:
    """Return two words that are often written as one: “C 1019”, “عبد الله”."""
    apart = tuple(
        key for part in (one, after) for key in _spelt(part)[:1] if len(part) >= SHORTEST_PART
    )
    if one.isalpha() and len(one) <= _MAX_PREFIX and after[0].isdecimal() and after.isalnum():
        # A letter or two are no word of their own: the number alone would find any like it.
        is_word = len(one) >= SHORTEST_PART
        return Word(_code([*_spelt(one)[:1], *_spelt_code(after)]), apart if is_word else ())
    if folded(one) in _JOINED and after.isalpha():
        return Word(_spelt(one + after), apart)
    return None


def _word(text: str) -> Word:
    if text.isalnum() and not text.isalpha() and not text.isdecimal():
        return Word(_unique([*_spelt(text), *_code(_spelt_code(text))]))
    plain = folded(text.casefold())
    if len(plain) < SHORTEST_PART:
        return Word(())
    if plain.isdecimal() or _THOUSANDS.fullmatch(plain):
        # Of a number “#1019” is how shops write it on an order.
        return Word(_unique([plain.replace(",", ""), plain, f"#{plain}"]))
    for first in _TAKEN_APART:
        rest = plain.removeprefix(first)
        if rest != plain and len(rest) >= SHORTEST_PART:
            return Word(_spelt(text), (first, rest))
    pieces = [piece for piece in _PIECES.findall(plain) if piece]
    if len(pieces) > 1 and not text.isalnum() and "@" not in text and "://" not in text:
        return _of_pieces(text, plain, pieces)
    return Word(_spelt(text))


def _of_pieces(text: str, plain: str, pieces: list[str]) -> Word:
    """Return a word with signs inside: as a code, or as the parts that an event is found by."""
    has_both = any(one.isdecimal() for one in pieces) and any(one.isalpha() for one in pieces)
    spelt = _unique([*_spelt(text), *(_code(pieces) if has_both and len(pieces) <= 4 else ())])
    is_name = all(one.isalpha() for one in pieces)
    return Word(spelt, tuple(one for one in pieces if len(one) >= SHORTEST_PART) if is_name else ())


def _code(pieces: list[str]) -> tuple[str, ...]:
    written = [sep.join(pieces) for sep in _BETWEEN]
    return _unique([*written, *(f"#{one}" for one in written[:3])])


def _spelt_code(text: str) -> list[str]:
    return _PIECES.findall(folded(text.casefold()))


def _spelt(text: str) -> tuple[str, ...]:
    """Return the ways in which a word may have become a key."""
    plain = unicodedata.normalize("NFC", text).casefold()
    ways = [folded(plain), *spellings_of_old(plain)]
    if 0 < sum(char in _HAMZAS for char in plain) <= _MAX_HAMZAS:
        places = [_WITHOUT_HAMZA if char in _HAMZAS else (char,) for char in plain]
        ways += [folded("".join(letters)) for letters in product(*places)]
    ways += [f"{way}ء" for way in ways if way.endswith(_ALEF)]
    return _unique(way for way in ways if way)


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
