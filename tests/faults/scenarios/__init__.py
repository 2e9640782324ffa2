"""The faults, one function each."""

from tests.faults.registry import KNOWN
from tests.faults.scenarios import (
    crowds,
    databases,
    families,
    kills,
    mixed,
    poison,
    providers,
    stops,
    web,
)

# The order in which they are played: one fault at a time, then all of them.
PARTS = (kills, stops, databases, providers, poison, families, crowds, web, mixed)
SCENARIOS = {
    play.__name__: play for part in PARTS for play in KNOWN if play.__module__ == part.__name__
}
