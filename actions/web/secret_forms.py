"""The forms in which a secret may stand in a text: as it is, in parts, as encodings write it."""

import re
import sys
import unicodedata
from base64 import b32encode, b64encode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote, urlsplit

PART: Final = 8  # characters of a secret that are too many
# Shorter secrets would match by chance and tear ordinary text apart.
SHORTEST_SECRET: Final = 6
KEY: Final = 4  # characters that are looked up first
# A part of an address that nobody guesses: long, or named as a signature, and not of words alone.
_GUESSED: Final = re.compile(r"[^0-9]*|[0-9]{4}-[0-9]{2}-[0-9]{2}[\w-]*")
_LONG: Final = 16
_BETWEEN: Final = (",", ", ", " ")
_BETWEEN_PAIRS: Final = (" ", ":", "-", ", 0x", ",0x", " 0x")


def hidden_in_address(address: str) -> tuple[set[str], set[str]]:
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


def forms_of(secret: str) -> set[str]:
    """Return a secret as it is, and as forms and old programs write it."""
    forms = {secret, secret.replace(" ", "+"), re.sub(r"\s+", "", secret)}
    if not secret.isascii():
        # Letters with their accents apart, and bytes of UTF-8 that are read as Latin letters.
        forms |= {unicodedata.normalize("NFC", secret), unicodedata.normalize("NFD", secret)}
        forms.add(secret.encode("utf-8", "surrogatepass").decode("latin-1"))
    return forms


def parts_of(form: str) -> Iterator[str]:
    for at in range(len(form) - PART + 1):
        yield form[at : at + PART]


def key_of(signs: str) -> int:
    return int.from_bytes(signs.encode("latin-1", "replace"), sys.byteorder)


def pairs_of(secret: str) -> Iterator[str]:
    """Yield two bytes in its middle as lists write them: each list of the whole of it has them."""
    raw = secret.encode("utf-8", "surrogatepass")
    first, second = raw[len(raw) // 2 - 1 : len(raw) // 2 + 1]
    yield from (f"{first}{between}{second}" for between in _BETWEEN)
    yield from (f"{first:02x}{between}{second:02x}" for between in _BETWEEN_PAIRS)


def encoded_parts_of(secret: str) -> Iterator[str]:
    """Yield eight signs of what encodings of bytes make of any place in it."""
    raw = secret.encode("utf-8", "surrogatepass")
    for at in range(len(raw) - 5):
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(raw[at : at + 6]).decode("ascii")
    for at in range(len(raw) - 4):
        yield b32encode(raw[at : at + 5]).decode("ascii")
    for at in range(len(raw) - 3):
        yield raw[at : at + 4].hex()


def encoded_forms_of(secret: str) -> Iterator[str]:
    """Yield a short secret in encodings: of one so short no part is searched for."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield raw.hex()
    for encode in (b64encode, urlsafe_b64encode, b32encode):
        yield encode(raw).decode("ascii").rstrip("=")
