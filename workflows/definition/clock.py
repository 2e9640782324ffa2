"""Whether something stored may look at the clock: to ask the database costs a round trip."""

import re
from typing import Final

from tenants.core.json import Json
from workflows.definition.templates.filters.dates import DATE_FILTERS

# `now` itself; and what takes it, or a text that says `now`, from a place that only an event knows.
_WORDS: Final = (
    "now",
    "today",
    *(one.name for one in DATE_FILTERS),
    "older_than",
    "within_",
)
_MENTIONED: Final = re.compile("|".join(_WORDS))


def may_read_clock(stored: Json) -> bool:
    """Whether a stored condition or plan may read the clock. Rather once too often."""
    match stored:
        case str():
            return bool(_MENTIONED.search(stored))
        case dict():
            return any(map(may_read_clock, [*stored, *stored.values()]))
        case list():
            return any(map(may_read_clock, stored))
    return False
