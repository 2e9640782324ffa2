"""Names of time zones: only those of the time-zone database, never a path."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

# Files beside the zones, which mean another one on each machine, or none.
_NO_PLACES = frozenset({"localtime", "Factory"})


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_PLACES


def zone_named(name: object) -> ZoneInfo | None:
    """Return the zone of this name; None if there is none. Never raises."""
    # Looked up among the names first: ZoneInfo opens a file by the name that it is given.
    return ZoneInfo(name) if isinstance(name, str) and name in _known() else None
