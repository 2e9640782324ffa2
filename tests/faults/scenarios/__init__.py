"""The faults, one function each. Importing this package makes them known, in their order."""

from tests.faults.scenarios import (  # noqa: F401  # each adds its scenarios
    kills,
    stops,
    databases,
    providers,
    poison,
    families,
    crowds,
    web,
    mixed,
)
