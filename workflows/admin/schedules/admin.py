"""Schedules: what is fired when, and at which times next."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.admin.access import actor_of
from tenants.admin.base import TenantAdmin
from tenants.admin.lists import TenantFilter
from tenants.core.json.faults import BadJson
from workflows.addresses import page_of
from workflows.admin.base import AdminPage
from workflows.admin.definitions.starting import told as started
from workflows.admin.schedules.form import ScheduleForm
from workflows.admin.schedules.hints import schedule_hints
from workflows.admin.schedules.next_times import moment_words, preview, times_table
from workflows.admin.schedules.words import problem_words, schedule_words, trouble_words
from workflows.admin.trigger_fields import trigger_form
from workflows.admin.urls import of_schedules
from workflows.event_types import label_of
from workflows.models.schedule import MissedPolicy, WorkflowSchedule
from workflows.presentation.json_faults import said_of
from workflows.services.schedules.cron import UnreadableCron
from workflows.services.schedules.firing import (
    fire_now,
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
    change_form_template = "admin/workflows/schedules/form.html"
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

    def get_urls(self) -> Any:
        """Add what the picker asks for."""
        return [*of_schedules(self), *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Answer with what was picked, in words, and the next times."""
        return preview(request)

    def start_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Fire its event once now, with what the person writes."""
        schedule = AdminPage(self).changeable(request, object_id)
        data = request.POST if request.method == "POST" else None
        listening = [one.definition for one in listeners_of(schedule)]
        form = trigger_form([schedule.event_type], listening, schedule.payload, data)
        if form.is_bound and form.is_valid():
            try:
                fired = fire_now(schedule.tenant, actor_of(request), schedule, form.payload())
            except BadJson as wrong:
                form.add_error(None, said_of(wrong))
            except UnreadableCron as trouble:
                form.add_error(None, problem_words(trouble))
            else:
                self.log_change(request, schedule, gettext("Started by hand."))
                return started(request, fired)
        title = gettext("Start “%(schedule)s” now") % {"schedule": schedule}
        told = {"form": form, "back_url": page_of(schedule), "record_lists": []}
        shown: HttpResponse = self.show(request, "admin/workflows/start_now.html", title, **told)
        return shown

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
            '{}<span class="sayr-below" dir="ltr">{}</span>',
            moment_words(schedule.next_at, zone),
            zone,
        )

    @admin.display(description=_("last time"))
    def last_time(self, schedule: Any) -> Any:
        """Return the time it fired last, where it is read."""
        try:
            zone: Any = zone_of(schedule)
        except UnreadableCron:
            zone = timezone.get_current_timezone()
        return moment_words(schedule.last_at, zone) if schedule.last_at else gettext("Not yet")

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
        table = times_table(times, zone)
        hints = format_html_join("", "<p>{}</p>", ((one,) for one in schedule_hints(schedule.cron)))
        words = schedule_words(schedule.cron)
        off = "" if schedule.is_active else gettext("It is switched off. If it were on:")
        return format_html("<div><p>{} {}</p>{}{}</div>", words, off, hints, table)
