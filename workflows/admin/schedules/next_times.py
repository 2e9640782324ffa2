"""The next times of a schedule as a table, and the answer to a picker that asks for them."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tenants.admin import access
from tenants.core.values.zones import zone_named
from tenants.models.tenant import Tenant
from workflows.admin.schedules.hints import schedule_hints
from workflows.admin.schedules.picker import PickerWidget, TimetableField
from workflows.admin.schedules.words import schedule_words
from workflows.models.definition import WorkflowDefinition
from workflows.runtime.database import database_now
from workflows.services.schedules.timetable import Timetable

SHOWN: Final = 5


def times_table(times: Sequence[datetime], zone: tzinfo) -> SafeString:
    """Return times on the schedule's clock, and on the reader's if that is another."""
    own = timezone.get_current_timezone()
    zones = [zone] if str(own) == str(zone) else [zone, own]
    head = format_html_join("", '<th scope="col" dir="ltr">{}</th>', ((one,) for one in zones))
    rows = [
        format_html_join("", "<td>{}</td>", ((moment_words(time, one),) for one in zones))
        for time in times
    ]
    body = format_html_join("", "<tr>{}</tr>", ((row,) for row in rows))
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)


def moment_words(time: datetime, zone: tzinfo) -> str:
    """Return the day and time on a clock, the year only if it is another one."""
    local = time.astimezone(zone)
    year = "" if local.year == timezone.localtime().year else " Y"
    return f"{formats.date_format(local, f'D j M{year}')} {local:%H:%M}"


def preview(request: HttpRequest) -> HttpResponse:
    """Answer with what is picked, in words, and the next times; or with what is missing."""
    tenant = _tenant(request)
    field = TimetableField()
    field.country = tenant.country
    try:
        value = PickerWidget().value_from_datadict(request.GET, {}, "cron")
        expression = field.clean(value)
    except ValidationError as wrong:
        said = " ".join(wrong.messages)
        return HttpResponse(format_html('<p class="sayr-quiet">{}</p>', said))
    zone: ZoneInfo = zone_named(request.GET.get("time_zone", "").strip()) or tenant.zone
    times = list(islice(Timetable.read(expression).times_after(database_now(), zone), SHOWN))
    hints = format_html_join("", "<p>{}</p>", ((one,) for one in schedule_hints(expression)))
    words, table = schedule_words(expression), times_table(times, zone)
    said = _("The next times:")
    return HttpResponse(format_html("<p><b>{}</b></p>{}<p>{}</p>{}", words, hints, said, table))


def _tenant(request: HttpRequest) -> Tenant:
    """Return the company that it is for: one of the person's. Raises PermissionDenied."""
    asked: Any = request.GET.get("tenant")
    rows = access.tenants_seen(request)
    try:
        if definition := request.GET.get("definition"):
            found = WorkflowDefinition.objects.filter(pk=definition).values_list("tenant_id")
            asked = found.first()
            asked = asked and asked[0]
        tenant = rows.filter(pk=asked).first() if asked else rows.first()
    except (ValidationError, ValueError):
        tenant = None
    if tenant is None:
        raise PermissionDenied
    return tenant
