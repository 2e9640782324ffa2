"""Durations as people write them, and hours of the week: `30s`, Sunday to Thursday, 09:00 to 17:00.

A window opens when the clock on the wall first shows its beginning, and closes when it first
shows its end. Where the clocks go forward over one of them, that is the moment of the change.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

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


DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # as Python counts them
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DAY = timedelta(days=1)
# A change of the calendar can swallow one opening of a weekly window, hardly two.
_WEEKS_AHEAD = 4


def parse_clock(text: object) -> time | None:
    """Return the time of day that `text` writes ("09:00"), or None. "24:00" is midnight."""
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return time.min if text == "24:00" else None
    return time(int(match[1]), int(match[2]))


@dataclass(frozen=True, slots=True)
class Window:
    """Some days of the week, and a part of each."""

    days: frozenset[int]  # 0 is Monday: the days on which it opens
    opens: time
    closes: time  # not later than `opens`: on the next day

    def next_moment(self, earliest: datetime, zone: tzinfo) -> datetime:
        """Return `earliest` if it lies in the window, else the next opening; both in UTC."""
        earliest = earliest.astimezone(UTC)
        day = earliest.astimezone(zone).date() - _DAY
        for _ in range(7 * _WEEKS_AHEAD):
            opening, closing = self._on(day, zone)
            if day.weekday() in self.days and opening < closing and earliest < closing:
                return max(earliest, opening)
            day += _DAY
        return earliest

    def _on(self, day: date, zone: tzinfo) -> tuple[datetime, datetime]:
        last = day if self.opens < self.closes else day + _DAY
        return first_moment(day, self.opens, zone), first_moment(last, self.closes, zone)


def load_window(window: Mapping[str, Any]) -> Window:
    """Return the window that a checked document writes; without days it opens every day."""
    return Window(
        days=frozenset(DAYS.index(day) for day in window.get("days", DAYS)),
        opens=parse_clock(window["from"]) or time.min,
        closes=parse_clock(window["to"]) or time.min,
    )


def first_moment(day: date, clock: time, zone: tzinfo) -> datetime:
    """Return when the clocks of `zone` first show `clock` or later on `day`, in UTC."""
    wall = datetime.combine(day, clock, zone)
    found = wall.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return found
    # The clocks jump over it. Read with the offset after the change it lies before the change,
    # read with the one before, behind it: the change is the first second with the new offset.
    before = wall.replace(fold=1).astimezone(UTC)
    after = found.astimezone(zone).utcoffset()
    least, most = 0, int((found - before).total_seconds())
    while most - least > 1:
        middle = (least + most) // 2
        changed = (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == after
        least, most = (least, middle) if changed else (middle, most)
    return before + timedelta(seconds=most)
