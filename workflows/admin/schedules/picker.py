"""The field of a schedule's times: picked, or written as an expression by those who know how."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Script
from django.template.loader import render_to_string
from django.utils.dates import WEEKDAYS
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext

from tenants.core.text.listing import bare
from tenants.core.values.weeks import days_in_order, working_days
from workflows.admin.schedules.days import days_words
from workflows.admin.schedules.words import problem_words
from workflows.services.schedules.cron import Cron, UnreadableCron
from workflows.services.schedules.picker import (
    EVERY_HOURS,
    EVERY_MINUTES,
    MAX_TIMES,
    Days,
    Often,
    Picked,
    picked_from,
    written,
)
from workflows.services.schedules.timetable import Timetable

USUAL: Final = Picked(times=((8, 0),))
WORKING: Final = "working"  # days of the week that the company works on
EXPRESSION: Final = "expression"
_LAST: Final = "L"
_TIME: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::00)?")
_PARTS: Final = ("days", "weekday", "monthday", "often", "time", "minutes", "hours")


class TimetableField(forms.CharField):
    """Gives a readable expression, whichever way it was said."""

    default_error_messages = {
        "weekdays": gettext_lazy("Choose at least one day of the week."),
        "monthdays": gettext_lazy("Choose at least one day of the month."),
        "times": gettext_lazy("Write at least one time of day."),
        "time": gettext_lazy("Write times like 08:30."),
        "many": gettext_lazy("At most 12 times a day."),
        "unknown": gettext_lazy("Choose days and times from the lists."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"widget": PickerWidget(), "max_length": 1000, **options})
        self.country = "LB"

    @property
    def country(self) -> str:
        """Whose working days are meant."""
        return self.widget.country  # type: ignore[no-any-return]

    @country.setter
    def country(self, country: str) -> None:
        self.widget.country = country

    def clean(self, value: Any) -> str:
        """Return the expression as a row keeps it. Raises ValidationError."""
        if isinstance(value, Mapping):
            picked = self._picked(value)
            before = str(self.initial or "")
            # Who changes nothing changes no spelling either.
            text = before if picked_from(before) == picked else written(picked)
        else:
            text = " ".join(bare(super().clean(value)).split())
        try:
            return Timetable.read(text).as_stored(text)
        except UnreadableCron as trouble:
            raise ValidationError(problem_words(trouble)) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare expressions: the same times are said in two ways."""
        try:
            return bool(self.clean(data) != initial)
        except ValidationError:
            return True

    def _picked(self, value: Mapping[str, Any]) -> Picked:
        picked = {**self._days(value), **self._often(value)}
        found = Picked(**picked)
        return picked_from(written(found)) or found

    def _days(self, value: Mapping[str, Any]) -> dict[str, Any]:
        match value["days"]:
            case Days.ALL:
                return {"days": Days.ALL}
            case "working":
                return {"days": Days.WEEK, "of_week": cron_days(working_days(self.country))}
            case Days.WEEK:
                days = _numbers(value["weekday"], range(7))
                return {"days": Days.WEEK, "of_week": days or self._refuse("weekdays")}
            case Days.MONTH:
                days, is_last = (
                    _numbers(value["monthday"], range(1, 32)),
                    _LAST in value["monthday"],
                )
                if not days and not is_last:
                    self._refuse("monthdays")
                return {"days": Days.MONTH, "of_month": days, "on_last": is_last}
        raise self._wrong("unknown")

    def _often(self, value: Mapping[str, Any]) -> dict[str, Any]:
        match value["often"]:
            case Often.TIMES:
                return {"times": self._times(value["time"])}
            case Often.MINUTES:
                every = _numbers([value["minutes"]], EVERY_MINUTES)
                return {"often": Often.MINUTES, "every": min(every or self._refuse("unknown"))}
            case Often.HOURS:
                every = _numbers([value["hours"]], EVERY_HOURS)
                return {"often": Often.HOURS, "every": min(every or self._refuse("unknown"))}
        raise self._wrong("unknown")

    def _times(self, texts: Iterable[str]) -> tuple[tuple[int, int], ...]:
        read = [
            _TIME.fullmatch(one.strip()) or self._refuse("time") for one in texts if one.strip()
        ]
        times = sorted({(int(one[1]), int(one[2])) for one in read})
        if not times:
            self._refuse("times")
        if len(times) > MAX_TIMES:
            self._refuse("many")
        return tuple(times)

    def _refuse(self, code: str) -> Any:
        raise self._wrong(code)

    def _wrong(self, code: str) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code)


