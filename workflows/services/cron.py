"""Cron expressions: when they strike, on the clock of a time zone. Pure: the start is an argument.

An expression whose hour is * goes by real time: it strikes in every hour that passes, in both of a
doubled one. Every other expression goes by the clock on the wall: a time that the change to summer
time leaves out strikes once at the change, a time that comes twice strikes the first time only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

FIELDS: Final = ("minute", "hour", "day-of-month", "month", "day-of-week")
MAX_CHARACTERS: Final = 200  # of an expression, as its column has them
# What the library raises for hostile ones: it converts digits, and asserts.
_WRONG: Final = (CronSimError, ValueError, IndexError, OverflowError, AssertionError)
_ANY_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)
_WHOLE_RANGES: Final = ("0-59", "0-23")  # of minutes and hours


class UnreadableCron(Exception):
    """The text is no cron expression, or one that never strikes."""

    def __init__(self, code: str, part: str = "") -> None:
        super().__init__(f"{code}: {part}" if part else code)
        self.code = code  # parts, never, or the name of the field that is wrong
        self.part = part  # what stands in that field


@dataclass(frozen=True, slots=True)
class Cron:
    """A readable expression of five fields, in one spelling."""

    expression: str

    @classmethod
    def read(cls, text: str) -> "Cron":
        """Return the expression. Raises UnreadableCron."""
        parts = text.upper().split() if len(text) <= MAX_CHARACTERS else []
        if len(parts) != len(FIELDS):
            raise UnreadableCron("parts")
        for index, name in enumerate(FIELDS):
            _check_alone(name, parts[index], index)
        cron = cls(" ".join(parts))
        try:
            struck = list(islice(CronSim(cron.expression, _ANY_DAY), 1))
        except _WRONG:
            struck = []
        if not struck:
            raise UnreadableCron("never")
        return cron

    def times_after(self, start: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Yield every time after `start`, in order, in UTC."""
        last = start.astimezone(UTC)
        for local in CronSim(self._for_the_wall(), last.astimezone(zone)):
            # Begun within the doubled hour, cronsim names times of its first pass: they are over.
            struck = local.astimezone(UTC)
            if struck > last:
                last = struck
                yield struck

    def _for_the_wall(self) -> str:
        """Return the expression as cronsim reads it by the wall: without * in minute and hour."""
        parts = self.expression.split()
        if parts[1] in {"*", "*/1"}:
            return self.expression
        for index, whole in enumerate(_WHOLE_RANGES):
            if parts[index].startswith("*"):
                parts[index] = whole + parts[index][1:]
        return " ".join(parts)


def _check_alone(name: str, part: str, index: int) -> None:
    """Raise UnreadableCron if this field is wrong whatever stands in the others."""
    alone = ["*"] * len(FIELDS)
    alone[index] = part
    try:
        CronSim(" ".join(alone), _ANY_DAY)
    except _WRONG:
        raise UnreadableCron(name, part) from None
