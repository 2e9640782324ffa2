"""Codes in a text, read: escapes, folded lines, base64, hexadecimal and lists of bytes."""

import binascii
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from operator import itemgetter
from typing import Final, Self
from urllib.parse import unquote

# Where a piece begins in what was read, where it stood; where its code ended, None: it is plain.
Places = list[tuple[int, int, int | None]]
CODE: Final = re.compile(
    r"(?=[%&\\])(?:(?P<percent>(?:%(?!0[AaDd])[0-9A-Fa-f]{2})+)"
    r"|(?P<break>(?:%0[AaDd])+\+*)"  # a form writes the blanks behind it so
    r"|(?P<entity>&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?)"
    r"|(?P<unicode>(?:[\\%]u[0-9A-Fa-f]{4})+)"
    r"|\\x(?P<byte>[0-9A-Fa-f]{2})"
    r"|\\(?P<sign>[ -/:-@\[-`{-~]))"
)
# Where lines were folded, and the half of UTF-16 that ASCII leaves empty.
FOLD: Final = re.compile(
    r"(?=[\x00\r\n\\])"
    r"(?P<nothing>\x00|(?:[\r\n]\x00*|(?<!\\)\\++[rn])+(?:[\t ]\x00*)*)"
)
BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{15,}={0,2}")
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
NUMBERS: Final = re.compile(r"[0-9]{1,3}(?:(?:,\s*|\s+)[0-9]{1,3}){7,}")
PAIRS: Final = re.compile(
    r"(?:0[xX])?[0-9A-Fa-f]{2}(?:(?:,\s*|[\s:-])(?:0[xX])?[0-9A-Fa-f]{2}){7,}"
)
NUMBER: Final = re.compile(r"[0-9]+")
PAIR: Final = re.compile(r"(?:0[xX])?([0-9A-Fa-f]{2})")
# Where codes may be, and what belongs to a fold.
SIGNS_OF_CODES: Final = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-%&\\#;,\x00\r\n"
)
CODED: Final = re.compile(r"[%&\\\x00\r\n]|[A-Za-z0-9+/_-]{15}")
SIGN: Final = re.compile(r"[%&\\\x00\r\n]")
_FOLDED: Final = re.compile(
    r"(?:[\x00\r\n]|\\+[rn]|%0[AaDd]|&\#(?:1[03]|[xX]0*[AaDd]);?)+(?:[\t ]\x00*)+", re.VERBOSE
)
_TO_STANDARD: Final = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text whose codes are read."""

    begin: int
    read: str
    is_changed: bool
    places: Places

    @classmethod
    def of(cls, text: str, begin: int, end: int) -> Self:
        piece = text[begin:end]
        # A fold may lie inside a code.
        read, places = _read(piece, FOLD if FOLD.search(piece) else CODE)
        return cls(begin, read, read != piece, places)

    def place(self, start: int, end: int) -> tuple[int, int]:
        first, last = _place(self.places, start)[0], _place(self.places, end - 1)[1]
        return self.begin + first, self.begin + last


def bytes_in(run: re.Match[str]) -> Iterator[tuple[tuple[int, int], bytes]]:
    start = run.start()
    if _SAYS_ASCII.search(run[0].translate(_TO_STANDARD)):
        yield run.span(), _from_base64(run[0])
    for one in _HEX.finditer(run[0]):
        if _HEX_SAYS_ASCII.search(one[0]):
            yield (start + one.start(), start + one.end()), _from_hex(one[0])
    for one in _BASE32.finditer(run[0]):
        yield (start + one.start(), start + one.end()), _from_base32(one[0])


def end_of_word(text: str, at: int) -> int:
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
        for piece, span in ((text[at : found.start()], (at, None)), (said(found), found.span())):
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


def said(found: re.Match[str]) -> str:
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
