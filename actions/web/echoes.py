"""Finding a secret in a text, whole or in part, in the forms in which servers echo it.

The law: no part of a secret of eight characters or more is left, in capitals or not, whatever forms
it was put into, one in another. So the text is searched for each run of eight characters of the
secret, then again in what the text says once its codes are read, as often as reading changes it.

Nearly no text holds one, so what has to be there is asked first: four signs of it at every fourth
place, digits that say ASCII, two numbers of its bytes side by side. Codes are read with the words
around them, and nothing else is.
"""

import binascii
import re
import sys
import unicodedata
from base64 import b32encode, b64encode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from operator import itemgetter
from typing import Final, Self
from urllib.parse import unquote, urlsplit

Marks = list[tuple[int, int]]  # from and to
# Where a piece begins in what was read, where it stood; where its code ended, None: it is plain.
Places = list[tuple[int, int, int | None]]

PART: Final = 8  # characters of a secret that are too many
# Shorter secrets would match by chance and tear ordinary text apart.
SHORTEST_SECRET: Final = 6
# Codes in one another that are read; each makes the text shorter.
_MAX_DEPTH: Final = 8
# Bytes that are decoded for each character of the text: digits may be made to be decoded on and on.
_MAX_DECODED: Final = 60
_DECODED_AT_LEAST: Final = 10_000
_KEY: Final = 4  # characters that are looked up first
# What stands before a token in a header, and in many texts besides.
_SCHEME: Final = re.compile(r"(?:Basic|Bearer|Token|Key|ApiKey) ", re.IGNORECASE)
# A part of an address that nobody guesses: long, or named as a signature, and not of words alone.
_GUESSED: Final = re.compile(r"[^0-9]*|[0-9]{4}-[0-9]{2}-[0-9]{2}[\w-]*")
_LONG: Final = 16

_CODE: Final = re.compile(
    r"(?=[%&\\])(?:(?P<percent>(?:%(?!0[AaDd])[0-9A-Fa-f]{2})+)"
    r"|(?P<break>(?:%0[AaDd])+\+*)"  # a form writes the blanks behind it so
    r"|(?P<entity>&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?)"
    r"|(?P<unicode>(?:[\\%]u[0-9A-Fa-f]{4})+)"
    r"|\\x(?P<byte>[0-9A-Fa-f]{2})"
    r"|\\(?P<sign>[ -/:-@\[-`{-~]))"
)
_HAS_CODE: Final = re.compile(r"[%&\\]")
# Where lines were folded, and the half of UTF-16 that ASCII leaves empty.
_FOLD: Final = re.compile(
    r"(?=[\x00\r\n\\])"
    r"(?P<nothing>\x00|(?:[\r\n]\x00*|(?<!\\)\\++[rn])+(?:[\t ]\x00*)*)"
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{15,}={0,2}")
_HEX: Final = re.compile(r"[0-9A-Fa-f]{16,}")
_BASE32: Final = re.compile(r"[A-Z2-7]{13,}|[a-z2-7]{13,}")
_DIGITS_OF_32: Final = str.maketrans(
    "abcdefghijklmnopqrstuvwxyz234567", "0123456789abcdefghijklmnopqrstuv"
)
# Signs of base64 that say six bytes of ASCII, as eight in a row always have: of each byte the
# highest bit is none, wherever it lies in its four signs.
_SAYS_ASCII: Final = re.compile(
    r"(?:[A-Za-f][A-HQ-Xg-nw-z0-3][AEIMQUYcgkosw048BFJNRVZdhlptx159][A-Za-z0-9+/_-]){2}"
)
_HEX_SAYS_ASCII: Final = re.compile(r"(?:[0-7][0-9A-Fa-f]){8}")
# Bytes as programs list them: [115, 107, …], <73 6b …>, 73:6b:…, 0x73, 0x6b, …
_NUMBERS: Final = re.compile(r"[0-9]{1,3}(?:(?:,\s*|\s+)[0-9]{1,3}){7,}")
_PAIRS: Final = re.compile(
    r"(?:0[xX])?[0-9A-Fa-f]{2}(?:(?:,\s*|[\s:-])(?:0[xX])?[0-9A-Fa-f]{2}){7,}"
)
_SHORTEST_LIST: Final = 2 * PART - 1
_BETWEEN: Final = (",", ", ", " ")
_BETWEEN_PAIRS: Final = (" ", ":", "-", ", 0x", ",0x", " 0x")
_NUMBER: Final = re.compile(r"[0-9]+")
_PAIR: Final = re.compile(r"(?:0[xX])?([0-9A-Fa-f]{2})")
# Where codes may be, and what belongs to a fold.
_SIGNS_OF_CODES: Final = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-%&\\#;,\x00\r\n"
)
_MAX_CODES: Final = 10_000
_CODED: Final = re.compile(r"[%&\\\x00\r\n]|[A-Za-z0-9+/_-]{15}")
_SIGN: Final = re.compile(r"[%&\\\x00\r\n]")
_FOLDED: Final = re.compile(
    r"(?:[\x00\r\n]|\\+[rn]|%0[AaDd]|&\#(?:1[03]|[xX]0*[AaDd]);?)+(?:[\t ]\x00*)+", re.VERBOSE
)
_APART: Final = "\x01"  # between texts that are looked at together
_NOT_ENCODED: Final = re.compile(r"[^a-z0-9+/=_-]")
_READABLE: Final = re.compile(rb"[\x20-\x7e\r\n\t]{8,}")
_TO_STANDARD: Final = str.maketrans("-_", "+/")


