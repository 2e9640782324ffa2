"""Owners hear that runs fail: once, in words, and never not at all."""

import socket
from datetime import timedelta
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection
from django.utils import formats, timezone

from tests.support.live import wait_until
from tests.support.people import make_member
from tests.workflows.admin.conftest import World
from workflows.models.run import WorkflowRun
from workflows.services.operations.alerts import owner_of, tell_owners

pytestmark = pytest.mark.django_db


@pytest.fixture
def rana(tenant):
    user = make_member(tenant, "rana", "operations")
    user.email = "rana@cedar.example"
    user.save()
    return user


@pytest.fixture
def world(tenant, rana):
    world = World(tenant)
    world.definition.owner = rana
    world.definition.save()
    return world


def fail(world, number, *, ago=60, **values):
    """Let a new run fail so many seconds ago."""
    run = WorkflowRun.objects.get(subject_id=str(world.make_order(number).pk))
    moment = timezone.now() - timedelta(seconds=ago)
    return world.end_run(run, "failed", completed_at=moment, **values)


def alerted(world, ago):
    world.definition.alerted_at = timezone.now() - ago
    world.definition.save()


def test_the_owner_reads_how_many_failed_and_why_most_often(world):
    first = fail(world, "a", ago=300, error_fingerprint="rare")
    for number in ("b", "c", "d"):
        fail(world, number, ago=100)

    assert tell_owners() == 1

    [sent] = mail.outbox
    assert sent.to == ["rana@cedar.example"]
    assert sent.subject == f"“{world.secret}”: 4 runs failed"
    assert (
        "Most often (3 times) at the step “Tell the shop”: "
        "The action itself has a fault, tell a developer: boom" in sent.body
    )
    site = "http://127.0.0.1:8000/admin/workflows/workflowrun/"
    assert f"{site}{first.pk}/change/\n" in sent.body
    assert f"{site}?workflow={world.definition.pk}&status=failed\n" in sent.body


def test_the_links_lead_to_pages_that_show_these_runs(world, rana, client):
    run = fail(world, "a")
    tell_owners()
    client.force_login(rana)
    links = [one for one in mail.outbox[0].body.split() if one.startswith("http")]

    first, listed = [client.get(one.removeprefix("http://127.0.0.1:8000")) for one in links]

    assert first.context["run"] == run
    assert list(listed.context["cl"].result_list) == [run]


def test_one_mail_an_hour_then_what_failed_since(world):
    fail(world, "a")
    assert tell_owners() == 1
    fail(world, "b", ago=31)

    assert tell_owners() == 0

    alerted(world, timedelta(minutes=59))
    assert tell_owners() == 0
    alerted(world, timedelta(minutes=61))
    WorkflowRun.objects.filter(error_code__isnull=False).order_by("id").first().delete()
    fail(world, "c", ago=40)
    assert tell_owners() == 1
    assert mail.outbox[-1].subject == f"“{world.secret}”: 2 runs failed"
    assert "Since the last mail, of" in mail.outbox[-1].body


def test_what_is_counted_in_one_mail_is_not_counted_in_the_next(world):
    fail(world, "a", ago=7000)
    alerted(world, timedelta(seconds=6500))

    assert tell_owners() == 0
    assert mail.outbox == []


@pytest.mark.parametrize("status", ["completed_with_errors", "completed", "cancelled"])
def test_only_failed_runs_are_told_of(status, world):
    moment = timezone.now() - timedelta(minutes=1)
    world.end_run(world.run, status, completed_at=moment)

    assert tell_owners() == 0


def test_parts_of_a_run_are_not_told_of(world):
    fail(world, "a", parent_run=world.run.pk)

    assert tell_owners() == 0


def test_a_run_that_failed_this_moment_waits_for_the_others_to_commit(world):
    fail(world, "a", ago=5)

    assert tell_owners() == 0


def test_without_an_owner_whoever_published_last_is_told(world, tenant):
    sami = make_member(tenant, "sami", "operations")
    sami.email = "sami@cedar.example"
    sami.save()
    world.definition.owner = None
    type(world.version).objects.filter(pk=world.version.pk).update(published_by="user:sami")

    assert owner_of(world.definition) == sami


@pytest.mark.parametrize("flaw", ["no address", "left the company", "locked"])
def test_whom_no_mail_should_reach_is_not_told(flaw, world, rana):
    if flaw == "no address":
        rana.email = ""
    rana.is_active = flaw != "locked"
    rana.save()
    if flaw == "left the company":
        rana.memberships.all().delete()
    world.definition.refresh_from_db()

    assert owner_of(world.definition) is None
    fail(world, "a")
    assert tell_owners() == 0


def test_each_company_hears_of_its_own_runs_only(world, other_tenant):
    lina = make_member(other_tenant, "lina", "operations")
    lina.email = "lina@najd.example"
    lina.save()
    other = World(other_tenant)
    other.definition.owner = lina
    other.definition.save()
    fail(world, "a")
    fail(other, "b")

    assert tell_owners() == 2

    bodies = {sent.to[0]: sent.body for sent in mail.outbox}
    assert other.secret not in bodies["rana@cedar.example"]
    assert world.secret not in bodies["lina@najd.example"]


def test_the_mail_goes_by_the_readers_clock(world, rana):
    rana.time_zone = "Pacific/Kiritimati"
    rana.save()
    world.definition.alerted_at = timezone.now() - timedelta(hours=2)
    world.definition.save()
    fail(world, "a")

    tell_owners()

    told = world.definition.alerted_at.astimezone(ZoneInfo("Pacific/Kiritimati"))
    shown = formats.date_format(told, "DATETIME_FORMAT")
    assert f"Since the last mail, of {shown}, 1 run of" in mail.outbox[0].body


def use_smtp(settings, port):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port


def test_while_the_mail_server_is_away_nothing_is_lost(world, settings, outside, unused_tcp_port):
    use_smtp(settings, unused_tcp_port)
    fail(world, "a")

    assert tell_owners() == 0
    world.definition.refresh_from_db()
    assert world.definition.alerted_at is None

    outside.journal.forget()
    use_smtp(settings, outside.smtp_port)
    assert tell_owners() == 1
    [received] = outside.received("smtp")
    assert "1 run failed" in str(received)


@pytest.fixture
def unused_tcp_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.django_db(transaction=True)
def test_two_hosts_that_look_at_once_send_one_mail(world, settings, outside):
    outside.journal.forget()
    use_smtp(settings, outside.smtp_port)
    fail(world, "a")
    told = []

    def look():
        told.append(tell_owners())
        connection.close()

    hosts = [Thread(target=look) for _host in range(4)]
    for host in hosts:
        host.start()
    for host in hosts:
        host.join()

    assert sorted(told) == [0, 0, 0, 1]
    assert len(wait_until(lambda: outside.received("smtp"))) == 1
