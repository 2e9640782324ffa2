"""Cron expressions: when they strike, on the clock of a time zone. Pure: the start is an argument.

An expression whose hour is * goes by real time: it strikes in every hour that passes, in both of a
doubled one. Every other expression goes by the clock on the wall: a time that the change to summer
time leaves out strikes once at the change, a time that comes twice strikes the first time only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from workflows.services.schedules.cron_reading import in_one_spelling

FIELDS: Final = ("minute", "hour", "day-of-month", "month", "day-of-week")
MAX_CHARACTERS: Final = 200  # of an expression, as its column has them
# What the library raises for hostile ones: it converts digits, and asserts.
_WRONG: Final = (CronSimError, ValueError, IndexError, OverflowError, AssertionError)
_ANY_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)
_ENDS: Final = {CronSim.LAST: "L", CronSim.LAST_WEEKDAY: "LW"}
_WHOLE_RANGES: Final = ("0-59", "0-23")  # of minutes and hours


class UnreadableCron(Exception):
    """The text is no cron expression, or one that never strikes."""

    def __init__(self, code: str, part: str = "") -> None:
        super().__init__(f"{code}: {part}" if part else code)
        self.code = code  # parts, never, or the name of the field that is wrong
        self.part = part  # what stands in that field


@dataclass(frozen=True, slots=True)
class CronSets:
    """What the parts of an expression stand for, as numbers. The weekday 0 is Sunday."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]  # of the month
    ends: frozenset[str]  # of the month: "L" its last day, "LW" its last day from Monday to Friday
    months: frozenset[int]
    weekdays: frozenset[int]
    nth_weekdays: frozenset[tuple[int, int]]  # which of them in the month; 0: the last
    must_be_both: bool  # the day of the month and that of the week; else one of them is enough


@dataclass(frozen=True, slots=True)
class Cron:
    """A readable expression of five fields, in one spelling."""

    expression: str

    @classmethod
    def read(cls, text: str) -> "Cron":
        """Return the expression. Raises UnreadableCron."""
        written = text.upper().split() if len(text) <= MAX_CHARACTERS else []
        parts = in_one_spelling(" ".join(written)).split()
        if len(parts) != len(FIELDS):
            raise UnreadableCron("parts")
        shown = written if len(written) == len(FIELDS) else parts
        for index, name in enumerate(FIELDS):
            _check_alone(name, parts[index], index, shown[index])
        cron = cls(" ".join(parts))
        if len(cron.expression) > MAX_CHARACTERS:
            raise UnreadableCron("parts")
        try:
            struck = list(islice(CronSim(cron.expression, _ANY_DAY), 1))
        except _WRONG:
            struck = []
        if not struck:
            raise UnreadableCron("never")
        return cron

    def as_stored(self, text: str) -> str:
        """Return what a row keeps of a text: the text, if older releases can read it as well."""
        parts = text.upper().split()
        try:
            is_plain = CronSim(text, _ANY_DAY).parts[1:] == parts
        except _WRONG:
            is_plain = False
        return text if is_plain else self.expression

    @property
    def sets(self) -> "CronSets":
        """What its five parts stand for."""
        read = CronSim(self.expression, _ANY_DAY)
        return CronSets(
            minutes=frozenset(read.minutes),
            hours=frozenset(read.hours),
            days=frozenset(day for day in read.days if day > 0),
            ends=frozenset(_ENDS[day] for day in read.days if day < 0),
            months=frozenset(read.months),
            weekdays=frozenset(one % 7 for one in read.weekdays if isinstance(one, int)),
            nth_weekdays=frozenset((day % 7, max(nth, 0)) for day, nth in _pairs(read.weekdays)),
            must_be_both=read.day_and,
        )

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


def _pairs(weekdays: Iterable[Any]) -> Iterator[tuple[int, int]]:
    return (one for one in weekdays if isinstance(one, tuple))


def _check_alone(name: str, part: str, index: int, written: str) -> None:
    """Raise UnreadableCron if this field is wrong whatever stands in the others."""
    alone = ["*"] * len(FIELDS)
    alone[index] = part
    try:
        CronSim(" ".join(alone), _ANY_DAY)
    except _WRONG:
        raise UnreadableCron(name, written) from None
