"""Finding a secret in a text, whole or in part, in the forms in which servers echo it.

The law: no part of a secret of eight characters or more is left, in capitals or not, whatever forms
it was put into, one in another. So the text is searched for each run of eight characters of the
secret, then again in what the text says once its codes are read, as often as reading changes it.

Nearly no text holds one, so what has to be there is asked first: four signs of it at every fourth
place, digits that say ASCII, two numbers of its bytes side by side. Codes are read with the words
around them, and nothing else is.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Self

from actions.web.encodings import (
    BASE64,
    CODE,
    CODED,
    FOLD,
    NUMBER,
    NUMBERS,
    PAIR,
    PAIRS,
    SIGN,
    SIGNS_OF_CODES,
    Piece,
    bytes_in,
    end_of_word,
    said,
)
from actions.web.secret_forms import (
    KEY,
    PART,
    SHORTEST_SECRET,
    encoded_forms_of,
    encoded_parts_of,
    forms_of,
    hidden_in_address,
    key_of,
    lowered,
    pairs_of,
    parts_of,
)

Marks = list[tuple[int, int]]  # from and to
# Codes in one another that are read; each makes the text shorter.
_MAX_DEPTH: Final = 8
# Bytes that are decoded for each character of the text: digits may be made to be decoded on and on.
_MAX_DECODED: Final = 60
_DECODED_AT_LEAST: Final = 10_000
# What stands before a token in a header, and in many texts besides.
_SCHEME: Final = re.compile(r"(?:Basic|Bearer|Token|Key|ApiKey) ", re.IGNORECASE)
_SHORTEST_LIST: Final = 2 * PART - 1
_MAX_CODES: Final = 10_000
_APART: Final = "\x01"  # between texts that are looked at together
_NOT_ENCODED: Final = re.compile(r"[^a-z0-9+/=_-]")
_READABLE: Final = re.compile(rb"[\x20-\x7e\r\n\t]{8,}")


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
                of_address = hidden_in_address(secret)
                wholes |= of_address[0]
                atoms |= of_address[1]
            elif _SCHEME.match(secret):
                wholes.add(secret)
                atoms.add(_SCHEME.sub("", secret, count=1))
            else:
                atoms.add(secret)
        atoms = {atom for atom in atoms if len(atom) >= SHORTEST_SECRET}
        wholes |= {atom for atom in atoms if len(atom) < PART}
        wholes |= {
            form for whole in wholes if len(whole) < PART for form in encoded_forms_of(whole)
        }
        # The longest first: one that contains another goes as a whole.
        self._wholes = sorted(map(lowered, wholes), key=len, reverse=True)
        forms = {lowered(form) for atom in atoms for form in forms_of(atom)}
        self._parts = {part for form in forms for part in parts_of(form)}
        encoded = {lowered(part) for atom in atoms for part in encoded_parts_of(atom)}
        self._encoded = encoded - self._parts
        # Of a text that is shorter nothing need be looked at.
        self.shortest = min([PART, *map(len, wholes)])
        self._keys = {
            key_of(part[at : at + KEY]) for part in self._parts | self._encoded for at in range(KEY)
        }
        small = {sign for form in {*forms, *self._wholes} for sign in form}
        self._alphabet = small | {sign.upper() for sign in small} | {*SIGNS_OF_CODES}
        self._codes: dict[str, bool] = {}  # whether a code says one of these signs
        self._pairs = tuple({pair for atom in atoms for pair in pairs_of(atom)})

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
        if len(text) < _SHORTEST_LIST and not CODED.search(text):
            found = [*self._plain(lowered(text))]
            return _merged(found) if found else found
        return self._marks(text, 0, _Search(_MAX_DECODED * len(text) + _DECODED_AT_LEAST))

    def _marks(self, text: str, depth: int, search: _Search) -> Marks:
        small = lowered(text)
        found = [*self._plain(small)]
        if depth < _MAX_DEPTH:
            if len(text) >= _SHORTEST_LIST and any(pair in small for pair in self._pairs):
                found += self._in_lists(text, depth, search)
            if CODED.search(text):
                found += self._in_runs(text, depth, search)
                found += self._in_codes(text, depth, search)
        return _merged(found) if found else found

    def _in_codes(self, text: str, depth: int, search: _Search) -> Iterator[tuple[int, int]]:
        """Yield the same for what the text says once its codes are read, all of one level."""
        pieces = [Piece.of(text, begin, end) for begin, end in self._coded(text)]
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
        for sign in SIGN.finditer(text):
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
            known = end_of_word(text, at)
            end = min(known + PART, len(text))
        if end:
            yield begin, end

    def _may_hide(self, text: str, at: int) -> tuple[bool, int]:
        """Say whether here is a code for a sign of a secret, or a fold inside one; and its end."""
        fold = FOLD.match(text, at)
        if fold is not None:
            around = (text[at - 1 : at], text[fold.end() : fold.end() + 1])
            return all(one and one in self._alphabet for one in around), at + 1
        code = CODE.match(text, at)
        if code is None:
            return False, at + 1
        may_hide = self._codes.get(code[0])
        if may_hide is None:
            if len(self._codes) > _MAX_CODES:
                self._codes.clear()
            may_hide = self._codes[code[0]] = not self._alphabet.isdisjoint(said(code))
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
            for start in range(max(0, at - KEY + 1), at + 1):
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
        fours = memoryview(signs)[: len(signs) // KEY * KEY].cast("I")
        return [KEY * place for place, four in enumerate(fours) if four in keys]

    def _in_lists(self, text: str, depth: int, search: _Search) -> Iterator[tuple[int, int]]:
        for listed, number, base in ((NUMBERS, NUMBER, 10), (PAIRS, PAIR, 16)):
            for run in listed.finditer(text):
                codes = [int(one, base) for one in number.findall(run[0])]
                if self._is_in(bytes(one for one in codes if 0 < one < 256), depth + 1, search):
                    yield run.span()

    def _in_runs(self, text: str, depth: int, search: _Search) -> Iterator[tuple[int, int]]:
        """Yield the runs of base64 and hexadecimal digits that hold it in yet another form."""
        raws: list[tuple[tuple[int, int], bytes]] = []
        runs = set[str]()
        for run in BASE64.finditer(text):
            if run[0] not in search.clean:
                runs.add(run[0])
                raws += bytes_in(run)
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
