"""Durations as people write them: `30s`, `15m`, `2h`, `7d`."""

import re
from datetime import timedelta

_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
MAX_DURATION = timedelta(days=3650)


def parse_duration(text: object) -> timedelta | None:
    """Return the duration that `text` writes, or None if it writes none.

    `1d` is 24 hours, also over a change of the clocks. More than ten years is no duration.
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    seconds = int(match[1]) * timedelta(**{_UNITS[match[2]]: 1}).total_seconds()
    return timedelta(seconds=seconds) if seconds <= MAX_DURATION.total_seconds() else None
