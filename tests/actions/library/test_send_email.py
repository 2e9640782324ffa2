"""Sending mail: what arrives, who may be written to, and what the server's answers mean."""
# ruff: noqa: RUF001 - Arabic letters and digits are no slips here

import smtplib
import socket
import time
from dataclasses import replace

import pytest
from django.core import mail

from actions.errors import PermanentFailure, TemporaryFailure
from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate


@pytest.fixture
def send(run, smtp):
    def send_mail(**params):
        return run("send_email", **{"to": ["a@example.com"], "subject": "S", "text": "T", **params})

    return send_mail


def failed(send, kind=PermanentFailure, **params):
    with pytest.raises(kind) as failure:
        send(**params)
    return failure.value


def test_arabic_arrives_as_written(send, sandbox):
    output = send(
        to=["نور <nour@example.com>", "b@example.com"],
        subject="طلب جديد ١٠٠١",
        text="مرحبا نور،\nوصل طلبك.",
        html="<p dir='rtl'>مرحبا نور</p>",
    )

    [received] = sandbox.received("smtp")
    assert received.to == "nour@example.com, b@example.com"
    assert received.subject == "طلب جديد ١٠٠١"
    assert received.text == "مرحبا نور،\nوصل طلبك."
    assert received.html == "<p dir='rtl'>مرحبا نور</p>"
    assert received.headers["to"] == "نور <nour@example.com>, b@example.com"
    assert received.sender == "Shop <shop@cedar.example>"
    assert output["text"] == "مرحبا نور،\nوصل طلبك."
    assert output["to"] == ["نور <nour@example.com>", "b@example.com"]
    assert output["refused"] == {}


@pytest.mark.parametrize("name", ["Cedar (KSA)", "Cedar Co.", "متجر (١)"])
def test_a_name_with_signs_that_mean_something_to_mail(send, sandbox, name):
    send(to=[f"{name} <a@example.com>"])

    [received] = sandbox.received("smtp")
    assert received.to == "a@example.com"
    assert received.headers["to"] == f'"{name}" <a@example.com>'


def test_copies_hidden_copies_and_answers(send, sandbox):
    send(cc=["c@example.com"], bcc=["d@example.com"], reply_to="r@example.com")

    [received] = sandbox.received("smtp")
    assert received.to == "a@example.com, c@example.com, d@example.com"
    assert (received.headers["cc"], received.headers["reply-to"]) == (
        "c@example.com",
        "r@example.com",
    )
    assert "d@example.com" not in received.raw


def test_a_stored_template_is_filled_with_the_runs_values(send, sandbox, tenant):
    MessageTemplate.objects.create(
        tenant=tenant,
        key="summary",
        name="Summary",
        channel="email",
        subject="Order {{ trigger.order_id }}",
        text="For {{ trigger.name }}",
        html="<b>{{ trigger.name }}</b>",
    )

    send(template="summary", subject="", text="")

    [received] = sandbox.received("smtp")
    assert (received.subject, received.text, received.html) == (
        "Order 1001",
        "For نور",
        "<b>نور</b>",
    )


def test_html_alone_gets_a_text_beside_it(send, sandbox):
    send(text="", html="<p>Hello <b>you</b></p>")

    assert sandbox.received("smtp")[0].text == "Hello you"


def test_the_message_id_is_the_same_on_every_attempt(send, sandbox):
    first, second = send()["message_id"], send()["message_id"]

    assert first == second
    assert first.endswith("@cedar.example>")
    assert [one.idempotency_key for one in sandbox.received("smtp")] == [first, second]


def test_a_long_text_is_sent_whole_and_kept_short(send, sandbox):
    text = "0123456789 " * 3000

    output = send(text=text)

    assert len(output["text"]) == 20_000
    assert "".join(sandbox.received("smtp")[0].text.split()) == "".join(text.split())


NOT_ONE_ADDRESS = [
    '"a" <a@b.example>, evil@x.example',
    "a@b.example, evil@x.example",
    "a@b.example;evil@x.example",
    "a@b.example evil@x.example",
    "a@b.example\r\nBcc: evil@x.example",
    "a@b.example\nBcc: evil@x.example",
    "Name\r\nBcc: evil@x.example <a@b.example>",
    "<a@b.example> <evil@x.example>",
    "a@b.example>",
    "<a@b.example",
    "a@b@c.example",
    "undisclosed-recipients:;",
    "group: a@b.example;",
    "nobody",
    "a@b.example\x00",
    "a@[127.0.0.1",
]


