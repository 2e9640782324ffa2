"""Cron expressions as people say them: exactly when one strikes, and what is wrong with one."""

from collections.abc import Iterable, Iterator
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from workflows.admin.schedules.days import days_words, is_every_day, listed, spans
from workflows.services.schedules.cron import CronSets, UnreadableCron
from workflows.services.schedules.timetable import Timetable

PROBLEMS: Final = {
    "parts": gettext_lazy(
        "Write five parts with spaces between them: minute, hour, day of the month, month, day of "
        "the week. For example 0 8 * * * is every day at 08:00."
    ),
    "minute": gettext_lazy(
        "“%(part)s” is not a minute. Minutes go from 0 to 59; * is every minute, */15 every "
        "fifteenth."
    ),
    "hour": gettext_lazy("“%(part)s” is not an hour. Hours go from 0 to 23; * is every hour."),
    "day-of-month": gettext_lazy(
        "“%(part)s” is not a day of the month. Days go from 1 to 31; L is the last one, * every "
        "day."
    ),
    "month": gettext_lazy(
        "“%(part)s” is not a month. Months go from 1 to 12, or JAN to DEC; * is every month."
    ),
    "day-of-week": gettext_lazy(
        "“%(part)s” is not a day of the week. Sunday is 0 or 7, Saturday 6; names like SUN, "
        "Sunday and ranges like SAT-THU are understood too; * is every day."
    ),
    "never": gettext_lazy("There is no such day, so this would never happen."),
    "unreadable_row": gettext_lazy(
        "What is stored of this schedule cannot be read, so it does not fire. Save it again with "
        "other values."
    ),
    "not_fired": gettext_lazy(
        "It could not be fired. It is tried again, ever more rarely; the log of the workers says "
        "why."
    ),
    "zone": gettext_lazy(
        "“%(part)s” is not a time zone. Write it like Asia/Beirut or Asia/Riyadh."
    ),
}
ALL_MINUTES: Final = frozenset(range(60))
ALL_HOURS: Final = frozenset(range(24))
MAX_TIMES: Final = 12  # of a day, that are told one by one


def problem_words(trouble: UnreadableCron) -> str:
    """Return what is wrong, and how it is written."""
    return str(PROBLEMS[trouble.code]) % {"part": trouble.part}


def trouble_words(code: str) -> str:
    """Return why a schedule does not fire, by the code in its row."""
    if code not in PROBLEMS:
        return code
    if code in {"unreadable_row", "not_fired", "never", "parts"}:
        return str(PROBLEMS[code])
    return _("Its times cannot be read any more, so it does not fire. Save it again.")


def schedule_words(expression: str) -> str:
    """Return when an expression strikes, “Every day at 08:00”; an unreadable one as it is.

    Several expressions are told one after the other, those of the same days by all their times.
    """
    try:
        found = [cron.sets for cron in Timetable.read(expression).crons]
    except UnreadableCron:
        return expression
    by_days: dict[str, list[CronSets]] = {}
    for sets in found:
        by_days.setdefault(days_words(sets), []).append(sets)
    return _("; ").join(one for same in by_days.items() for one in _words_of(*same))


def _words_of(days: str, sets: list[CronSets]) -> Iterator[str]:
    by_times = [one for one in sets if is_told_by_times(one)]
    if by_times:
        told = {"days": days, "times": _times(by_times)}
        # Behind “in months that have one”, for example.
        is_long = "," in days or "\u060c" in days
        yield (_("%(days)s, at %(times)s") if is_long else _("%(days)s at %(times)s")) % told
    for one in sets:
        if one in by_times:
            continue
        often = often_words(one)
        yield (
            often
            if is_every_day(one)
            else _("%(days)s: %(often)s")
            % {
                "days": days,
                "often": often,
            }
        )


def is_told_by_times(sets: CronSets) -> bool:
    """Whether the times of a day are few enough to tell one by one."""
    return len(sets.minutes) * len(sets.hours) <= MAX_TIMES


def _times(sets: Iterable[CronSets]) -> str:
    struck = {(hour, minute) for one in sets for hour in one.hours for minute in one.minutes}
    return listed(f"{hour:02d}:{minute:02d}" for hour, minute in sorted(struck))


def often_words(sets: CronSets) -> str:
    """Return “Every 15 minutes” and the like."""
    if sets.hours == ALL_HOURS:
        return _minutes(sets.minutes)
    hours = listed(spans(sets.hours, "02d"))
    told = {"minutes": _minutes(sets.minutes), "hours": hours}
    several = len(sets.hours)
    return (
        ngettext(
            "%(minutes)s, in the hour %(hours)s", "%(minutes)s, in the hours %(hours)s", several
        )
        % told
    )


def _minutes(minutes: frozenset[int]) -> str:
    every = 60 // len(minutes)
    if minutes == ALL_MINUTES:
        return _("Every minute")
    if minutes == {0}:
        return _("Every hour, on the hour")
    if minutes == frozenset(range(0, 60, every)):
        return ngettext("Every %(count)s minute", "Every %(count)s minutes", every) % {
            "count": every
        }
    if len(minutes) == 1:
        past = min(minutes)
        return ngettext(
            "Every hour, %(count)s minute past", "Every hour, %(count)s minutes past", past
        ) % {"count": past}
    return _("Every hour, at the minutes %(minutes)s") % {"minutes": listed(spans(minutes, "02d"))}
