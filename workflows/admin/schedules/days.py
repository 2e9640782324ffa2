"""On which days a cron expression strikes, in words."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from workflows.services.schedules.cron import CronSets

ALL_DAYS: Final = frozenset(range(1, 32))
ALL_MONTHS: Final = frozenset(range(1, 13))
ALL_WEEKDAYS: Final = frozenset(range(7))
MAX_DAY_OF_MONTH: Final = {month: 30 if month in {4, 6, 9, 11} else 31 for month in ALL_MONTHS} | {
    2: 29
}
SHORTEST: Final = MAX_DAY_OF_MONTH | {2: 28}
SPAN: Final = 3  # so many in a row are told by the first and the last
_END_WORDS: Final = {
    "L": gettext_lazy("the last day"),
    "LW": gettext_lazy("the last day from Monday to Friday"),
}
_NTH_WORDS: Final = {
    0: gettext_lazy("The last %(weekday)s of the month"),
    1: gettext_lazy("The first %(weekday)s of the month"),
    2: gettext_lazy("The second %(weekday)s of the month"),
    3: gettext_lazy("The third %(weekday)s of the month"),
    4: gettext_lazy("The fourth %(weekday)s of the month"),
    5: gettext_lazy("The fifth %(weekday)s of the month, if there is one"),
}


def days_words(sets: CronSets) -> str:
    """Return on which days, “From Sunday to Thursday”."""
    by_date, by_weekday = sets.days != ALL_DAYS, sets.weekdays != ALL_WEEKDAYS
    if not sets.must_be_both and not (by_date and by_weekday):
        by_date = by_weekday = False  # one of them is enough, and one is always so
    sets = replace(sets, days=frozenset(_that_come(sets)))
    if by_date and not (sets.days or sets.ends):
        by_date = False  # a day that never comes, beside weekdays
    match by_date, by_weekday:
        case True, True:
            return _both(sets)
        case True, False:
            return _dates(sets)
        case False, True:
            return _weekdays_in_months(sets)
    if sets.months == ALL_MONTHS:
        return _("Every day")
    return _("Every day in %(months)s") % {"months": _months(sets.months)}


def is_every_day(sets: CronSets) -> bool:
    """Whether it strikes on every day there is."""
    if sets.months != ALL_MONTHS:
        return False
    is_any = sets.days == ALL_DAYS, sets.weekdays == ALL_WEEKDAYS
    return all(is_any) if sets.must_be_both else any(is_any)


def spans(numbers: Iterable[int], form: str = "d") -> list[str]:
    """Return the numbers in order, those in a row by the first and the last."""
    rows: list[list[int]] = []
    for number in sorted(numbers):
        if rows and rows[-1][-1] == number - 1:
            rows[-1].append(number)
        else:
            rows.append([number])
    told: list[str] = []
    for row in rows:
        if len(row) >= SPAN:
            told.append(f"{row[0]:{form}}–{row[-1]:{form}}")  # noqa: RUF001  # a dash is a range's
        else:
            told += [f"{one:{form}}" for one in row]
    return told


def listed(words: Iterable[Any]) -> str:
    """Return the words with an “and” before the last."""
    return str(get_text_list(list(words), _("and")))


def _that_come(sets: CronSets) -> Iterable[int]:
    """Return the days that one of the months has."""
    return (
        day for day in sets.days if any(day <= MAX_DAY_OF_MONTH[month] for month in sets.months)
    )


def _both(sets: CronSets) -> str:
    told = {"days": _dates(sets), "weekdays": _weekdays_in_months(sets)}
    if sets.must_be_both:
        told["weekdays"] = _weekdays(sets)
        return _("%(weekdays)s, but only if the date is right too: %(days)s") % told
    return _("%(days)s, and also: %(weekdays)s") % told


def _weekdays_in_months(sets: CronSets) -> str:
    if sets.months == ALL_MONTHS:
        return _weekdays(sets)
    told = {"weekdays": _weekdays(sets), "months": _months(sets.months)}
    return _("%(weekdays)s, in %(months)s") % told


def _dates(sets: CronSets) -> str:
    """Return “On day 1 of every month” and the like."""
    days = sorted(sets.days)
    if len(days) == 1 and not sets.ends and len(sets.months) == 1:
        (month,) = sets.months
        if days[0] <= SHORTEST[month]:
            return _("Every year on %(day)s %(month)s") % {"day": days[0], "month": MONTHS[month]}
        return _("In leap years on %(day)s %(month)s") % {"day": days[0], "month": MONTHS[month]}
    told = [str(_END_WORDS[end]) for end in sorted(sets.ends)]
    if days:
        words = ngettext("day %(days)s", "days %(days)s", len(days))
        told.insert(0, words % {"days": listed(spans(days))})
    facts = {"days": listed(told), "months": _months(sets.months)}
    if any(day > SHORTEST[month] for day in days for month in sets.months):
        if sets.months == ALL_MONTHS:
            return _("On %(days)s, in months that have one") % facts
        return _("On %(days)s of %(months)s, if there is one") % facts
    if sets.months == ALL_MONTHS:
        return _("On %(days)s of every month") % facts
    return _("On %(days)s of %(months)s") % facts


def _weekdays(sets: CronSets) -> str:
    """Return “Every Sunday”, “From Sunday to Thursday”, “The last Friday of the month”."""
    told = [_of_the_month(day, nth) for day, nth in sorted(sets.nth_weekdays)]
    if sets.weekdays:
        told.insert(0, _of_every_week(sets.weekdays))
    return _("; ").join(told)


def _of_every_week(days: frozenset[int]) -> str:
    if days == ALL_WEEKDAYS:
        return _("Every day")
    first = next(day for day in range(7) if day in days and (day - 1) % 7 not in days)
    row = [(first + past) % 7 for past in range(len(days))]
    if len(days) >= SPAN and frozenset(row) == days:
        return _("From %(first)s to %(last)s") % {"first": _day(row[0]), "last": _day(row[-1])}
    # From Monday on, as Django has them.
    in_order = sorted(days, key=lambda day: (day - 1) % 7)
    return _("Every %(weekdays)s") % {"weekdays": listed(_day(day) for day in in_order)}


def _of_the_month(day: int, nth: int) -> str:
    return str(_NTH_WORDS[nth]) % {"weekday": _day(day)}


def _months(months: frozenset[int]) -> str:
    return listed(str(MONTHS[month]) for month in sorted(months))


def _day(number: int) -> str:
    # Cron's week begins on Sunday, Django's on Monday.
    return str(WEEKDAYS[(number - 1) % 7])
