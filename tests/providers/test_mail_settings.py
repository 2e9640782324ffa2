"""A mail server that is not reached: the likely reason is said at once, and no mail is lost."""

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from actions import connection_test
from actions.errors import TemporaryFailure
from tests.support.mailing import NOUR, Mailer, mail
from workflows.presentation.runs.errors import sentence
from workflows.services.operations.attention import attention

pytestmark = pytest.mark.django_db(transaction=True)

NO_NAME = "a" * 64 + ".example"  # longer than a name may be: no name server has it


@pytest.fixture
def mailer(tenant, outside, settings):
    world = Mailer(tenant, outside, settings)
    yield world
    world.machine.close()


def point_to(mailer, settings, host, port, **more):
    allowed = [*settings.SAYR["ACTIONS"]["ALLOWED_PRIVATE_HOSTS"], f"{host}:{port}"]
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": allowed}}
    mailer.connection.settings = {"host": host, "port": port, "sender": "a@cedar.example", **more}
    mailer.connection.save()


WRONG = {"name": (NO_NAME, 25), "refused": ("127.0.0.1", 9)}
SAYS = {
    "name": ("There is no server of this name", "لا يوجد خادم بهذا الاسم"),
    "refused": ("takes no connection at this port", "لا يقبل اتصالًا على هذا المنفذ"),
    "certificate": ("certificate is not for this name", "شهادته ليست لهذا الاسم"),
    "encryption": ("does not speak TLS", "لا يستخدم TLS"),
}


@pytest.mark.parametrize("reason", WRONG)
def test_it_is_told_at_once_and_the_mail_goes_once_it_is_put_right(
    mailer, settings, reason, ops_user, client
):
    right = dict(mailer.connection.settings)
    point_to(mailer, settings, *WRONG[reason])
    client.force_login(ops_user)
    page = reverse("admin:actions_connection_change", args=[mailer.connection.pk])

    run = mailer.run(mail(NOUR))

    assert (run.status, run.wait_type) == ("waiting", "retry")
    error = run.pending["attempts"][-1]["error"]
    assert error["code"] == "mail_server_unreachable"
    assert (error["params"]["reason"], error["params"]["may_have_arrived"]) == (reason, False)
    [retry] = attention([mailer.tenant], timezone.now()).retries
    for language, words in zip(("en", "ar"), SAYS[reason], strict=True):
        for address in (page, "/admin/"):
            html = client.get(address, headers={"accept-language": language}).content.decode()
            assert words in html
        with override(language):
            assert words in retry.why
    with pytest.raises(TemporaryFailure) as tried:
        connection_test.try_out(mailer.connection)
    assert tried.value.params["reason"] == reason

    mailer.connection.settings = right
    mailer.connection.save()
    mailer.wait_on(run)

    assert run.status == "completed"
    assert len(mailer.got(NOUR)) == 1
    assert 'role="alert"' not in client.get(page).content.decode()


def test_a_server_that_speaks_no_tls(mailer, settings, outside):
    point_to(mailer, settings, "127.0.0.1", outside.smtp_port, use_ssl=True)

    run = mailer.run(mail(NOUR))

    assert run.pending["attempts"][-1]["error"]["params"]["reason"] == "encryption"


@pytest.mark.parametrize("reason", SAYS)
def test_each_reason_has_a_sentence(reason):
    for language, words in zip(("en", "ar"), SAYS[reason], strict=True):
        with override(language):
            facts = {"host": "x", "reason": reason, "may_have_arrived": False}
            assert words in sentence("mail_server_unreachable", facts)


def test_another_connection_has_no_trouble_of_its_own(mailer, settings, ops_user, client):
    point_to(mailer, settings, *WRONG["refused"])
    other = type(mailer.connection).objects.create(
        tenant=mailer.tenant, key="other", name="Other", kind="smtp", settings={"host": "x.example"}
    )
    mailer.run(mail(NOUR, connection="mail"))
    client.force_login(ops_user)

    pages = [
        client.get(reverse("admin:actions_connection_change", args=[one.pk])).content.decode()
        for one in (mailer.connection, other)
    ]

    assert ["1 mail waits" in one for one in pages] == [True, False]
