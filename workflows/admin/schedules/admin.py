"""Schedules: what is fired when, and at which times next."""

from datetime import datetime, tzinfo
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.admin.access import actor_of
from tenants.admin.base import TenantAdmin
from tenants.admin.lists import TenantFilter
from workflows.addresses import page_of
from workflows.admin.schedules.form import ScheduleForm
from workflows.admin.schedules.hints import schedule_hints
from workflows.admin.schedules.words import problem_words, schedule_words, trouble_words
from workflows.event_types import label_of
from workflows.models.schedule import MissedPolicy, WorkflowSchedule
from workflows.services.schedules.cron import UnreadableCron
from workflows.services.schedules.firing import (
    listeners_of,
    next_times,
    save_schedule,
    set_active,
    zone_of,
)

ASKED = ("name", "event_type", "cron", "time_zone", "payload", "missed_policy", "is_active")


@admin.register(WorkflowSchedule)
class ScheduleAdmin(TenantAdmin):
    """Saving plans the next time; the workers' clock does the rest."""

    form = ScheduleForm
    list_display = ("name", "fires", "times", "next_time", "is_active", "last_time")
    list_filter = ("is_active", TenantFilter)
    list_select_related = ("tenant",)
    search_fields = ("name", "key", "event_type")
    ordering = ("name", "-id")
    can_be_deleted = True
    actions: Any = ("switch_on", "switch_off")
    when_empty = _("No schedules yet. Add one to start workflows at set times.")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show what comes of it once it is stored."""
        made = () if obj is None else ("starts", "next_five", "last_time")
        if obj is not None and obj.error_code:
            made = ("next_time", *made)
        asked: tuple[str, ...] = ASKED
        if obj is not None and not self.has_change_permission(request, obj):
            asked = tuple("missed" if name == "missed_policy" else name for name in ASKED)
        groups = [
            (None, {"fields": ("tenant", *asked, "key")}),
            *([(_("What comes of it"), {"fields": made})] if made else []),
        ]
        return self.without_tenant(request, obj, groups)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the key: the history names it."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        shown = ("starts", "next_time", "next_five", "last_time", "missed")
        return (*fixed, *shown, "key") if obj is not None else fixed

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Store it, and plan its next time if its times are other ones."""
        save_schedule(obj.tenant, actor_of(request), obj, moved=form.is_moved or not change)
        if form.is_moved or not change:
            for hint in schedule_hints(obj.cron):
                messages.warning(request, hint)

    @admin.action(description=_("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: Any) -> None:
        """Let the chosen schedules fire, from now on."""
        self._switch(
            request, queryset.filter(is_active=False), gettext("Switched on."), active=True
        )

    @admin.action(description=_("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: Any) -> None:
        """Let the chosen schedules rest."""
        self._switch(
            request, queryset.filter(is_active=True), gettext("Switched off."), active=False
        )

    def _switch(self, request: HttpRequest, queryset: Any, said: str, *, active: bool) -> None:
        for schedule in queryset:
            if not self.has_change_permission(request, schedule):
                continue
            try:
                set_active(schedule.tenant, actor_of(request), schedule, active=active)
            except UnreadableCron as trouble:
                self.message_user(request, f"{schedule}: {problem_words(trouble)}", "error")
            else:
                self.log_change(request, schedule, said)

    @admin.display(description=_("fires"))
    def fires(self, schedule: Any) -> str:
        """Return what staff call the event."""
        return label_of(schedule.event_type)

    @admin.display(description=_("when"))
    def times(self, schedule: Any) -> str:
        """Return its times in words."""
        return schedule_words(schedule.cron)

    @admin.display(description=_("next time"))
    def next_time(self, schedule: Any) -> Any:
        """Return when it fires next, where it is read."""
        try:
            zone = zone_of(schedule)
        except UnreadableCron as trouble:
            return problem_words(trouble)
        if schedule.error_code and schedule.is_active:
            return trouble_words(schedule.error_code)
        if schedule.next_at is None:
            return None
        return format_html(
            '{}<span class="sayr-below" dir="ltr">{}</span>', _moment(schedule.next_at, zone), zone
        )

    @admin.display(description=_("last time"))
    def last_time(self, schedule: Any) -> Any:
        """Return the time it fired last, where it is read."""
        try:
            zone: Any = zone_of(schedule)
        except UnreadableCron:
            zone = timezone.get_current_timezone()
        return _moment(schedule.last_at, zone) if schedule.last_at else gettext("Not yet")

    @admin.display(description=_("times that were missed"))
    def missed(self, schedule: Any) -> str:
        """Return the policy in words."""
        return str(dict(MissedPolicy.choices).get(schedule.missed_policy, schedule.missed_policy))

    @admin.display(description=_("starts"))
    def starts(self, schedule: Any) -> Any:
        """Return the workflows that start at these times, linked."""
        listening = listeners_of(schedule)
        if not listening:
            return gettext("Nothing yet: no active workflow starts on “%(event)s”.") % {
                "event": schedule.event_type
            }
        links = ((page_of(one), one.name) for one in listening)
        return format_html_join(gettext(", "), '<bdi><a href="{}">{}</a></bdi>', links)

    @admin.display(description=_("next times"))
    def next_five(self, schedule: Any) -> Any:
        """Return the next five times on its own clock, and on the reader's if that is another."""
        if schedule.error_code and schedule.is_active:
            return trouble_words(schedule.error_code)
        try:
            times, zone = next_times(schedule), zone_of(schedule)
        except UnreadableCron as trouble:
            return problem_words(trouble)
        own = timezone.get_current_timezone()
        zones = [zone] if str(own) == str(zone) else [zone, own]
        head = format_html_join("", '<th scope="col" dir="ltr">{}</th>', ((one,) for one in zones))
        rows = [
            format_html_join("", "<td>{}</td>", ((_moment(time, one),) for one in zones))
            for time in times
        ]
        body = format_html_join("", "<tr>{}</tr>", ((row,) for row in rows))
        table = format_html(
            "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body
        )
        hints = format_html_join("", "<p>{}</p>", ((one,) for one in schedule_hints(schedule.cron)))
        words = schedule_words(schedule.cron)
        off = "" if schedule.is_active else gettext("It is switched off. If it were on:")
        return format_html("<div><p>{} {}</p>{}{}</div>", words, off, hints, table)


def _moment(time: datetime, zone: tzinfo) -> str:
    """Return the day and time on a clock, the year only if it is another one."""
    local = time.astimezone(zone)
    year = "" if local.year == timezone.localtime().year else " Y"
    return f"{formats.date_format(local, f'D j M{year}')} {local:%H:%M}"
