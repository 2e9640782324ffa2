"""The scenarios that are known."""

from collections.abc import Callable
from typing import Any

Play = Callable[[Any], None]  # with a Stage
KNOWN: list[Play] = []
# What `--short` leaves out, and which tests of CI show the same.
SHOWN_BY: dict[str, str] = {}


def scenario(function: Play) -> Play:
    """Make a scenario known, under its function's name."""
    KNOWN.append(function)
    return function


def shown_by(tests: str) -> Callable[[Play], Play]:
    """Leave a scenario out of a short look: these tests show the same, without its load."""

    def leave_out(function: Play) -> Play:
        SHOWN_BY[function.__name__] = tests
        return function

    return leave_out
