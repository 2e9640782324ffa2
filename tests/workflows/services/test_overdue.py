"""Superusers hear that due work is not being claimed."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import Schedule

from tests.workflows.admin.conftest import World
from workflows.models.notification import WorkflowNotification
from workflows.models.run import WorkflowRun
from workflows.models.worker import WorkflowWorker
from workflows.services.operations.overdue import tell_superusers

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(tenant):
    return World(tenant)


@pytest.fixture
def superusers(ops_user):
    people = get_user_model().objects
    ops_user.email = "ops@cedar.example"
    ops_user.save()
    people.create_superuser("noaddress")
    people.create_superuser("locked", email="locked@sayr.example", is_active=False)
    return [people.create_superuser(name, email=f"{name}@sayr.example") for name in "ab"]


def late(minutes, **values):
    moment = timezone.now() - timedelta(minutes=minutes)
    WorkflowRun.objects.update(due_at=moment, created_at=moment, **values)


def test_every_superuser_with_an_address_is_told_once_an_hour(world, superusers):
    late(3)

    assert tell_superusers() == 2
    assert tell_superusers() == 0

    assert [sent.to for sent in mail.outbox] == [["a@sayr.example"], ["b@sayr.example"]]
    body = mail.outbox[0].body
    assert "A run that is due has waited 3 min 0 s for a worker. No worker is alive." in body
    assert "http://127.0.0.1:8000/admin/workflows/workflowworker/" in body
    WorkflowNotification.objects.update(sent_at=Now() - timedelta(hours=1))
    assert tell_superusers() == 2


def test_live_workers_are_counted(world, superusers):
    late(3)
    WorkflowWorker.objects.create(number=1, group="g", host="h", pid=1, slots=1)

    tell_superusers()

    assert "1 worker is alive: there is more to do than it manages" in mail.outbox[0].body


def test_the_timetable_has_no_line_that_does_nothing(world, superusers):
    late(3)

    tell_superusers()

    assert not Schedule.objects.exists()


@pytest.mark.parametrize("reason", ["in time", "paused", "being executed", "waits for a date"])
def test_nobody_is_told_without_need(reason, world, superusers):
    if reason == "in time":
        late(1)
    if reason == "paused":
        late(30)
        type(world.tenant).objects.update(paused_at=timezone.now())
    if reason == "being executed":
        late(30, status="running")
    if reason == "waits for a date":
        later = timezone.now() + timedelta(days=1)
        WorkflowRun.objects.update(status="waiting", due_at=later)

    assert tell_superusers() == 0
    assert mail.outbox == []


def test_while_the_mail_server_is_away_it_is_tried_again(world, superusers, settings):
    late(3)
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    assert tell_superusers() == 0

    settings.EMAIL_BACKEND = backend
    assert tell_superusers() == 2
