"""Tell the superusers that due work is not being claimed: one mail an hour at most."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone, translation
from django_q.models import Schedule

from tenants.models.user import User
from workflows.conf import public_address
from workflows.presentation.times import duration
from workflows.services.operations.alert_mails import SERVER_IS_AWAY, NotSent, alone, send
from workflows.services.operations.health import Health, look

LATE: Final = timedelta(minutes=2)
PAUSE: Final = timedelta(hours=1)
# A line of django-q2's timetable that is never carried out (`repeats` 0): it keeps until when the
# superusers are left in peace, for all hosts.
PEACE: Final = "sayr.superusers_told"


def tell_superusers() -> int:
    """Mail every superuser if a due run waits for too long; return how many mails went."""
    health = look()
    if health.oldest_due is None or health.oldest_due < LATE:
        return 0
    return alone("superusers", lambda: _tell(health))


def _tell(health: Health) -> int:
    now = timezone.now()
    if Schedule.objects.filter(name=PEACE, next_run__gt=now).exists():
        return 0
    people = User.objects.filter(is_superuser=True, is_active=True).exclude(email="")
    told = away = 0
    for person in people.order_by("username"):
        try:
            _send(person, health)
        except NotSent as trouble:
            away = away + 1 if trouble.is_of_the_server else away
            if away >= SERVER_IS_AWAY:
                break  # the others would not be reached either
            continue
        told, away = told + 1, 0
    if told:
        values = {"next_run": now + PAUSE, "repeats": 0, "schedule_type": Schedule.ONCE}
        Schedule.objects.update_or_create(name=PEACE, defaults={"func": "", **values})
    return told


def _send(person: User, health: Health) -> None:
    language = person.language or settings.LANGUAGE_CODE
    with translation.override(language):
        waited = duration(health.oldest_due)
    context = {
        "health": health,
        "waited": waited,
        "workers_url": public_address("workflows_workflowworker"),
        "runs_url": public_address("workflows_workflowrun", status="live"),
    }
    send(person, "work_waits", context, settings.TIME_ZONE, language)
