"""From the bytes of an answer to its text: compression first, then the character set."""

import codecs
import re
import zlib
from collections.abc import Iterator
from typing import Final

# What is asked for in `Accept-Encoding`; others come from servers that do not ask.
_WINDOW_BITS: Final = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_SAME: Final = {"x-gzip": "gzip", "x-deflate": "deflate"}
# What servers write there that is no compression: of the body itself it says nothing.
_NO_CODINGS: Final = frozenset(
    {"identity", "none", "binary", "7bit", "8bit", "chunked", "aws-chunked", "utf-8", "utf8"}
)
_GZIP_BEGINS: Final = b"\x1f\x8b\x08"
# Bodies that are meant to be what they are, compressed files among them.
_FILES: Final = re.compile(r"(?:application/(?:x-)?(?:gzip|tar|tgz|zip|octet-stream)|binary/).*")
_MAX_CODINGS: Final = 3

# The longest first: UTF-32 begins like UTF-16.
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Names of Python's own for what is no character set of a web page, or never meant.
_NO_CHARACTER_SETS: Final = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7", "ascii"}
)


class UndecodableAnswer(ValueError):
    """The body cannot be unpacked: it is damaged, or in a coding that nobody asked for."""

    def __init__(self, fault: str, message: str, **facts: str) -> None:
        super().__init__(message)
        self.facts = {"fault": fault, **facts}  # for the sentence that people read


class CutOff(ValueError):
    """The body ended before its compression did."""


def unpacked(raw: bytes, content_encoding: str, content_type: str, limit: int) -> bytes:
    """Return the body without its compression; of a larger one at least one byte more than `limit`.

    Raises Unreadable and CutOff.
    """
    codings = [_SAME.get(one, one) for one in _named(content_encoding)]
    if unknown := [one for one in codings if one not in _WINDOW_BITS]:
        coding = unknown[0][:40]
        raise UndecodableAnswer(
            "coding", f"compressed as {coding}, which nobody asked for", coding=coding
        )
    if len(codings) > _MAX_CODINGS:
        raise _damaged()
    for coding in reversed(codings):
        raw = _inflated(raw, coding, limit) if raw else raw
    if raw.startswith(_GZIP_BEGINS) and not _FILES.match(content_type.strip().lower()):
        raise UndecodableAnswer("undeclared", "compressed, and it does not say so")
    return raw


def text_of(raw: bytes, content_type: str) -> str:
    """Return the text in the character set that it begins with, is declared, or is usual."""
    for mark, name in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(name, "replace")
    return raw.decode(_character_set(raw, content_type), "replace")


def _damaged() -> UndecodableAnswer:
    return UndecodableAnswer("damaged", "its compression is damaged")


def _named(header: str) -> Iterator[str]:
    for part in header.lower().split(","):
        name = part.partition(";")[0].strip()
        if name and name not in _NO_CODINGS:
            yield name


def _inflated(raw: bytes, coding: str, limit: int) -> bytes:
    made = b""
    while True:
        stream, part = _begun(raw, coding, limit + 1 - len(made))
        made += part
        if len(made) > limit:
            return made
        if not stream.eof:
            raise CutOff
        raw = stream.unused_data
        # Some servers send several streams, one after the other; what else follows is filling.
        if coding != "gzip" or not raw.startswith(_GZIP_BEGINS[:2]):
            return made


def _begun(raw: bytes, coding: str, most: int) -> tuple["zlib._Decompress", bytes]:
    bits = _WINDOW_BITS[coding]
    try:
        stream = zlib.decompressobj(bits)
        return stream, stream.decompress(raw, most)
    except zlib.error:
        if coding != "deflate":
            raise _damaged() from None
    try:
        # Servers differ in what they take "deflate" for.
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        return stream, stream.decompress(raw, most)
    except zlib.error:
        raise _damaged() from None


def _character_set(raw: bytes, content_type: str) -> str:
    # Two characters of ASCII in UTF-16, which says nothing of itself.
    if len(raw) % 2 == 0 and raw[:1] != b"\0" and raw[1:2] == b"\0" and raw[3:4] in {b"\0", b""}:
        return "utf-16-le"
    if len(raw) % 2 == 0 and raw[:1] == b"\0" and raw[1:2] not in {b"\0", b""}:
        return "utf-16-be" if raw[2:3] in {b"\0", b""} else "utf-8"
    declared = content_type.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    try:
        found = codecs.lookup(declared)
    except (LookupError, ValueError):
        return "utf-8"
    is_one = found._is_text_encoding and found.name not in _NO_CHARACTER_SETS
    return found.name if is_one else "utf-8"
