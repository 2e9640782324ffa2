"""The dates a list is narrowed to: through the ids of rows, since no index holds the dates."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.core.database.ids import lowest_id_at, moment_of, uuid_or_none
from tenants.core.values.times import short_moment

MADE: Final = "made"  # one of the periods that are offered
MADE_FROM: Final = "made_from"
MADE_TO: Final = "made_to"
BEFORE: Final = "before"  # the id of a row: only older ones
_DAYS_BACK: Final = {"today": 0, "7": 6, "30": 29}
_PERIODS: Final = {
    "today": _("Today"),
    "yesterday": _("Yesterday"),
    "7": _("Last 7 days"),
    "30": _("Last 30 days"),
}
# No row is older, and a day beyond fits into no id.
_FIRST, _LAST = date(1970, 1, 2), date(9000, 1, 1)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an address says of dates, as far as it can be read."""

    period: str = ""
    first: date | None = None
    last: date | None = None
    before: UUID | None = None
    unread: tuple[str, ...] = ()  # values that are none

    @property
    def is_any(self) -> bool:
        """Whether the list is narrowed at all."""
        return bool(self.period or self.first or self.last or self.before)

    def bounds(self) -> tuple[UUID | None, UUID | None]:
        """Return the first id, and the one before which the last is; days are the reader's."""
        today = timezone.localdate()
        first, last = self.first, self.last
        if self.period == "yesterday":
            first = last = today - timedelta(days=1)
        elif self.period:
            first = today - timedelta(days=_DAYS_BACK[self.period])
        start = lowest_id_at(_midnight(first)) if first else None
        end = lowest_id_at(_midnight(last + timedelta(days=1))) if last else None
        ends = [one for one in (end, self.before) if one]
        return start, min(ends, default=None)


def chosen_dates(request: HttpRequest) -> Chosen:
    """Return what the address asks for; what cannot be read is left out, and named."""
    unread: list[str] = []

    def read(name: str, reading: Any) -> Any:
        written = request.GET.get(name, "").strip()
        found = reading(written) if written else None
        if written and found is None:
            unread.append(written)
        return found

    first, last = read(MADE_FROM, _day), read(MADE_TO, _day)
    before = read(BEFORE, uuid_or_none)
    period = read(MADE, lambda written: written if written in _PERIODS else None)
    if first and last and first > last:
        first, last = last, first
    # Days that were typed say more than a period that was clicked before.
    period = "" if first or last else period or ""
    return Chosen(period, first, last, before, tuple(unread))


def made_when_chosen(request: HttpRequest, rows: Any) -> Any:
    """Return the rows of the days in the address; they begin at midnight where the reader is."""
    start, end = chosen_dates(request).bounds()
    if start is not None:
        rows = rows.filter(id__gte=start)
    return rows if end is None else rows.filter(id__lt=end)


def _day(written: str) -> date | None:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return min(max(day, _FIRST), _LAST)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


class CreatedFilter(admin.SimpleListFilter):
    """By the time a row was made: a period, or any days from the one to the other."""

    title = _("date")
    parameter_name = MADE
    more_parameters = (MADE_FROM, MADE_TO, BEFORE)
    template = "admin/sayr/date_filter.html"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.more_parameters:
            params.pop(name, None)
        self._chosen = chosen_dates(request)

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Offer what support asks for."""
        return list(_PERIODS.items())

    def expected_parameters(self) -> list[str | None]:
        """Return all that it reads."""
        return [MADE, *self.more_parameters]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow to ids made in the chosen days."""
        return made_when_chosen(request, queryset)

    def unread(self) -> tuple[str, ...]:
        """Return what the address says of dates that is none."""
        return self._chosen.unread

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the periods, then what the two fields for days hold."""
        chosen = self._chosen
        yield {
            "selected": not chosen.is_any,
            "query_string": changelist.get_query_string(remove=[MADE, BEFORE]),
            "display": _("All"),
        }
        for period, label in self.lookup_choices:
            yield {
                "selected": chosen.period == period,
                # What begins with the name is removed as well: the days.
                "query_string": changelist.get_query_string({MADE: period}, [MADE, BEFORE]),
                "display": label,
            }
        if chosen.before:
            yield {
                "selected": True,
                "query_string": changelist.get_query_string(remove=[BEFORE]),
                "display": _("Before %(moment)s")
                % {"moment": short_moment(moment_of(chosen.before))},
            }
        yield {"days": self._days(changelist)}

    def _days(self, changelist: Any) -> dict[str, Any]:
        own = {MADE, *self.more_parameters}
        kept = [
            (name, value)
            for name, values in changelist.filter_params.items()
            if name not in own
            for value in (values if isinstance(values, list) else [values])
        ]
        return {"first": self._chosen.first, "last": self._chosen.last, "kept": kept}
