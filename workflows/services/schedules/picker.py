"""Times as people pick them, and the cron expressions that they are.

The expression is the truth: what is picked is written as one, and shown again from it. What nobody
can pick, “the second Friday in May”, stays an expression.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from workflows.services.schedules.cron import Cron, CronSets, UnreadableCron
from workflows.services.schedules.timetable import BETWEEN, Timetable

EVERY_MINUTES: Final = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)  # those that an hour consists of
EVERY_HOURS: Final = (1, 2, 3, 4, 6, 8, 12)  # those that a day consists of
MAX_TIMES: Final = 12  # of a day
_ALL_DAYS: Final = frozenset(range(1, 32))
_ALL_MONTHS: Final = frozenset(range(1, 13))
_WEEK: Final = frozenset(range(7))
_BY_REAL_TIME: Final = frozenset({"*", "*/1"})
_ROW: Final = 3  # so many in a row are written as a range


class Days(StrEnum):
    """Which days are picked."""

    ALL = "all"
    WEEK = "week"  # some of the week
    MONTH = "month"  # some of the month


class Often(StrEnum):
    """How often on such a day."""

    TIMES = "times"
    MINUTES = "minutes"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Picked:
    """What somebody picked: on which days, and when on these."""

    days: Days = Days.ALL
    of_week: frozenset[int] = frozenset()  # as cron counts them: 0 is Sunday
    of_month: frozenset[int] = frozenset()
    on_last: bool = False  # on the last day of the month
    often: Often = Often.TIMES
    times: tuple[tuple[int, int], ...] = ()  # hours and minutes, in order
    every: int = 1  # minutes, or hours


def written(picked: Picked) -> str:
    """Return the expression of what was picked."""
    days = _days_written(picked)
    match picked.often:
        case Often.MINUTES:
            return f"{_each(picked.every)} * {days}"
        case Often.HOURS:
            return f"0 {_each(picked.every)} {days}"
    return f"{BETWEEN} ".join(
        f"{_numbers(minutes)} {_numbers(hours)} {days}" for minutes, hours in _products(picked)
    )


def picked_from(text: str) -> Picked | None:
    """Return what an expression says if it can be picked; None if not, or if it is unreadable."""
    try:
        crons = Timetable.read(text).crons
    except UnreadableCron:
        return None
    days = {_days_of(cron) for cron in crons}
    if len(days) != 1 or None in days:
        return None
    (found,) = days
    often = _often_of(crons[0]) if len(crons) == 1 else None
    often = often or _times_of(crons)
    if often is None or found is None:
        return None
    return Picked(*found, *often)


def _each(number: int) -> str:
    return "*" if number == 1 else f"*/{number}"


def _days_written(picked: Picked) -> str:
    of_month, of_week = "*", "*"
    if picked.days == Days.WEEK and picked.of_week != _WEEK:
        of_week = _numbers(picked.of_week)
    if picked.days == Days.MONTH and picked.of_month != _ALL_DAYS:
        numbers = [_numbers(picked.of_month)] if picked.of_month else []
        of_month = ",".join([*numbers, *(["L"] if picked.on_last else [])])
    return f"{of_month} * {of_week}"


def _products(picked: Picked) -> Iterable[tuple[frozenset[int], frozenset[int]]]:
    """Return minutes and hours whose products are the times: few expressions for many times."""
    hours_of = {
        minute: frozenset(hour for hour, other in picked.times if other == minute)
        for minute in sorted({minute for _hour, minute in picked.times})
    }
    by_hours = sorted(hours_of, key=lambda minute: (sorted(hours_of[minute]), minute))
    for hours, minutes in groupby(by_hours, key=lambda minute: hours_of[minute]):
        yield frozenset(minutes), hours


def _numbers(numbers: Iterable[int]) -> str:
    rows: list[list[int]] = []
    for number in sorted(numbers):
        if rows and rows[-1][-1] == number - 1:
            rows[-1].append(number)
        else:
            rows.append([number])
    told = (
        [f"{row[0]}-{row[-1]}"] if len(row) >= _ROW else [str(one) for one in row] for row in rows
    )
    return ",".join(one for row in told for one in row)


def _days_of(cron: Cron) -> tuple[Days, frozenset[int], frozenset[int], bool] | None:
    sets, parts = cron.sets, cron.expression.split()
    is_by_date, is_by_week = parts[2] != "*", parts[4] != "*"
    if sets.months != _ALL_MONTHS or sets.nth_weekdays or sets.ends - {"L"}:
        return None
    if is_by_date and is_by_week:
        return None  # one of them is enough, or both are needed: nobody picks that
    if is_by_date and sets.days != _ALL_DAYS:
        return Days.MONTH, frozenset(), sets.days, bool(sets.ends)
    if is_by_week and sets.weekdays != _WEEK:
        return Days.WEEK, sets.weekdays, frozenset(), False
    return Days.ALL, frozenset(), frozenset(), False


def _often_of(cron: Cron) -> tuple[Often, tuple[tuple[int, int], ...], int] | None:
    """Return every how many minutes or hours it strikes; None if it is told by times."""
    sets, hours = cron.sets, cron.expression.split()[1]
    if hours in _BY_REAL_TIME:
        if sets.minutes == {0}:
            return Often.HOURS, (), 1
        fits = (every for every in EVERY_MINUTES if sets.minutes == frozenset(range(0, 60, every)))
        every = next(fits, None)
        return (Often.MINUTES, (), every) if every else None
    for every in EVERY_HOURS:
        if hours == f"*/{every}" and sets.minutes == {0}:
            return Often.HOURS, (), every
    return None


def _times_of(
    crons: tuple[Cron, ...],
) -> tuple[Often, tuple[tuple[int, int], ...], int] | None:
    if any(cron.expression.split()[1] in _BY_REAL_TIME for cron in crons):
        return None  # in the hour that comes twice it would strike twice
    times = {time for cron in crons for time in _product(cron.sets)}
    if len(times) > MAX_TIMES:
        return None
    return Often.TIMES, tuple(sorted(times)), 1


def _product(sets: CronSets) -> Iterable[tuple[int, int]]:
    if len(sets.hours) * len(sets.minutes) > MAX_TIMES:
        return ((hour, minute) for hour in range(24) for minute in range(60))  # too many
    return ((hour, minute) for hour in sets.hours for minute in sets.minutes)