@pytest.mark.parametrize(
    ("field", "address"),
    [(field, address) for field in ("to", "cc", "bcc") for address in [*NOT_ONE_ADDRESS, ""]]
    + [(field, address) for field in ("reply_to", "from") for address in NOT_ONE_ADDRESS],
)
def test_what_is_not_exactly_one_address_is_refused(send, sandbox, field, address):
    failure = failed(send, **{field: address if field in {"reply_to", "from"} else [address]})

    assert failure.code == "bad_mail_address"
    assert failure.params["field"] == field
    assert sandbox.received() == []


@pytest.mark.parametrize("counts", [(0, 0, 0), (51, 0, 0), (1, 25, 25), (0, 1, 0)])
def test_too_many_recipients_or_none(send, sandbox, counts):
    # Each once: the same address in two fields is one recipient.
    to, cc, bcc = (
        [f"{field}{n}@example.com" for n in range(count)]
        for field, count in zip("abc", counts, strict=True)
    )

    assert failed(send, to=to, cc=cc, bcc=bcc).code == "bad_recipient_count"
    assert sandbox.received() == []


@pytest.mark.parametrize("sign", ["\r\n", "\n", "\r", "\t", "\x00", "\u2028", "\n\t "])
def test_a_line_break_in_a_subject_is_a_blank(send, sandbox, sign):
    send(subject=f"Order{sign}Bcc: evil@x.example")

    [received] = sandbox.received("smtp")
    assert received.subject == "Order Bcc: evil@x.example"
    assert received.to == "a@example.com"


def test_a_mail_without_subject_or_text(send, sandbox):
    assert failed(send, subject=" ").code == "mail_has_no_subject"
    assert failed(send, text="").code == "mail_is_empty"
    assert sandbox.received() == []


@pytest.mark.parametrize("key", ["unknown", "theirs", "for_whatsapp"])
def test_a_template_that_this_tenant_lacks(send, sandbox, tenant, other_tenant, key):
    MessageTemplate.objects.create(
        tenant=other_tenant, key="theirs", name="x", channel="email", text="x"
    )
    MessageTemplate.objects.create(tenant=tenant, key="for_whatsapp", name="x", channel="whatsapp")

    failure = failed(send, template=key)

    assert (failure.code, failure.params["template"]) == ("template_unknown", key)
    assert sandbox.received() == []


def test_recipients_that_are_refused_are_in_the_output(send, sandbox):
    failure = failed(send, to=["a@example.com", "refused@example.com"])

    answer = {"refused@example.com": "550 5.1.1 No such mailbox here"}
    assert failure.code == "mail_partly_refused"
    assert failure.params == {"answer": answer, "provider_code": "5.1.1"}
    assert failure.part.output["refused"] == answer
    assert failure.part.so_far["accepted"] == ["a@example.com"]
    assert sandbox.received("smtp")[0].to == "a@example.com"


def test_when_all_are_refused_the_step_fails_for_good(send, sandbox):
    failure = failed(send, to=["refused@example.com"])

    answer = {"refused@example.com": "550 5.1.1 No such mailbox here"}
    assert failure.code == "mail_recipients_refused"
    assert failure.params == {"answer": answer, "provider_code": "5.1.1"}
    assert failure.part.output is None


def test_4xx_is_temporary_and_5xx_permanent(send, sandbox):
    sandbox.behave("smtp", "rate_limit")
    assert failed(send, TemporaryFailure).params == {
        "smtp_code": 451,
        "answer": "4.7.1 Too many mails, try later",
        "provider_code": "4.7.1",
        "may_have_arrived": False,
    }

    sandbox.behave("smtp", "fail")
    failure = failed(send)
    assert (failure.code, failure.params["smtp_code"]) == ("mail_refused", 554)


def test_a_mail_server_that_hangs_ends_at_the_deadline(run, smtp, sandbox, as_tenant):
    sandbox.behave("smtp", "hang", seconds=2)
    started = time.monotonic()

    with pytest.raises(TemporaryFailure, match="mail_timed_out"):
        run(
            "send_email",
            context=replace(as_tenant, timeout_seconds=0.5),
            to=["a@example.com"],
            subject="S",
            text="T",
        )

    assert time.monotonic() - started < 1.0


