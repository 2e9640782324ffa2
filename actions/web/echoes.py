"""Finding a secret in a text, whole or in part, in the forms in which servers echo it.

The law: no part of a secret of eight characters or more is left, whatever forms it was put into,
one in another. So the text is searched for each run of eight characters of the secret, then again
in what the text says once its codes are read, as often as reading changes it.
"""

import binascii
import re
import unicodedata
from base64 import b64encode, urlsafe_b64encode
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
_DEEPEST: Final = 8
# Bytes that are decoded for each character of the text: digits may be made to be decoded on and on.
_MOST_DECODED: Final = 40
_DECODED_AT_LEAST: Final = 10_000
_KEY: Final = 4  # characters that are looked up first
_STEP: Final = PART - _KEY + 1  # one key in so many places lies in each part of eight
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
_CODED: Final = re.compile(r"[%&\\\x00\r\n]|[A-Za-z0-9+/_-]{15}")
_HEX: Final = re.compile(r"[0-9A-Fa-f]{16,}")
_NOT_ENCODED: Final = re.compile(r"[^A-Za-z0-9+/=_-]")
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
        self._wholes = sorted(wholes, key=len, reverse=True)
        self._parts = {part for atom in atoms for part in _parts(atom)}
        encoded = {part for atom in atoms for part in _encoded_parts(atom)}
        self._encoded = encoded - self._parts
        known = self._parts | self._encoded
        # Of a text that is shorter nothing need be looked at.
        self.shortest = min([PART, *map(len, wholes)])
        self._keys = {part[at : at + _KEY] for part in known for at in range(_STEP)}

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
        if not _CODED.search(text):  # most texts
            found = [*self._plain(text)]
            return _merged(found) if found else found
        return self._marks(text, 0, _Search(_MOST_DECODED * len(text) + _DECODED_AT_LEAST))

    def _marks(self, text: str, depth: int, search: _Search) -> Marks:
        found = [*self._plain(text)]
        if depth < _DEEPEST:
            found += self._in_runs(text, depth, search)
            found += self._in_codes(text, depth, search)
        return _merged(found) if found else found

    def _in_codes(self, text: str, depth: int, search: _Search) -> Iterator[tuple[int, int]]:
        """Yield the same for what the text says once its codes are read, all of one level."""
        # A fold may lie inside a code.
        codes = _FOLD if _FOLD.search(text) else _CODE if _HAS_CODE.search(text) else None
        if codes is None:
            return
        read, places = _read(text, codes)
        if read != text:
            for start, end in self._marks(read, depth + 1, search):
                yield _place(places, start)[0], _place(places, end - 1)[1]

    def _plain(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where it stands as it is, or in the form that an encoding makes of it."""
        for whole in self._wholes:
            if whole in text:
                yield from ((one.start(), one.end()) for one in re.finditer(re.escape(whole), text))
        keys = self._keys
        near = [at for at in range(0, len(text) - _KEY + 1, _STEP) if text[at : at + _KEY] in keys]
        for at in near:
            for start in range(max(0, at - _STEP + 1), at + 1):
                part = text[start : start + PART]
                if part in self._parts:
                    yield start, start + PART
                elif part in self._encoded:
                    yield _extended(text, start, start + PART)

    def _in_runs(self, text: str, depth: int, search: _Search) -> Iterator[tuple[int, int]]:
        """Yield the runs of base64 and hexadecimal digits that hold it in yet another form."""
        for run in _BASE64.finditer(text):
            if run[0] in search.clean:
                continue
            start = run.start()
            raws = [(run.span(), raw) for raw in _from_base64(run[0])]
            for digits in _HEX.finditer(run[0]):
                place = (start + digits.start(), start + digits.end())
                raws += [(place, raw) for raw in _from_hex(digits[0])]
            found = [place for place, raw in raws if self._is_in(raw, depth + 1, search)]
            if not found:
                search.clean.add(run[0])
            yield from found

    def _is_in(self, raw: bytes, depth: int, search: _Search) -> bool:
        search.left -= len(raw)
        if search.left < 0:
            return True  # what cannot be looked at is not shown
        parts = (part[0].decode("ascii") for part in _READABLE.finditer(raw))
        return any(self._marks(part, depth, search) for part in parts)


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


def _parts(secret: str) -> Iterator[str]:
    """Yield each run of eight characters, also as a form writes its spaces."""
    forms = {secret, secret.replace(" ", "+"), re.sub(r"\s+", "", secret)}
    if not secret.isascii():
        # Letters with their accents apart, and bytes of UTF-8 that are read as Latin letters.
        forms |= {unicodedata.normalize("NFC", secret), unicodedata.normalize("NFD", secret)}
        forms.add(secret.encode("utf-8", "surrogatepass").decode("latin-1"))
    for form in forms:
        for at in range(len(form) - PART + 1):
            yield form[at : at + PART]


def _encoded_parts(secret: str) -> Iterator[str]:
    """Yield eight signs of what encodings of bytes make of any place in it."""
    raw = secret.encode("utf-8", "surrogatepass")
    for at in range(len(raw) - 5):
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(raw[at : at + 6]).decode("ascii")
    for at in range(len(raw) - 3):
        digits = raw[at : at + 4].hex()
        yield from (digits, digits.upper())


def _encoded(secret: str) -> Iterator[str]:
    """Yield a short secret in encodings: of one so short no part is searched for."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield from (raw.hex(), raw.hex().upper())
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(raw).decode("ascii").rstrip("=")


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


def _from_base64(run: str) -> Iterator[bytes]:
    signs = run.rstrip("=").translate(_TO_STANDARD)
    for start in range(4):
        whole = signs[start:]
        # A single sign at the end is half of nothing.
        whole = whole[: len(whole) - (len(whole) % 4 == 1)]
        raw = binascii.a2b_base64(whole + "=" * (-len(whole) % 4))
        yield raw.replace(b"\0", b"")


def _from_hex(run: str) -> Iterator[bytes]:
    for start in range(2):
        digits = run[start:]
        yield bytes.fromhex(digits[: len(digits) // 2 * 2]).replace(b"\0", b"")


def _extended(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the marks widened to the end of the encoded text."""
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
