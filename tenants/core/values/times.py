"""Moments as people read them: one form on all screens, by the reader's clock."""

from datetime import datetime

from django.utils import formats, timezone


def short_moment(moment: datetime | None) -> str:
    """Return day and time on the reader's clock, the year only if it is another one."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    day = "j M" if local.year == timezone.localtime().year else "j M Y"
    return f"{formats.date_format(local, day)} {local:%H:%M}"
