"""What is wrong with a document, as values; what goes wrong while one is compiled or rendered."""

from collections.abc import Iterable, Sequence
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


class LanguageError(Exception):
    """The language refused something."""


class ExpressionError(LanguageError):
    """A template or a condition cannot be worked out from the values at hand.

    The code and its params are stored; the sentence is made when it is shown.
    """

    def __init__(self, code: str, **params: Any) -> None:
        shown = ", ".join(f"{name}={value!r}" for name, value in params.items())
        super().__init__(f"{code}({shown})")
        self.code = str(code)
        self.params: dict[str, Any] = params

    def at(self, **params: Any) -> "ExpressionError":
        """Return the same error, saying in addition where it happened."""
        return ExpressionError(self.code, **{**params, **self.params})


class InvalidDocument(LanguageError):
    """The document has problems, so it has no program."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{p.path}: {p.code}" for p in problems))
        self.problems = list(problems)


class InvalidProgram(LanguageError):
    """A stored program is not one that this version of the language can run."""
