"""The times of a schedule: one cron expression, or several with semicolons between them.

It strikes whenever one of them does, at a time that several of them have once. So every set of
times can be written, 08:00 and 17:30 for one, which is no single expression.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Final
from zoneinfo import ZoneInfo

from workflows.services.schedules.cron import MAX_CHARACTERS, Cron, UnreadableCron

BETWEEN: Final = ";"


@dataclass(frozen=True, slots=True)
class Timetable:
    """Readable expressions; at least one."""

    crons: tuple[Cron, ...]

    @classmethod
    def read(cls, text: str) -> "Timetable":
        """Return the expressions of a text. Raises UnreadableCron."""
        if len(text) > MAX_CHARACTERS:
            raise UnreadableCron("parts")
        return cls(tuple(Cron.read(one) for one in _split(text)))

    def as_stored(self, text: str) -> str:
        """Return what a row keeps of the text it was read from."""
        written = zip(self.crons, _split(text), strict=True)
        stored = f"{BETWEEN} ".join(cron.as_stored(one) for cron, one in written)
        if len(stored) > MAX_CHARACTERS:
            raise UnreadableCron("parts")
        return stored

    def times_after(self, start: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Yield every time after `start`, in order, in UTC."""
        last = None
        for struck in merge(*(one.times_after(start, zone) for one in self.crons)):
            if struck != last:
                last = struck
                yield struck


def _split(text: str) -> list[str]:
    """Return the single expressions as they are written; of a text without any, the text."""
    found = [" ".join(one.split()) for one in text.replace("\u061b", BETWEEN).split(BETWEEN)]
    return [one for one in found if one] or [text]
