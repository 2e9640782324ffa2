"""Each documented answer of a mail server: what the step records, and what its page says."""

import pytest
from django.utils import translation

from actions import registry
from actions.errors import PermanentFailure, TemporaryFailure
from actions.mail.replies import RecipientReply, failure_of
from actions.models.connection import Connection
from actions.providers.answers import Meaning
from actions.providers.smtp import ANSWERS, advice_on, row_of
from actions.providers.smtp_advice import OF_STAGES
from actions.sandbox.mail import PREFIXES, _answer_of
from actions.spec import ActionContext
from tests.support.mailing import NOUR
from workflows.presentation.runs.errors import sentence

pytestmark = pytest.mark.django_db

PERMANENT = {code: row for code, row in ANSWERS.items() if row.meaning is not Meaning.TEMPORARY}
# Stage of the conversation -> what tells the server to answer there, and the failure's code where
# the answer is final.
STAGES = {
    "MAIL ": "mail_refused",
    "RCPT ": "mail_recipients_refused",
    "DATA": "mail_refused",
}


@pytest.fixture
def send(tenant, outside, settings):
    allowed = [f"127.0.0.1:{outside.smtp_port}"]
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": allowed}}
    outside.journal.forget()
    for rule in outside.journal.behaviours():
        outside.behave(rule.channel, "ok", path=rule.path)
    where = {"host": "127.0.0.1", "port": outside.smtp_port, "sender": "shop@cedar.example"}
    Connection.objects.create(tenant=tenant, key="mail", name="M", kind="smtp", settings=where)
    context = ActionContext(
        tenant=tenant.facts(),
        run_id=tenant.pk,
        step_name="mail",
        idempotency_key="key",
        timeout_seconds=10,
        render_text=lambda source, *, html=False: source,
    )

    def send_mail(*to, **params):
        given = {"to": list(to) or [NOUR], "subject": "S", "text": "T", **params}
        return registry.get("send_email").run(given, context)

    return send_mail


def in_both(code, params):
    said = {}
    for language in ("en", "ar"):
        with translation.override(language):
            said[language] = sentence(code, params)
    return said["en"], said["ar"]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("code", ANSWERS)
def test_each_answer_at_each_stage(send, outside, code, stage):
    row = ANSWERS[code]
    words = _answer_of(code)
    status, _space, said = words.partition(" ")
    path = "" if stage == "DATA" else stage
    outside.behave("smtp", "fail", path=path, status=int(status), error=said, times=1)

    with pytest.raises((PermanentFailure, TemporaryFailure)) as failure:
        send()

    found = failure.value
    is_temporary = row.meaning is Meaning.TEMPORARY
    assert isinstance(found, TemporaryFailure) is is_temporary
    assert found.code == ("mail_deferred" if is_temporary else STAGES[stage])
    assert found.params["provider_code"] == code
    if is_temporary:
        assert found.params["may_have_arrived"] is False  # the server has said that it has it not
    english, arabic = in_both(found.code, found.params)
    assert str(advice_on(words)) in english
    assert said in english
    assert said in arabic
    assert arabic.partition(":")[0] != english.partition(":")[0]


@pytest.mark.parametrize("code", ANSWERS)
def test_a_row_is_whole(code):
    row = ANSWERS[code]

    assert row.failure in OF_STAGES
    assert row.source.startswith("https://")
    assert 400 <= row.status < 600
    assert (row.meaning is Meaning.TEMPORARY) == (row.status < 500)
    assert code == str(row.status) or code[0] == str(row.status)[0]
    assert row_of(row.status, f"{code} x" if "." in code else "x") is row


@pytest.mark.parametrize("subject", range(1, 8))
@pytest.mark.parametrize("kind", [4, 5])
def test_a_code_that_nobody_has_listed_is_read_by_its_subject(kind, subject):
    row = row_of(550 if kind == 5 else 450, f"{kind}.{subject}.99 Who knows")

    assert row is not None
    assert row.code == (f"{kind}.{subject}.0" if f"{kind}.{subject}.0" in ANSWERS else row.code)
    assert row.code.startswith(str(kind))


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (550, "5.7.1 Spam", "5.7.1"),
        (550, "  5.1.1", "5.1.1"),
        (550, "No such user 5.1.1", "550"),
        (450, "5.1.1 Which is it?", "450"),
        (550, "", "550"),
        (554, "5.7.1999 Odd", "554"),
        (599, "Odd", None),
        (421, "4.7.0 [TSS04] Messages deferred", "4.7.0"),
    ],
)
def test_which_row_an_answer_is_read_by(status, words, code):
    row = row_of(status, words)

    assert (row.code if row else None) == code
    failure = failure_of({NOUR: RecipientReply(status, words)})
    assert all(in_both(failure.code, failure.params))


