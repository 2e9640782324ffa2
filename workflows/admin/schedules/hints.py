"""What is easily meant otherwise than it is written in a cron expression: said before it surprises.

Each hint says what happens, and how the likely wish is written.
"""

import re
from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.admin.schedules.days import SHORTEST
from workflows.services.schedules.cron import Cron, CronSets, UnreadableCron
from workflows.services.schedules.timetable import Timetable

# Of minutes, hours, days, months and weekdays: how many there are, what they are called, and when
# they begin anew.
_FIELDS: Final = (
    (60, gettext_lazy("minutes"), gettext_lazy("with every hour")),
    (24, gettext_lazy("hours"), gettext_lazy("at midnight")),
    (31, gettext_lazy("days of the month"), gettext_lazy("with every month")),
    (12, gettext_lazy("months"), gettext_lazy("with every year")),
    (7, gettext_lazy("days of the week"), gettext_lazy("with every Sunday")),
)
_STEP: Final = re.compile(r"(?:\*|\d+(?:-\d+)?)/(\d+)")
MINUTES_OF_AN_HOUR: Final = 60


def schedule_hints(expression: str) -> list[str]:
    """Return what somebody should know of an expression, in sentences; none for most of them."""
    try:
        crons = Timetable.read(expression).crons
    except UnreadableCron:
        return []
    return list(dict.fromkeys(hint for cron in crons for hint in _hints_of(cron)))


def _hints_of(cron: Cron) -> Iterator[str]:
    parts, sets = cron.expression.split(), cron.sets
    yield from _steps(parts)
    yield from _every_minute(parts, sets)
    yield from _missing_days(sets)
    yield from _either_day(parts, sets)


def _steps(parts: list[str]) -> Iterator[str]:
    for part, (number, name, anew) in zip(parts, _FIELDS, strict=True):
        for item in part.split(","):
            step = _STEP.fullmatch(item)
            if step is None or int(step[1]) == 1:
                continue
            every = int(step[1])
            is_uneven = number % every or number == len(_DAYS_OF_MONTHS)
            told = {"part": item, "step": every, "field": name, "anew": anew, "number": number}
            if every >= number:
                yield (
                    _(
                        "“%(part)s” is not every %(step)s %(field)s: there are %(number)s, and "
                        "counting begins again %(anew)s."
                    )
                    % told
                )
            elif item.startswith(("*/", "0/")) and is_uneven:
                yield (
                    _(
                        "“%(part)s” counts anew %(anew)s, so the times before and after that are "
                        "not %(step)s %(field)s apart."
                    )
                    % told
                )


_DAYS_OF_MONTHS: Final = range(31)  # of which some months have fewer


def _every_minute(parts: list[str], sets: CronSets) -> Iterator[str]:
    if parts[0] in {"*", "*/1"} and parts[1] != "*":
        hour = min(sets.hours)
        yield _(
            "The first part is *, so it strikes 60 times in each of these hours. For once, at "
            "%(hour)s:00, write 0 there."
        ) % {"hour": f"{hour:02d}"}


def _missing_days(sets: CronSets) -> Iterator[str]:
    last = max(sets.days, default=0)
    lacking = [month for month in sets.months if last > SHORTEST[month]]
    if not lacking or len(sets.days) > 3:
        return
    if sets.months == {2}:
        yield _("29 February is there in leap years only. For the last day of February write L.")
        return
    yield _(
        "Not every month has a day %(day)s, and in the others it does not strike then. For the "
        "last day of every month write L as the third part."
    ) % {"day": last}


def _either_day(parts: list[str], sets: CronSets) -> Iterator[str]:
    is_dated = parts[2] != "*" and parts[4] != "*"
    if is_dated and not sets.must_be_both:
        yield _(
            "A day of the month and a day of the week are both written, and one of them is enough. "
            "Write * for the one that does not matter."
        )
