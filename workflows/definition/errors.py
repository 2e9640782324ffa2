"""What goes wrong while a document is compiled, or while a step is rendered."""

from collections.abc import Sequence
from typing import Any

from workflows.definition.problems import Problem


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