class PickerWidget(forms.Widget):
    """Draws the choices, and the expression behind them; takes either."""

    template_name = "admin/workflows/schedules/picker.html"
    country = "LB"

    @property
    def media(self) -> forms.Media:
        """Return what shows the next times while somebody picks."""
        scripts: list[Any] = [Script("workflows/schedule.js", defer=True)]
        return forms.Media(css={"all": ["workflows/schedule.css"]}, js=scripts)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the picked parts, or the text of the expression."""
        chosen = data.get(f"{name}-days", EXPRESSION)
        if chosen == EXPRESSION:
            return data.get(name)
        several = data.getlist if hasattr(data, "getlist") else lambda key: data.get(key, [])
        parts = {part: data.get(f"{name}-{part}", "") for part in _PARTS}
        return parts | {part: several(f"{name}-{part}") for part in ("weekday", "monthday", "time")}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Say whether neither was sent."""
        return name not in data and f"{name}-days" not in data

    def format_value(self, value: Any) -> Any:
        """Keep what was sent."""
        return value

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Draw it."""
        shown = value if isinstance(value, Mapping) else self._parts_of(str(value or ""))
        text = "" if isinstance(value, Mapping) else str(value or "")
        offered = {
            "name": name,
            "id": (attrs or {}).get("id", f"id_{name}"),
            "shown": shown,
            "expression": text,
            "is_expression": shown["days"] == EXPRESSION,
            "weekdays": [(str(day), WEEKDAYS[(day - 1) % 7]) for day in self._week()],
            "working": working_words(self.country),
            "month": [*(str(day) for day in range(1, 32))],
            "minutes": [(str(one), _minutes(one)) for one in EVERY_MINUTES],
            "hours": [(str(one), _hours(one)) for one in EVERY_HOURS],
            "times": [*shown["time"], *([""] if not shown["time"] else [])],
        }
        return render_to_string(self.template_name, offered)

    def _week(self) -> list[int]:
        return [(day + 1) % 7 for day in days_in_order(self.country)]

    def _parts_of(self, text: str) -> dict[str, Any]:
        """Return what the lists show of an expression."""
        picked = picked_from(text) if text else USUAL
        parts: dict[str, Any] = {**dict.fromkeys(_PARTS, ""), "minutes": "15", "hours": "1"}
        parts |= {"weekday": [], "monthday": [], "time": ["08:00"], "often": str(Often.TIMES)}
        if picked is None:
            return parts | {"days": EXPRESSION}
        is_working = picked.of_week == cron_days(working_days(self.country))
        parts["days"] = WORKING if is_working else str(picked.days)
        parts["weekday"] = [str(day) for day in picked.of_week]
        parts["monthday"] = [*(str(day) for day in picked.of_month), *("L" * picked.on_last)]
        parts["often"] = str(picked.often)
        if picked.often == Often.TIMES:
            parts["time"] = [f"{hour:02d}:{minute:02d}" for hour, minute in picked.times]
        else:
            parts[str(picked.often)] = str(picked.every)
        return parts


def cron_days(days: Iterable[int]) -> frozenset[int]:
    """Return days of the week as cron counts them, Sunday as 0, from Monday as 0."""
    return frozenset((day + 1) % 7 for day in days)


def working_words(country: str) -> str:
    """Return which days a company works on: “From Sunday to Thursday”."""
    days = ",".join(map(str, sorted(cron_days(working_days(country)))))
    return days_words(Cron.read(f"0 0 * * {days}").sets)


def _numbers(texts: Iterable[str], allowed: Iterable[int]) -> frozenset[int]:
    known = {str(one): one for one in allowed}
    return frozenset(known[one] for one in texts if one in known)


def _minutes(count: int) -> str:
    return ngettext("%(count)s minute", "%(count)s minutes", count) % {"count": count}


def _hours(count: int) -> str:
    return ngettext("%(count)s hour", "%(count)s hours", count) % {"count": count}
