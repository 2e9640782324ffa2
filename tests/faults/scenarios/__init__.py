"""The faults, one function each. Importing this package makes them known, in their order."""

from tests.faults.scenarios import kills  # noqa: F401
