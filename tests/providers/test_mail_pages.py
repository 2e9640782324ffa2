"""What support reads of a mail that was done in part, and does next."""

import pytest
from django.urls import reverse

from tenants.models.order import Order
from tests.support.arabic import ArabicPage
from tests.support.mailing import NOUR, RANA, Mailer, mail, note
from workflows.models.run import WorkflowRun
from workflows.services.runs.cancel import cancel

pytestmark = pytest.mark.django_db(transaction=True)

REST = "Send it to the ones who did not get it"
GO_ON = "Let it go on…"


@pytest.fixture
def mailer(tenant, outside, settings):
    world = Mailer(tenant, outside, settings)
    yield world
    world.machine.close()


@pytest.fixture
def run(mailer, tenant):
    """A run of which one of two recipients was refused; her address is corrected since."""
    mailer.publish(
        mail(NOUR, "{{ trigger.customer_email }}"), note("after"), trigger_type="new_order"
    )
    order = Order.objects.create(
        tenant=tenant, number="1", customer_email="refused@example.com", total_amount="10.00"
    )
    mailer.machine.work()
    order.customer_email = RANA
    order.save()
    return WorkflowRun.objects.get(subject_id=str(order.pk))


def page(name, run):
    return reverse(f"admin:workflows_workflowrun_{name}", args=[run.pk])


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                *("Done in part", "1 of 2 has this mail.", f"{REST}, with it"),
                "There is no such mailbox. Correct the address",
            ],
        ),
        (
            "ar",
            [
                *("تم جزئيًا", "وصل هذا البريد إلى", "الإرسال بهذه القيمة إلى من لم تصلهم"),
                "لا يوجد صندوق بريد بهذا العنوان. صحّح العنوان",
            ],
        ),
    ],
)
def test_the_page_says_who_did_not_get_it_and_what_to_do(run, ops_user, client, language, words):
    client.force_login(ops_user)

    shown = client.get(page("change", run), headers={"accept-language": language})
    html = shown.content.decode()

    for one in [*words, "550 5.1.1 No such mailbox here"]:
        assert one in html
    [step, _after] = shown.context["steps"]
    has_it = [(one.address, not one.why) for one in step.recipients]
    assert has_it == [("refused@example.com", False), (NOUR, True)]
    asked = client.get(page("retry", run), headers={"accept-language": language}).content.decode()
    assert RANA in asked
    assert 'value="with_record"' in asked
    if language == "ar":
        known = ["no", "such", "mailbox", "here", "mails", "mail", "after", "refused", "ops"]
        assert ArabicPage(asked).english(known) == []


def test_the_rest_is_done_with_what_the_record_says_today(run, ops_user, client, mailer):
    client.force_login(ops_user)
    assert REST in client.get(page("change", run)).content.decode()

    client.post(page("retry", run), {"from": "with_record"})
    mailer.machine.work()

    run.refresh_from_db()
    assert run.status == "completed"
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 1]
    assert REST not in client.get(page("change", run)).content.decode()


def test_a_second_click_does_nothing_more(run, ops_user, client, mailer):
    client.force_login(ops_user)

    client.post(page("retry", run), {"from": "with_record"})
    said = client.post(page("retry", run), {"from": "with_record"}, follow=True)
    mailer.machine.work()

    assert "somebody has retried it meanwhile" in said.content.decode()
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 1]


def test_of_a_cancelled_run_the_rest_can_be_done(mailer, tenant, ops_user, client):
    """To start it again would send the mail a second time to those who have it."""
    client.force_login(ops_user)
    mailer.tell(RANA, 450, "4.2.0 Greylisted")
    run = mailer.run(mail(NOUR, RANA), note("after"))
    cancel(tenant, run.pk)
    mailer.tell(RANA)

    shown = client.get(page("change", run)).content.decode()
    assert GO_ON in shown
    assert "Done in part" in shown
    asked = client.get(page("retry", run)).content.decode()
    assert "From the failed step, “Mail”" in asked
    assert "To be done: Mail, After." in asked
    client.post(page("retry", run), {"from": "failed_step"})
    mailer.machine.work()

    run.refresh_from_db()
    assert run.status == "completed"
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 1]


def test_of_a_cancelled_run_that_reached_nobody_there_is_no_rest(mailer, tenant, ops_user, client):
    client.force_login(ops_user)
    mailer.tell(NOUR, 450, "4.2.0 Greylisted")
    run = mailer.run(mail(NOUR))
    cancel(tenant, run.pk)

    shown = client.get(page("change", run)).content.decode()

    assert "Start again…" in shown
    assert GO_ON not in shown
