"""Two texts side by side: the lines and words that differ."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

Kind = Literal["same", "old", "new"]
Parts = tuple[tuple[bool, str], ...]  # whether a piece is marked, and its text

CONTEXT: Final = 3  # equal lines around a difference
MAX_LINES: Final = 4_000  # of longer texts lines that come very often are passed over
MAX_WORDS: Final = 4_000  # of longer texts only whole lines are marked

_WORDS: Final = re.compile(r"\w+|\s+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of either text."""

    kind: Kind
    parts: Parts

    @property
    def sign(self) -> str:
        """How the line begins in a plain text."""
        return {"same": " ", "old": "-", "new": "+"}[self.kind]


@dataclass(frozen=True, slots=True)
class Hunk:
    """Differences that stand close together. Lines are counted from 1."""

    old_line: int
    new_line: int
    lines: tuple[DiffLine, ...]


def hunks(old: str, new: str) -> list[Hunk]:
    before, after = old.splitlines(), new.splitlines()
    # Many equal lines would each be compared with each.
    is_long = len(before) + len(after) > MAX_LINES
    groups = SequenceMatcher(None, before, after, autojunk=is_long).get_grouped_opcodes(CONTEXT)
    return [
        Hunk(
            group[0][1] + 1,
            group[0][3] + 1,
            tuple(
                line
                for name, i1, i2, j1, j2 in group
                for line in _lines(name, before[i1:i2], after[j1:j2])
            ),
        )
        for group in groups
    ]


def _lines(name: str, old: list[str], new: list[str]) -> Iterator[DiffLine]:
    if name == "equal":
        yield from (DiffLine("same", ((False, text),)) for text in old)
        return
    # Of lines that another one replaces the words are marked; others are new as a whole.
    marked = [_marked(left, right) for left, right in zip(old, new, strict=False)]
    olds = [left for left, _right in marked] + [((False, text),) for text in old[len(new) :]]
    news = [right for _left, right in marked] + [((False, text),) for text in new[len(old) :]]
    yield from (DiffLine("old", parts) for parts in olds)
    yield from (DiffLine("new", parts) for parts in news)


def _marked(old: str, new: str) -> tuple[Parts, Parts]:
    left, right = marks(old, new)
    kept = sum(len(text) for marked, text in left if not marked and not text.isspace())
    is_alike = kept * 2 > max(len(old.strip()), len(new.strip()))
    return (left, right) if is_alike else (((False, old),), ((False, new),))


def marks(old: str, new: str) -> tuple[Parts, Parts]:
    """Return both texts in pieces, those marked that only one of them has."""
    left, right = _WORDS.findall(old), _WORDS.findall(new)
    if len(left) + len(right) > MAX_WORDS:
        return ((True, old),), ((True, new),)
    olds: list[tuple[bool, str]] = []
    news: list[tuple[bool, str]] = []
    for name, i1, i2, j1, j2 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if i2 > i1:
            olds.append((name != "equal", "".join(left[i1:i2])))
        if j2 > j1:
            news.append((name != "equal", "".join(right[j1:j2])))
    return tuple(olds), tuple(news)
