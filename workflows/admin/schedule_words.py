"""Cron expressions as people say them, and what is wrong with one."""

import re
from typing import Final

from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from workflows.services.cron import UnreadableCron

WEEKDAY_NAMES: Final = {"SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6}
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
        "“%(part)s” is not a day of the week. Sunday is 0 or 7, Saturday 6; SUN to SAT are "
        "understood too; * is every day."
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
    """Return a common expression in words, “Every day at 08:00”; any other one as it is."""
    parts = expression.upper().split()
    if len(parts) != 5:
        return expression
    minute, hour, day, month, weekday = parts
    if [day, month, weekday] == ["*", "*", "*"] and (often := _several_times_a_day(minute, hour)):
        return often
    at = _times(minute, hour)
    days = _days(day, month, weekday)
    return _("%(days)s at %(times)s") % {"days": days, "times": at} if at and days else expression


def _several_times_a_day(minute: str, hour: str) -> str:
    """Return “Every 15 minutes” and the like, or ""."""
    step = re.fullmatch(r"\*/(\d+)", minute)
    if hour == "*" and minute in {"*", "*/1"}:
        return _("Every minute")
    if hour == "*" and step and 60 % int(step[1]) == 0:
        every = int(step[1])
        return ngettext("Every %(count)s minute", "Every %(count)s minutes", every) % {
            "count": every
        }
    if hour == "*" and minute == "0":
        return _("Every hour, on the hour")
    if hour == "*" and minute.isdecimal():
        past = int(minute)
        return ngettext(
            "Every hour, %(count)s minute past", "Every hour, %(count)s minutes past", past
        ) % {"count": past}
    return ""


def _times(minute: str, hour: str) -> str:
    """Return “08:00 and 14:00”, or "" if there are other than a few of them."""
    hours = hour.split(",")
    if not minute.isdecimal() or not all(one.isdecimal() for one in hours):
        return ""
    return _listed([f"{int(one):02d}:{int(minute):02d}" for one in hours])


def _days(day: str, month: str, weekday: str) -> str:
    match day, month, weekday:
        case "*", "*", "*":
            return _("Every day")
        case "*", "*", _named:
            return _weekdays(weekday)
        case "L", "*", "*":
            return _("On the last day of every month")
        case number, "*", "*" if number.isdecimal():
            return _("On day %(day)s of every month") % {"day": int(number)}
        case number, name, "*" if number.isdecimal() and name.isdecimal():
            return _("Every year on %(day)s %(month)s") % {
                "day": int(number),
                "month": MONTHS[int(name)],
            }
        case _:
            return ""


def _weekdays(text: str) -> str:
    """Return “Every Sunday”, “From Sunday to Thursday”, or "" for what is rarely written."""
    span = text.split("-")
    if len(span) == 2 and all(one in WEEKDAY_NAMES or one.isdecimal() for one in span):
        return _("From %(first)s to %(last)s") % {
            "first": _weekday(span[0]),
            "last": _weekday(span[1]),
        }
    names = text.split(",")
    if not all(one in WEEKDAY_NAMES or one.isdecimal() for one in names):
        return ""
    return _("Every %(weekdays)s") % {"weekdays": _listed([_weekday(one) for one in names])}


def _weekday(name: str) -> str:
    number = int(name) if name.isdecimal() else WEEKDAY_NAMES[name]
    # Cron's week begins on Sunday, Django's on Monday.
    return str(WEEKDAYS[(number - 1) % 7])


def _listed(words: list[str]) -> str:
    return get_text_list(words, _("and"))
