"""Tell the superusers that due work is not being claimed: one mail an hour at most."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models.functions import Now
from django.utils import translation

from tenants.models.user import User
from workflows.models.notification import NotificationKind, WorkflowNotification
from workflows.presentation.times import duration
from workflows.services.operations.alert_mails import SERVER_IS_AWAY, NotSent, alone, link, send
from workflows.services.operations.health import Health, look

LATE: Final = timedelta(minutes=2)
PAUSE: Final = timedelta(hours=1)


def tell_superusers() -> int:
    """Mail every superuser if a due run waits for too long; return how many mails went."""
    health = look()
    if health.oldest_due is None or health.oldest_due < LATE:
        return 0
    return alone("superusers", lambda: _tell(health))


def _tell(health: Health) -> int:
    told_before = WorkflowNotification.objects.filter(kind=NotificationKind.WORK_WAITS)
    if told_before.filter(sent_at__gt=Now() - PAUSE).exists():
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
        WorkflowNotification.objects.update_or_create(
            kind=NotificationKind.WORK_WAITS, subject="", recipient="", defaults={"sent_at": Now()}
        )
    return told


def _send(person: User, health: Health) -> None:
    language = person.language or settings.LANGUAGE_CODE
    with translation.override(language):
        waited = duration(health.oldest_due)
    context = {
        "health": health,
        "waited": waited,
        "workers_url": link("workflows_workflowworker_changelist"),
        "runs_url": link("workflows_workflowrun_changelist", query="?status=live"),
    }
    send(person, "work_waits", context, settings.TIME_ZONE, language)
