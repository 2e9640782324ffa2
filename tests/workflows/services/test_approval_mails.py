"""Everybody who is asked gets one mail with a link of their own, whatever happens on the way."""

import threading
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from tenants.models.user import User
from tests.support.approvals import ask
from tests.support.people import make_member
from tests.support.tenants import make_tenant
from workflows.models.approval import WorkflowApproval
from workflows.models.idempotency import WorkflowIdempotency
from workflows.models.notification import WorkflowNotification
from workflows.runtime.runs import ending
from workflows.services.approvals import mails as approval_mails
from workflows.services.approvals.mails import tell_approvers
from workflows.services.operations import periodic_tasks
from workflows.services.operations.pace import Pace
from workflows.services.operations.periodic_tasks import CHORES, forget_notifications

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def mailbox(outside, settings):
    """The sandbox's mail server as the installation's own."""
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", outside.smtp_port
    settings.WHITENOISE_AUTOREFRESH = True
    outside.journal.forget()
    outside.behave("smtp", "ok")
    yield outside
    outside.behave("smtp", "ok")


@pytest.fixture
def people(tenant):
    """Two of Operations and one of Support, each with a mailbox."""
    made = {}
    for name, role in (("rana", "operations"), ("jad", "operations"), ("dina", "support")):
        made[name] = make_member(tenant, name, role)
        made[name].email = f"{name}@cedar.example"
        made[name].save()
    return made


def tell():
    return tell_approvers(Pace())


def sent_to(mailbox):
    return sorted(mail.to for mail in mailbox.received("smtp") if mail.status == 250)


def link_in(mail):
    [line] = [line for line in mail.text.splitlines() if "/approvals/" in line]
    assert f'href="{line.strip()}"' in mail.html
    return line.strip()


@pytest.mark.django_db
def test_a_mail_brings_a_link_that_works(tenant, people, mailbox):
    approval = ask(tenant, approvers=["rana"], title="Refund\norder C-1042?")

    assert tell() == 1

    [mail] = mailbox.received("smtp")
    assert (mail.to, mail.subject) == ("rana@cedar.example", "Refund order C-1042?")
    assert "arrived broken" in mail.text
    assert "Total amount: 149.90" in mail.text
    assert mail.headers["auto-submitted"] == "auto-generated"
    link = urlsplit(link_in(mail))
    assert f"{link.scheme}://{link.netloc}" == "http://127.0.0.1:8000"
    browser = Client(enforce_csrf_checks=True)
    browser.get(link.path)
    token = browser.cookies["csrftoken"].value
    browser.post(link.path, {"csrfmiddlewaretoken": token, "choice": "refund"})
    approval.refresh_from_db()
    assert (approval.decided_by, approval.choice) == ("user:rana", "refund")
    assert approval.notified_at is not None


@pytest.mark.django_db
def test_everybody_gets_one_mail_and_a_link_of_their_own(tenant, people, mailbox):
    ask(
        tenant,
        approvers=["rana", "role:operations", "RANA@cedar.example", "head@company.example"],
    )

    assert [tell(), tell()] == [3, 0]

    addresses = ["head@company.example", "jad@cedar.example", "rana@cedar.example"]
    assert sent_to(mailbox) == addresses
    assert len({link_in(mail) for mail in mailbox.received("smtp")}) == 3


@pytest.mark.django_db
def test_who_asked_is_not_called_to_decide(tenant, people, mailbox):
    ask(tenant, approvers=["role:operations"], requested_by="user:jad")

    tell()

    assert sent_to(mailbox) == ["rana@cedar.example"]


@pytest.mark.django_db
def test_who_cannot_be_told_does_not_hold_the_others_up(tenant, people, ops_user, mailbox):
    """`ops` has no address, `ghost` no account, and the server refuses one address for good."""
    approval = ask(tenant, approvers=["ops", "ghost", "refused@company.example", "dina"])

    assert [tell(), tell()] == [1, 0]

    assert sent_to(mailbox) == ["dina@cedar.example"]
    approval.refresh_from_db()
    assert approval.notified_at is not None


@pytest.mark.django_db
def test_mails_are_written_in_the_language_of_the_company(mailbox):
    tenant = make_tenant("najd", "Najd", language="ar")
    ask(tenant, approvers=["head@company.example"], title="رد المبلغ؟")

    tell()

    [mail] = mailbox.received("smtp")
    assert mail.subject == "رد المبلغ؟"
    assert '<html lang="ar" dir="rtl">' in mail.html


@pytest.mark.django_db
def test_nothing_in_a_question_becomes_markup(tenant, mailbox):
    ask(tenant, approvers=["head@company.example"], title="<b>x</b>", message="<script>y</script>")

    tell()

    [mail] = mailbox.received("smtp")
    assert "<b>x</b>" in mail.text
    assert "<b>x</b>" not in mail.html
    assert "<script>" not in mail.html


@pytest.mark.django_db
def test_what_is_over_is_not_told(tenant, people, mailbox):
    decided, cancelled = ask(tenant, approvers=["rana"]), ask(tenant, approvers=["rana"])
    ask(tenant, approvers=["rana"], expires_at=timezone.now() - timedelta(seconds=1))
    WorkflowApproval.objects.filter(pk=decided.pk).update(decided_at=timezone.now())
    ending.cancel(tenant.id, cancelled.run_id)

    assert tell() == 0

    assert mailbox.received("smtp") == []


