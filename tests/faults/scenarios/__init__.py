"""The faults, one function each."""

from tests.faults.registry import KNOWN
from tests.faults.scenarios import (
    crowds,
    databases,
    families,
    heavy,
    held,
    hostile,
    kills,
    lanes,
    mixed,
    pages,
    poison,
    providers,
    retries,
    shares,
    stops,
    web,
)

# The order in which they are played: one fault at a time, then all of them.
PARTS = (
    kills,
    stops,
    databases,
    providers,
    poison,
    held,
    families,
    hostile,
    heavy,
    lanes,
    retries,
    shares,
    crowds,
    web,
    pages,
    mixed,
)
SCENARIOS = {
    play.__name__: play for part in PARTS for play in KNOWN if play.__module__ == part.__name__
}
