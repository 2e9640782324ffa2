"""A schedule on the page of the workflow that it starts: only its times, and whether it is on."""

from typing import Any

from django.utils.text import slugify

from workflows.admin.schedules.form import ScheduleForm
from workflows.models.definition import WorkflowDefinition
from workflows.models.schedule import MissedPolicy, WorkflowSchedule
from workflows.services.schedules.firing import save_schedule

NEW = "new"


class InPlaceScheduleForm(ScheduleForm):
    """What people change day by day; the rest is on the schedule's own page."""

    missed_policy: Any = None

    class Meta(ScheduleForm.Meta):
        exclude: Any = None
        fields = ("cron", "payload", "is_active")
        help_texts: Any = {}


def in_place_form(
    definition: WorkflowDefinition, key: str, data: Any = None
) -> InPlaceScheduleForm | None:
    """Return the form of one of its schedules, or of a new one; None: it has no such schedule."""
    if key == NEW:
        made = WorkflowSchedule(
            tenant=definition.tenant,
            event_type=definition.trigger_type,
            name=definition.name,
            missed_policy=MissedPolicy.LATEST,
        )
        return InPlaceScheduleForm(data, instance=made, prefix=NEW)
    found: Any = next((one for one in schedules_of(definition) if str(one.pk) == key), None)
    return InPlaceScheduleForm(data, instance=found, prefix=f"s{found.pk}") if found else None


def save_in_place(form: InPlaceScheduleForm, actor: str) -> WorkflowSchedule:
    """Store what was written; a new schedule gets a key that is free."""
    schedule: WorkflowSchedule = form.save(commit=False)
    is_new = schedule._state.adding
    if is_new:
        schedule.key = _free_key(schedule)
    save_schedule(schedule.tenant, actor, schedule, moved=is_new or form.is_moved)
    return schedule


def schedules_of(definition: WorkflowDefinition) -> list[WorkflowSchedule]:
    """Return the schedules that start a workflow, or would if it were on, by name."""
    types = {*definition.trigger_types, definition.trigger_type} - {""}
    own = WorkflowSchedule.objects.of(definition.tenant).filter(event_type__in=types)
    return list(own.select_related("tenant").order_by("name", "id"))


def _free_key(schedule: WorkflowSchedule) -> str:
    made = (slugify(schedule.name) or slugify(schedule.event_type) or "schedule")[:90]
    own = WorkflowSchedule.objects.of(schedule.tenant).filter(key__startswith=made)
    taken = set(own.values_list("key", flat=True))
    found, number = made, 1
    while found in taken:
        number += 1
        found = f"{made}-{number}"
    return found
