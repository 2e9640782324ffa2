"""What support reads of a mail that was done in part, and does next."""

import pytest
from django.urls import reverse

from tenants.models.order import Order
from tests.support.arabic import ArabicPage
from tests.support.mailing import NOUR, RANA, Mailer, mail, note
from workflows.models.run import WorkflowRun

pytestmark = pytest.mark.django_db(transaction=True)


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
        ("en", ["Done in part", "Do the rest…", "There is no such mailbox. Correct the address"]),
        ("ar", ["تنفيذ الباقي…", "لا يوجد صندوق بريد بهذا العنوان. صحّح العنوان"]),
    ],
)
def test_the_page_says_who_did_not_get_it_and_what_to_do(run, ops_user, client, language, words):
    client.force_login(ops_user)

    shown = client.get(page("change", run), headers={"accept-language": language})
    html = shown.content.decode()

    for one in [*words, "refused@example.com: 550 5.1.1 No such mailbox here"]:
        assert one in html
    asked = client.get(page("retry", run), headers={"accept-language": language}).content.decode()
    assert RANA in asked
    assert 'value="with_record"' in asked
    if language == "ar":
        known = ["no", "such", "mailbox", "here", "mails", "mail", "after", "refused", "ops"]
        assert ArabicPage(asked).english(known) == []


def test_the_rest_is_done_with_what_the_record_says_today(run, ops_user, client, mailer):
    client.force_login(ops_user)

    client.post(page("retry", run), {"from": "with_record"})
    mailer.machine.work()

    run.refresh_from_db()
    assert run.status == "completed"
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 1]
    assert "Do the rest" not in client.get(page("change", run)).content.decode()


def test_a_second_click_does_nothing_more(run, ops_user, client, mailer):
    client.force_login(ops_user)

    client.post(page("retry", run), {"from": "with_record"})
    said = client.post(page("retry", run), {"from": "with_record"}, follow=True)
    mailer.machine.work()

    assert "somebody has retried it meanwhile" in said.content.decode()
    assert [len(mailer.got(one)) for one in (NOUR, RANA)] == [1, 1]
