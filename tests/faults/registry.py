"""The scenarios by their names."""

from collections.abc import Callable

SCENARIOS: dict[str, Callable] = {}


def scenario(function):
    """Make a scenario known under its function's name."""
    SCENARIOS[function.__name__] = function
    return function