@pytest.mark.parametrize("greeting", [b"2" * 4000, b"220-a\r\n" * 1000], ids=["line", "lines"])
def test_a_mail_server_that_drips_ends_at_the_deadline(
    run, smtp, raw_mail_server, as_tenant, greeting
):
    smtp.settings = {**smtp.settings, "port": raw_mail_server(greeting)}
    smtp.save()
    started = time.monotonic()

    with pytest.raises(TemporaryFailure, match="mail_timed_out"):
        run(
            "send_email",
            context=replace(as_tenant, timeout_seconds=0.5),
            to=["a@example.com"],
            subject="S",
            text="T",
        )

    assert time.monotonic() - started < 1.0


def test_a_mail_server_that_is_off_is_temporary(send, smtp, settings):
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": ["127.0.0.1:9"]}}
    smtp.settings = {"host": "127.0.0.1", "port": 9, "sender": "a@cedar.example"}
    smtp.save()

    assert failed(send, TemporaryFailure).code == "mail_server_unreachable"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1", "::1"])
def test_a_mail_server_in_the_private_network_is_refused(send, smtp, host):
    smtp.settings = {"host": host, "port": 25, "sender": "a@cedar.example"}
    smtp.save()

    failure = failed(send)

    assert (failure.code, failure.params) == ("address_not_allowed", {"host": host})


@pytest.mark.parametrize("port", ["smtp", -1, 70000, 2.5])
def test_a_port_that_is_none(send, smtp, port):
    smtp.settings = {**smtp.settings, "port": port}
    smtp.save()

    assert failed(send).code == "connection_incomplete"


def test_a_password_does_not_travel_unencrypted(send, smtp):
    smtp.settings = {"host": "smtp.example.com", "sender": "a@cedar.example", "username": "shop"}
    smtp.secrets = {"password": "hunter-22222"}
    smtp.save()

    failure = failed(send)

    assert (failure.code, failure.params) == ("encryption_required", {"host": "smtp.example.com"})


def test_a_mail_servers_name_is_resolved_once(send, smtp, monkeypatch):
    called = []

    def connect(address, *args, **options):
        called.append(address)
        raise ConnectionRefusedError

    smtp.settings = {"host": "smtp.example.com", "port": 25, "sender": "a@cedar.example"}
    smtp.save()
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 25))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: found)
    monkeypatch.setattr(socket, "create_connection", connect)

    assert failed(send, TemporaryFailure).code == "mail_server_unreachable"
    assert called == [("93.184.215.14", 25)]


def test_a_bad_password_is_permanent_and_not_repeated(send, smtp, monkeypatch):
    smtp.settings = {**smtp.settings, "username": "shop"}
    smtp.secrets = {"password": "hunter-22222"}
    smtp.save()

    def login(self, user, password):
        raise smtplib.SMTPAuthenticationError(535, f"5.7.8 {password} is wrong".encode())

    monkeypatch.setattr(smtplib.SMTP, "login", login)

    failure = failed(send)

    assert failure.code == "mail_login_refused"
    said = {"smtp_code": 535, "answer": "5.7.8 [secret] is wrong", "provider_code": "5.7.8"}
    assert failure.params == said


def test_without_a_connection_djangos_mail_settings_are_used(run, sandbox):
    run("send_email", to=["a@example.com"], subject="S", text="T", **{"from": "b@cedar.example"})

    assert [one.to for one in mail.outbox] == [["a@example.com"]]
    assert sandbox.received() == []


def test_django_smtp_settings_have_the_deadline_too(run, sandbox, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sandbox.smtp_port

    with pytest.raises(PermanentFailure, match="mail_partly_refused") as failure:
        run("send_email", to=["a@example.com", "refused@b.example"], subject="S", text="T")

    assert list(failure.value.part.output["refused"]) == ["refused@b.example"]
    assert len(sandbox.received("smtp")) == 1


def test_another_tenants_mail_server_is_never_used(run, sandbox, other_tenant):
    Connection.objects.create(
        tenant=other_tenant,
        key="theirs",
        name="Theirs",
        kind="smtp",
        settings={"host": "127.0.0.1", "port": sandbox.smtp_port},
    )

    run("send_email", to=["a@example.com"], subject="S", text="T")
    with pytest.raises(PermanentFailure, match="connection_unknown"):
        run("send_email", to=["a@example.com"], subject="S", text="T", connection="theirs")

    assert sandbox.received() == []