@pytest.mark.django_db
def test_a_server_that_is_away_is_tried_again_and_nothing_is_lost(
    tenant, people, mailbox, settings
):
    first, second = ask(tenant, approvers=["rana"]), ask(tenant, approvers=["dina"])
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9  # nobody listens there
    pace = Pace(first_seconds=60)

    assert [tell_approvers(pace), tell_approvers(pace)] == [0, 0]
    assert approval_mails.SERVER in pace.resting()
    settings.EMAIL_PORT = port
    assert tell_approvers(pace) == 0
    pace.went_well(approval_mails.SERVER)
    assert tell_approvers(pace) == 2

    assert sent_to(mailbox) == ["dina@cedar.example", "rana@cedar.example"]
    for approval in (first, second):
        approval.refresh_from_db()
        assert approval.notified_at is not None


@pytest.mark.django_db
def test_one_mail_that_was_put_off_is_tried_again_alone(tenant, people, mailbox):
    approval = ask(tenant, approvers=["rana", "dina"])
    mailbox.behave("smtp", "rate_limit", times=1)
    pace = Pace(first_seconds=0.01)

    assert tell_approvers(pace) == 1
    approval.refresh_from_db()
    assert approval.notified_at is None
    mailbox.behave("smtp", "ok")
    threading.Event().wait(0.05)
    assert tell_approvers(pace) == 1

    assert sent_to(mailbox) == ["dina@cedar.example", "rana@cedar.example"]
    approval.refresh_from_db()
    assert approval.notified_at is not None


def pass_by(**time):
    """Let time go by for what says who was told, and let the chores forget what is old."""
    WorkflowIdempotency.objects.update(created_at=F("created_at") - timedelta(**time))
    WorkflowNotification.objects.update(sent_at=F("sent_at") - timedelta(**time))
    for name in CHORES:
        if name.startswith("forget"):
            getattr(periodic_tasks, name)()


@pytest.mark.django_db
def test_nobody_is_told_again_when_a_question_is_open_for_days(tenant, people, mailbox):
    """It is open for 80 hours, in which one of its approvers cannot be told."""
    ask(tenant, approvers=["rana", "jad"])
    User.objects.filter(username="jad").update(email="deferred@cedar.example")

    told = [tell()]
    for _time in range(4):
        pass_by(hours=20)
        told.append(tell())
    User.objects.filter(username="jad").update(email="jad@cedar.example")
    told.append(tell())

    assert told == [1, 0, 0, 0, 0, 1]
    assert sent_to(mailbox) == ["jad@cedar.example", "rana@cedar.example"]


@pytest.mark.django_db
def test_workers_of_before_and_of_now_know_whom_the_other_told(tenant, people, mailbox):
    first, second = (ask(tenant, approvers=["rana"]) for _one in range(2))
    key = f"{first.pk.hex}:{sha256(b'user:rana').hexdigest()[:24]}"
    keys = WorkflowIdempotency.objects.filter(source="approval_mail")
    keys.create(tenant=tenant, source="approval_mail", key=key, request_hash="")

    assert tell() == 1

    assert {one.partition(":")[0] for one in keys.values_list("key", flat=True)} == {
        first.pk.hex,
        second.pk.hex,
    }


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["decided_at", "closed_at", "expires_at"])
def test_who_was_told_is_forgotten_once_nobody_can_be_told_again(column, tenant, people, mailbox):
    ask(tenant, approvers=["rana"])
    ask(tenant, approvers=["rana"])
    tell()
    over = WorkflowApproval.objects.order_by("pk").first()
    assert forget_notifications() == 0
    WorkflowApproval.objects.filter(pk=over.pk).update(**{column: timezone.now()})

    # What has expired is closed by its run.
    assert forget_notifications() == (column != "expires_at")
    left = WorkflowNotification.objects.values_list("subject", flat=True)
    assert (str(over.pk) in left) is (column == "expires_at")


def test_the_pauses_grow_up_to_a_limit():
    pace = Pace(first_seconds=5, longest_seconds=12)
    lengths = []
    for _ in range(4):
        pace.failed("x")
        lengths.append(pace._resting["x"][1])

    assert lengths == [5, 10, 12, 12]
    assert pace.resting() == {"x"}
    pace.went_well("x")
    assert pace.resting() == set()


@pytest.mark.django_db(transaction=True)
def test_two_hosts_that_look_at_once_send_one_mail(tenant, people, mailbox):
    for _ in range(5):
        ask(tenant, approvers=["role:operations", "dina"])
    mailbox.behave("smtp", "slow", seconds=0.1)
    start, sent = threading.Barrier(3), []

    def host():
        try:
            start.wait(10)
            for _ in range(3):
                sent.append(tell())
        finally:
            connection.close()

    threads = [threading.Thread(target=host) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sum(sent) == 15
    assert len(mailbox.received("smtp")) == 15
    assert len({mail.headers["message-id"] for mail in mailbox.received("smtp")}) == 15
    assert not WorkflowApproval.objects.filter(notified_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_an_approval_can_be_decided_while_its_mail_hangs(tenant, people, mailbox):
    approval = ask(tenant, approvers=["rana"])
    mailbox.behave("smtp", "slow", seconds=2)
    began = threading.Event()

    def host():
        try:
            began.set()
            tell()
        finally:
            connection.close()

    thread = threading.Thread(target=host)
    thread.start()
    began.wait(5)
    threading.Event().wait(0.5)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '500ms'")
        cursor.execute(
            "UPDATE workflow_approvals SET decided_at = now() WHERE id = %s", [approval.pk]
        )
        cursor.execute("RESET lock_timeout")
    still_hangs = thread.is_alive()
    thread.join(20)

    assert still_hangs
    assert sent_to(mailbox) == ["rana@cedar.example"]
