"""Letters beyond ASCII in addresses: by SMTPUTF8 where the server offers it, and else in words."""

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.smtp import EmailBackend
from django.utils import translation

from actions.mail.delivery import deliver
from tests.support.mailing import NOUR, RANA, Mailer, mail
from workflows.presentation.runs.errors import sentence

pytestmark = pytest.mark.django_db(transaction=True)

ARABIC = "نور@example.com"


@pytest.fixture
def mailer(tenant, outside, settings):
    world = Mailer(tenant, outside, settings)
    yield world
    world.machine.close()


def without_smtputf8(mailer):
    mailer.outside.behave("smtp", "offers", path="EHLO", body={"smtputf8": False})


def only(mailer):
    [received] = mailer.outside.received("smtp")
    return received


def test_where_the_server_knows_them_they_are_written_as_they_are(mailer):
    run = mailer.run(mail(f'"نور، الحداد" <{ARABIC}>', NOUR, cc=["Zoë <zoë@münchen.example>"]))

    received = only(mailer)
    assert run.status == "completed"
    assert received.to == f"{ARABIC}, {NOUR}, zoë@münchen.example"
    assert received.headers["to"] == f"نور، الحداد <{ARABIC}>, {NOUR}"
    assert received.headers["cc"] == "Zoë <zoë@münchen.example>"
    assert f"<{ARABIC}>" in received.raw.partition("\r\n\r\n")[0]


def test_a_domain_alone_needs_no_such_server(mailer):
    without_smtputf8(mailer)

    run = mailer.run(mail("a@münchen.example", "b@مثال.example"))

    assert run.status == "completed"
    assert only(mailer).to == "a@xn--mnchen-3ya.example, b@xn--mgbh0fb.example"


def test_where_the_server_does_not_the_others_get_the_mail(mailer):
    without_smtputf8(mailer)

    run = mailer.run(mail(ARABIC, NOUR))

    assert (run.status, run.error_code) == ("completed_with_errors", "mail_partly_refused")
    assert only(mailer).to == NOUR
    assert only(mailer).raw.partition("\r\n\r\n")[0].isascii()
    assert list(run.step_results[0]["output"]["refused"]) == [ARABIC]


def test_where_nobody_else_is_left_it_fails_with_a_code_of_its_own(mailer):
    without_smtputf8(mailer)

    run = mailer.run(mail(ARABIC))

    assert (run.status, run.error_code) == ("failed", "mail_needs_smtputf8")
    error = run.step_results[0]["error"]
    for language in ("en", "ar"):
        with translation.override(language):
            assert "SMTPUTF8" in sentence(error["code"], error["params"])
    assert mailer.outside.received("smtp") == []


def test_a_sender_with_them(mailer):
    step = mail(NOUR, **{"from": f"متجر <{ARABIC}>"})
    assert mailer.run(step).status == "completed"
    assert only(mailer).headers["from"] == f"متجر <{ARABIC}>"


def test_a_sender_with_them_where_the_server_does_not_know_them(mailer):
    without_smtputf8(mailer)

    run = mailer.run(mail(NOUR, **{"from": ARABIC}))

    assert (run.status, run.error_code) == ("failed", "mail_needs_smtputf8")


def test_the_same_address_is_sent_to_once(mailer):
    run = mailer.run(
        mail(f"Nour <{NOUR}>", cc=["nour@EXAMPLE.com", RANA], bcc=[RANA, "sami@example.com"])
    )

    received = only(mailer)
    assert run.status == "completed"
    assert received.to == "nour@example.com, rana@example.com, sami@example.com"
    assert (received.headers["to"], received.headers["cc"]) == (f"Nour <{NOUR}>", RANA)
    assert "sami" not in received.raw


def test_a_mail_is_composed_once(mailer, monkeypatch):
    composed = []
    whole = django_mail.EmailMultiAlternatives.message

    def message(self):
        composed.append(self)
        return whole(self)

    monkeypatch.setattr(django_mail.EmailMultiAlternatives, "message", message)
    mailer.run(mail(NOUR))

    assert (len(composed), only(mailer).to) == (1, NOUR)


# The installation's own mail server: without a connection.


def own_server(mailer, settings):
    mailer.connection.delete()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mailer.outside.smtp_port


def test_the_installations_own_server_answers_for_each_recipient_too(mailer, settings):
    own_server(mailer, settings)
    mailer.tell(RANA, 450, "4.2.0 Greylisted", times=1)

    run = mailer.run(mail(NOUR, RANA, ARABIC))
    mailer.wait_on(run)

    assert run.status == "completed"
    assert [len(mailer.got(one)) for one in (NOUR, RANA, ARABIC)] == [1, 1, 1]


@pytest.mark.parametrize("backend", ["locmem.EmailBackend"])
def test_another_backend_takes_a_mail_whole(mailer, settings, backend):
    mailer.connection.delete()
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}"

    run = mailer.run(mail(f"Nour <{NOUR}>", NOUR, cc=[RANA]))

    assert run.status == "completed"
    [sent] = django_mail.outbox
    assert (sent.to, sent.cc) == ([f"Nour <{NOUR}>"], [RANA])


@pytest.mark.parametrize(
    ("answer", "code"), [("450 4.2.0 Later", "mail_deferred"), ("553 5.1.8 No", "mail_refused")]
)
def test_what_a_backend_of_smtp_raises_is_read_by_the_table(mailer, settings, answer, code):
    own_server(mailer, settings)
    settings.EMAIL_BACKEND = "tests.providers.test_mail_letters.OwnBackend"
    status, _space, words = answer.partition(" ")
    mailer.outside.behave("smtp", "fail", path="MAIL ", status=int(status), error=words)

    run = mailer.run(mail(NOUR, retry={"attempts": 1}))

    assert run.error_code == code
    assert run.step_results[0]["error"]["params"]["provider_code"] == words.partition(" ")[0]


def test_who_a_backend_of_smtp_refuses_is_told_apart(mailer, settings):
    own_server(mailer, settings)
    settings.EMAIL_BACKEND = "tests.providers.test_mail_letters.OwnBackend"

    run = mailer.run(mail("refused@example.com", "full@example.com", retry={"attempts": 1}))

    assert run.error_code == "mail_deferred"  # one may be accepted later
    assert len(run.step_results[0]["error"]["params"]["answer"]) == 2


class OwnBackend(EmailBackend):
    """A backend of an installation's own, on Django's for SMTP."""


def test_a_mail_of_the_installations_own(mailer, settings):
    own_server(mailer, settings)
    message = django_mail.EmailMultiAlternatives("S", "T", "Sayr <sayr@host>", ["root@localhost"])

    replies = deliver(message, None, 10)

    assert [one.is_accepted for one in replies.values()] == [True]
    assert only(mailer).to == "root@localhost"