@pytest.mark.parametrize("code", PERMANENT)
def test_one_that_is_refused_beside_an_accepted_one(send, code):
    with pytest.raises(PermanentFailure, match="mail_partly_refused") as failure:
        send(NOUR, f"{code}+rana@example.com")

    found = failure.value
    assert list(found.part.output["refused"]) == [f"{code}+rana@example.com"]
    english, arabic = in_both(found.code, found.params)
    assert str(advice_on(_answer_of(code))) in english
    assert "Whoever is not named here has it" in english
    for said in (english, arabic):
        assert f"{code}+rana@example.com: {_answer_of(code)}" in said


@pytest.mark.parametrize("prefix", PREFIXES)
def test_recipients_of_the_sandbox_that_are_not_taken(send, prefix):
    with pytest.raises((PermanentFailure, TemporaryFailure)) as failure:
        send(f"{prefix}@example.com")

    assert failure.value.params["provider_code"] == PREFIXES[prefix]


@pytest.mark.parametrize("code", ["530", "534", "535", "5.7.8", "5.7.9"])
def test_a_user_name_that_is_not_accepted(send, outside, tenant, code):
    own = Connection.objects.get(tenant=tenant)
    own.settings = {**own.settings, "username": "shop"}
    own.secrets = {"password": "hunter-22222"}
    own.save()
    status, _space, said = _answer_of(code).partition(" ")
    outside.behave("smtp", "offers", path="EHLO", body={"auth": True})
    outside.behave("smtp", "fail", path="AUTH", status=int(status), error=said)

    with pytest.raises(PermanentFailure, match="mail_login_refused") as failure:
        send()

    assert failure.value.params["provider_code"] == code
    english, arabic = in_both(failure.value.code, failure.value.params)
    assert "connection" in english
    assert arabic != english


def test_a_mail_that_is_too_large_is_not_sent(send, outside):
    outside.behave("smtp", "offers", path="EHLO", body={"size": 2_000})

    with pytest.raises(PermanentFailure) as failure:
        send(text="Long. " * 1_000)

    assert failure.value.code == "mail_too_large"
    assert failure.value.params["limit_bytes"] == 2_000
    assert all("2000" in one for one in in_both("mail_too_large", failure.value.params))
    assert outside.received("smtp") == []


@pytest.mark.parametrize("stage", ["MAIL ", "RCPT ", ""])
def test_a_server_that_hangs_up(send, outside, stage):
    outside.behave("smtp", "hang", path=stage, seconds=0.05, times=1)

    with pytest.raises(TemporaryFailure) as failure:
        send()

    # Only once it has the mail nobody knows.
    facts = {"host": "127.0.0.1", "may_have_arrived": stage == ""}
    assert (failure.value.code, failure.value.params) == ("mail_connection_lost", facts)


def test_a_server_that_goes_away_between_two_recipients(send, outside):
    outside.behave("smtp", "fail", path="RCPT rana", status=421, error="4.3.2 Shutting down")

    with pytest.raises(TemporaryFailure, match="mail_deferred") as failure:
        send(NOUR, "rana@example.com", "sami@example.com")

    # Nobody has it: the mail itself was never told.
    assert len(failure.value.params["answer"]) == 3
    assert outside.received("smtp") == []


def test_several_answers_are_each_explained(send):
    with pytest.raises(TemporaryFailure, match="mail_partly_deferred") as failure:
        send(NOUR, "refused@example.com", "refused.by@example.com", "full@example.com")

    assert "provider_code" not in failure.value.params
    english, arabic = in_both(failure.value.code, failure.value.params)
    assert english.endswith(
        "There is no such mailbox. Correct the address where it comes from, then send to it again. "
        "It says: refused@example.com: 550 5.1.1 No such mailbox here; "
        "refused.by@example.com: 550 5.1.1 No such mailbox here. "
        "The mailbox is full or gets too much mail for now. If it stays so, reach the person "
        "another way. It says: full@example.com: 452 4.2.2 Mailbox full."
    )
    assert arabic.count("full@example.com") == 1
