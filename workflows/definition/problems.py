"""What is wrong with a document, as values: validation returns all of them at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, and where it is."""

    path: str  # JSON pointer into the document: "/steps/2/params/to/0"; "" is the whole document
    code: str
    params: dict[str, Any] = field(default_factory=dict)


def suggestion(word: object, known: Iterable[str]) -> dict[str, str]:
    """Return {"suggestion": …}, the known word that was probably meant, or {}."""
    # A long word is nobody's typing mistake, and comparing it would take long.
    if not isinstance(word, str) or len(word) > 100:
        return {}
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return {"suggestion": close[0]} if close else {}
