"""When something was and how long it took, as people say it."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import formats, timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from tenants.core.values.times import short_moment as short_moment

# Ours and not Babel's: those of CLDR stand in the nominative, and these stand behind prepositions.
_UNITS: Final[tuple[tuple[int, Any], ...]] = (
    (86_400, ngettext_lazy("%(count)s day", "%(count)s days", "count")),
    (3_600, ngettext_lazy("%(count)s hour", "%(count)s hours", "count")),
    (60, ngettext_lazy("%(count)s minute", "%(count)s minutes", "count")),
    (1, ngettext_lazy("%(count)s second", "%(count)s seconds", "count")),
)


def duration(took: timedelta | None) -> str:
    """Return two units at most: “40 ms”, “1.4 s”, “2 min 5 s”, “3 d 4 h”. None is “”."""
    if took is None:
        return ""
    seconds = max(took.total_seconds(), 0)
    if seconds < 1:
        return _("%(milliseconds)s ms") % {"milliseconds": round(seconds * 1000)}
    if seconds < 60:
        return _("%(seconds)s s") % {"seconds": number_format(f"{seconds:.1f}")}
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": rest}
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    return _("%(days)s d %(hours)s h") % {"days": hours // 24, "hours": hours % 24}


def milliseconds(count: int | None) -> str:
    return duration(None if count is None else timedelta(milliseconds=count))


def by_clock(moment: datetime) -> str:
    """Return a time that is near: today only the hour, this week the day of the week as well."""
    local, today = timezone.localtime(moment), timezone.localdate()
    days = (local.date() - today).days
    if days == 0:
        return f"{local:%H:%M}"
    if 0 < days < 7:
        return f"{formats.date_format(local, 'l')} {local:%H:%M}"
    return short_moment(moment)


def span(long: timedelta | None) -> str:
    """Return how long in whole words, in the largest unit that it fills: “2 days”, “90 minutes”."""
    if long is None:
        return ""
    seconds = round(long.total_seconds())
    fitting = ((size, said) for size, said in _UNITS if seconds and seconds % size == 0)
    size, said = next(fitting, _UNITS[-1])
    return str(said % {"count": seconds // size})
