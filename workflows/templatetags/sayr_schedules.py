"""The panel of a workflow's page about when it starts by the clock."""

from collections.abc import Mapping
from typing import Any

from django import template

from tenants.admin import access
from workflows.admin.schedules.in_place import NEW, in_place_form, schedules_of
from workflows.admin.schedules.next_times import moment_words
from workflows.admin.schedules.words import problem_words, schedule_words, trouble_words
from workflows.event_types import is_of_the_clock
from workflows.services.schedules.cron import UnreadableCron
from workflows.services.schedules.firing import zone_of

register = template.Library()


@register.inclusion_tag("admin/sayr/schedules.html", takes_context=True)
def schedules(context: Mapping[str, Any], definition: Any) -> dict[str, Any]:
    """Show its schedules in words, each with its form: {% schedules original %}."""
    found = schedules_of(definition)
    may_edit = access.may_edit(context["request"], definition.tenant_id)
    shown = [
        {
            "schedule": one,
            "words": schedule_words(one.cron),
            "next": _next(one),
            "form": in_place_form(definition, str(one.pk)) if may_edit else None,
        }
        for one in found
    ]
    is_by_clock = bool(found) or is_of_the_clock(definition.trigger_type)
    return {
        "definition": definition,
        "is_shown": is_by_clock,
        "schedules": shown,
        "new_form": in_place_form(definition, NEW) if may_edit and is_by_clock else None,
        "csrf_token": context.get("csrf_token"),
    }


def _next(schedule: Any) -> str:
    """Return when it fires next, or why it does not."""
    if schedule.error_code and schedule.is_active:
        return trouble_words(schedule.error_code)
    try:
        zone = zone_of(schedule)
    except UnreadableCron as trouble:
        return problem_words(trouble)
    return moment_words(schedule.next_at, zone) if schedule.next_at else ""
