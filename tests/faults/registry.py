"""The scenarios that are known."""

from collections.abc import Callable
from typing import Any

Play = Callable[[Any], None]  # with a Stage
KNOWN: list[Play] = []


def scenario(function: Play) -> Play:
    """Make a scenario known, under its function's name."""
    KNOWN.append(function)
    return function