@dataclass(slots=True)
class _Search:
    """What one search has found out, and may still do."""

    left: int  # bytes that may still be decoded
    clean: set[str] = field(default_factory=set)  # runs of digits in which nothing was found


class Echoes:
    """Knows the secrets of one request."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        wholes, atoms = set[str](), set[str]()
        for secret in secrets:
            if "://" in secret:
                of_address = _of_address(secret)
                wholes |= of_address[0]
                atoms |= of_address[1]
            elif _SCHEME.match(secret):
                wholes.add(secret)
                atoms.add(_SCHEME.sub("", secret, count=1))
            else:
                atoms.add(secret)
        atoms = {atom for atom in atoms if len(atom) >= SHORTEST_SECRET}
        wholes |= {atom for atom in atoms if len(atom) < PART}
        wholes |= {form for whole in wholes if len(whole) < PART for form in _encoded(whole)}
        # The longest first: one that contains another goes as a whole.
        self._wholes = sorted(map(lowered, wholes), key=len, reverse=True)
        forms = {lowered(form) for atom in atoms for form in _forms(atom)}
        self._parts = {part for form in forms for part in _parts(form)}
        encoded = {lowered(part) for atom in atoms for part in _encoded_parts(atom)}
        self._encoded = encoded - self._parts
        # Of a text that is shorter nothing need be looked at.
        self.shortest = min([PART, *map(len, wholes)])
        self._keys = {
            _key(part[at : at + _KEY]) for part in self._parts | self._encoded for at in range(_KEY)
        }
        small = {sign for form in {*forms, *self._wholes} for sign in form}
        self._alphabet = small | {sign.upper() for sign in small} | {*_SIGNS_OF_CODES}
        self._codes: dict[str, bool] = {}  # whether a code says one of these signs
        self._pairs = tuple({pair for atom in atoms for pair in _pairs(atom)})

    @classmethod
    @lru_cache(maxsize=256)
    def of(cls, secrets: tuple[str, ...]) -> Self:
        """Return the one for these secrets: a connection has the same in each call."""
        return cls(secrets)

    def __bool__(self) -> bool:
        return bool(self._wholes or self._parts)

    def marks(self, text: str) -> Marks:
        """Return where the text holds a secret or a part of one, in order, nothing twice."""
        if len(text) < self.shortest:
            return []
        if len(text) < _SHORTEST_LIST and not _CODED.search(text):
            found = [*self._plain(lowered(text))]
            return _merged(found) if found else found
        return self._marks(text, 0, _Search(_MAX_DECODED * len(text) + _DECODED_AT_LEAST))

    def _marks(self, text: str, depth: int, search: _Search) -> Marks:
        small = lowered(text)
        found = [*self._plain(small)]
        if depth < _MAX_DEPTH:
            if len(text) >= _SHORTEST_LIST and any(pair in small for pair in self._pairs):
                found += self._in_lists(text, depth, search)
            if _CODED.search(text):
                found += self._in_runs(text, depth, search)
                found += self._in_codes(text, depth, search)
        return _merged(found) if found else found

    def _in_codes(self, text: str, depth: int, search: _Search) -> Iterator[tuple[int, int]]:
        """Yield the same for what the text says once its codes are read, all of one level."""
        pieces = [_Piece.of(text, begin, end) for begin, end in self._coded(text)]
        changed = [one for one in pieces if one.is_changed]
        if len(changed) > 1 and not self._is_in_any([one.read for one in changed], depth, search):
            return
        for one in changed:
            for start, end in self._marks(one.read, depth + 1, search):
                yield one.place(start, end)

    def _coded(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the parts of a text in which codes may hide it.

        To a code belong the words that it stands in or between, since a secret in several encodings
        has no blank; and of the next word as much as a part of a secret may have beside it.
        """
        begin = end = 0  # of the last one
        known = 0  # what stands before is looked at
        for sign in _SIGN.finditer(text):
            at = sign.start()
            if at < known:
                continue
            may_hide, known = self._may_hide(text, at)
            if not may_hide:
                continue
            first = max(text.rfind(" ", end, at) + 1 - PART, 0) if at > end else end
            if first > end:
                if end:
                    yield begin, end
                begin = first
            known = _end_of_word(text, at)
            end = min(known + PART, len(text))
        if end:
            yield begin, end

    def _may_hide(self, text: str, at: int) -> tuple[bool, int]:
        """Say whether here is a code for a sign of a secret, or a fold inside one; and its end."""
        fold = _FOLD.match(text, at)
        if fold is not None:
            around = (text[at - 1 : at], text[fold.end() : fold.end() + 1])
            return all(one and one in self._alphabet for one in around), at + 1
        code = _CODE.match(text, at)
        if code is None:
            return False, at + 1
        may_hide = self._codes.get(code[0])
        if may_hide is None:
            if len(self._codes) > _MAX_CODES:
                self._codes.clear()
            may_hide = self._codes[code[0]] = not self._alphabet.isdisjoint(_said(code))
        return may_hide, code.end()

    def _is_in_any(self, texts: list[str], depth: int, search: _Search) -> bool:
        """Whether one of them holds it: all are looked at at once, since nearly never one does."""
        search.left -= sum(map(len, texts))
        return search.left < 0 or bool(self._marks(_APART.join(texts), depth + 1, search))

    def _plain(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where it stands as it is, or in the form that an encoding makes of it."""
        for whole in self._wholes:
            if whole in text:
                yield from ((one.start(), one.end()) for one in re.finditer(re.escape(whole), text))
        for at in self._near(text):
            for start in range(max(0, at - _KEY + 1), at + 1):
                part = text[start : start + PART]
                if part in self._parts:
                    yield start, start + PART
                elif part in self._encoded:
                    yield _extended(text, start, start + PART)

    def _near(self, text: str) -> list[int]:
        """Return where four signs stand that a secret has; one in each part of eight is found."""
        keys = self._keys
        # As numbers, which are made and looked up faster than pieces of text.
        signs = text.encode("latin-1", "replace")
        fours = memoryview(signs)[: len(signs) // _KEY * _KEY].cast("I")
        return [_KEY * place for place, four in enumerate(fours) if four in keys]

    def _in_lists(self, text: str, depth: int, search: _Search) -> Iterator[tuple[int, int]]:
        for listed, number, base in ((_NUMBERS, _NUMBER, 10), (_PAIRS, _PAIR, 16)):
            for run in listed.finditer(text):
                codes = [int(one, base) for one in number.findall(run[0])]
                if self._is_in(bytes(one for one in codes if 0 < one < 256), depth + 1, search):
                    yield run.span()

    def _in_runs(self, text: str, depth: int, search: _Search) -> Iterator[tuple[int, int]]:
        """Yield the runs of base64 and hexadecimal digits that hold it in yet another form."""
        raws: list[tuple[tuple[int, int], bytes]] = []
        runs = set[str]()
        for run in _BASE64.finditer(text):
            if run[0] not in search.clean:
                runs.add(run[0])
                raws += _raws(run)
        if len(raws) > 1 and not self._is_in(
            b"\x01".join(raw for _, raw in raws), depth + 1, search
        ):
            search.clean |= runs
            return
        yield from (place for place, raw in raws if self._is_in(raw, depth + 1, search))

    def _is_in(self, raw: bytes, depth: int, search: _Search) -> bool:
        search.left -= len(raw)
        if search.left < 0:
            return True  # what cannot be looked at is not shown
        parts = [part.decode("ascii") for part in _READABLE.findall(raw)]
        return bool(parts) and bool(self._marks(_APART.join(parts), depth, search))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a text whose codes are read."""

    begin: int
    read: str
    is_changed: bool
    places: Places

    @classmethod
    def of(cls, text: str, begin: int, end: int) -> Self:
        piece = text[begin:end]
        # A fold may lie inside a code.
        read, places = _read(piece, _FOLD if _FOLD.search(piece) else _CODE)
        return cls(begin, read, read != piece, places)

    def place(self, start: int, end: int) -> tuple[int, int]:
        first, last = _place(self.places, start)[0], _place(self.places, end - 1)[1]
        return self.begin + first, self.begin + last


def _raws(run: re.Match[str]) -> Iterator[tuple[tuple[int, int], bytes]]:
    start = run.start()
    if _SAYS_ASCII.search(run[0].translate(_TO_STANDARD)):
        yield run.span(), _from_base64(run[0])
    for one in _HEX.finditer(run[0]):
        if _HEX_SAYS_ASCII.search(one[0]):
            yield (start + one.start(), start + one.end()), _from_hex(one[0])
    for one in _BASE32.finditer(run[0]):
        yield (start + one.start(), start + one.end()), _from_base32(one[0])


def _of_address(address: str) -> tuple[set[str], set[str]]:
    """Return what of a secret address hides as a whole, and what in each of its parts."""
    try:
        split = urlsplit(address)
    except ValueError:
        return set(), {address}
    below = f"{split.path}?{split.query}" if split.query else split.path
    wholes = {address, below, split.path, split.query}
    segments = {unquote(one) for one in split.path.split("/")}
    values = {unquote(pair.partition("=")[2]) for pair in split.query.split("&")}
    atoms = {one for one in segments if len(one) >= PART} | {
        one for one in values if len(one) >= _LONG
    }
    signed = {
        unquote(pair.partition("=")[2]) for pair in split.query.split("&") if pair[:4] == "sig="
    }
    atoms = {one for one in atoms if not _GUESSED.fullmatch(one)} | signed
    return {one for one in wholes if len(one) >= PART}, {one for one in atoms if len(one) >= PART}


def lowered(text: str) -> str:
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(low if len(low := one.lower()) == 1 else one for one in text)


def _forms(secret: str) -> set[str]:
    """Return a secret as it is, and as forms and old programs write it."""
    forms = {secret, secret.replace(" ", "+"), re.sub(r"\s+", "", secret)}
    if not secret.isascii():
        # Letters with their accents apart, and bytes of UTF-8 that are read as Latin letters.
        forms |= {unicodedata.normalize("NFC", secret), unicodedata.normalize("NFD", secret)}
        forms.add(secret.encode("utf-8", "surrogatepass").decode("latin-1"))
    return forms


def _parts(form: str) -> Iterator[str]:
    for at in range(len(form) - PART + 1):
        yield form[at : at + PART]


def _key(signs: str) -> int:
    return int.from_bytes(signs.encode("latin-1", "replace"), sys.byteorder)


def _pairs(secret: str) -> Iterator[str]:
    """Yield two bytes in its middle as lists write them: each list of the whole of it has them."""
    raw = secret.encode("utf-8", "surrogatepass")
    first, second = raw[len(raw) // 2 - 1 : len(raw) // 2 + 1]
    yield from (f"{first}{between}{second}" for between in _BETWEEN)
    yield from (f"{first:02x}{between}{second:02x}" for between in _BETWEEN_PAIRS)


def _encoded_parts(secret: str) -> Iterator[str]:
    """Yield eight signs of what encodings of bytes make of any place in it."""
    raw = secret.encode("utf-8", "surrogatepass")
    for at in range(len(raw) - 5):
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(raw[at : at + 6]).decode("ascii")
    for at in range(len(raw) - 4):
        yield b32encode(raw[at : at + 5]).decode("ascii")
    for at in range(len(raw) - 3):
        yield raw[at : at + 4].hex()


def _encoded(secret: str) -> Iterator[str]:
    """Yield a short secret in encodings: of one so short no part is searched for."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield raw.hex()
    for encode in (b64encode, urlsafe_b64encode, b32encode):
        yield encode(raw).decode("ascii").rstrip("=")


def _end_of_word(text: str, at: int) -> int:
    """Return the end of the word at this place; of the next one, if a fold has blanks behind it."""
    folded = _FOLDED.match(text, at)
    blank = text.find(" ", folded.end() if folded else at)
    return blank if blank >= 0 else len(text)


def _read(text: str, codes: re.Pattern[str]) -> tuple[str, Places]:
    """Return what the text says once its codes are read, and where its pieces stood."""
    words: list[str] = []
    places: Places = []
    at = length = 0
    for found in codes.finditer(text):
        for piece, span in ((text[at : found.start()], (at, None)), (_said(found), found.span())):
            if piece:
                places.append((length, *span))
                words.append(piece)
                length += len(piece)
        at = found.end()
    places.append((length, at, None))
    words.append(text[at:])
    return "".join(words), places


def _place(places: Places, at: int) -> tuple[int, int]:
    """Return from where to where the character stood before."""
    began, start, end = places[bisect_right(places, at, key=itemgetter(0)) - 1]
    # Of a code no part stands anywhere; of a plain piece each character does.
    return (start, end) if end is not None else (start + at - began, start + at - began + 1)


def _said(found: re.Match[str]) -> str:
    kind, code = found.lastgroup or "", found[found.lastgroup or 0]
    match kind:
        case "percent":
            return unquote(code, errors="replace")
        case "entity":
            return unescape(code).replace("\N{REPLACEMENT CHARACTER}", "")
        case "unicode":
            units = b"".join(
                int(unit, 16).to_bytes(2, "big") for unit in re.findall(r"u(.{4})", code)
            )
            return units.decode("utf-16-be", "replace")
        case "byte":
            return chr(int(code, 16))
        case "nothing":
            # Of a line break's backslashes there are 1, 2, 4 …, by how often it was coded; what is
            # left of others is that of a code which was cut there.
            signs = len(code) - len(code.lstrip("\\"))
            return "\\" * (signs - (signs & -signs))
    return "\n" if kind == "break" else code  # a sign


def _from_base64(run: str) -> bytes:
    signs = run.rstrip("=").translate(_TO_STANDARD)
    said = []
    for start in range(4):
        whole = signs[start:]
        # A single sign at the end is half of nothing.
        whole = whole[: len(whole) - (len(whole) % 4 == 1)]
        said.append(binascii.a2b_base64(whole + "=" * (-len(whole) % 4)))
    return _apart(said)


def _from_hex(run: str) -> bytes:
    rest = run[1:]
    return _apart(bytes.fromhex(one[: len(one) // 2 * 2]) for one in (run, rest))


def _from_base32(run: str) -> bytes:
    bits = int(run.lower().translate(_DIGITS_OF_32), 32)
    size = len(run) * 5 // 8 + 1
    return _apart((bits >> start).to_bytes(size, "big") for start in range(8))


def _apart(said: Iterable[bytes]) -> bytes:
    return b"\x01".join(one.replace(b"\0", b"") for one in said)


def _extended(text: str, start: int, end: int) -> tuple[int, int]:
    other = _NOT_ENCODED.search(text, end)
    return start, other.start() if other else len(text)


def _merged(marks: Iterable[tuple[int, int]]) -> Marks:
    merged: Marks = []
    for start, end in sorted(marks):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
