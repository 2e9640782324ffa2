"""Why JSON was refused: codes, what they are about, and where it stands."""

import re
from enum import StrEnum
from typing import Final

from tenants.core.json import Json

LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SHOWN: Final = 60  # characters of a value in an error


class JsonFault(StrEnum):
    """Why JSON was refused: stable codes."""

    EMPTY = "json_empty"
    TOO_LARGE = "payload_too_large"
    NOT_UTF8 = "json_not_utf8"
    SYNTAX = "json_syntax"
    TOO_DEEP = "json_too_deep"
    DUPLICATE_KEY = "json_duplicate_key"
    NOT_FINITE = "json_not_finite"
    NUMBER_TOO_LARGE = "json_number_too_large"
    NUMBER_TOO_LONG = "json_number_too_long"
    NUL_CHARACTER = "json_nul_character"
    LONE_SURROGATE = "json_lone_surrogate"
    NOT_AN_OBJECT = "json_not_an_object"
    NOT_JSON = "json_not_a_value"


class BadJson(ValueError):
    """The text cannot be accepted. `line` and `column` are 1-based; None where not known."""

    def __init__(
        self,
        fault: JsonFault,
        *,
        at: tuple[str, int] | None = None,  # the text, and the index in it
        pointer: str | None = None,  # RFC 6901; None: not known
        **params: str | int,
    ) -> None:
        super().__init__(f"{fault} {params}" if params else str(fault))
        self.fault = fault
        self.pointer = pointer
        self.params = params
        self.line: int | None = None
        self.column: int | None = None
        if at:
            self.line, self.column = _line_and_column(*at)


def facts_of(problem: BadJson) -> dict[str, Json]:
    """Return what a failure tells of it: what is wrong, as a code and as text, and where."""
    where = {"at": problem.pointer} if problem.pointer else {}
    return {"reason": str(problem), **problem.params, "fault": str(problem.fault), **where}


def shown(text: str) -> str:
    # A key may hold the very characters that no answer can be written with.
    safe = LONE_SURROGATE.sub("\ufffd", text)
    return safe if len(safe) <= _SHOWN else f"{safe[: _SHOWN - 1]}…"


def _line_and_column(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
