"""Trying a connection says whether the other side takes it, and sends nothing to anybody."""

import pytest

from actions.connection_test import try_out
from actions.errors import ActionFailure
from actions.models.connection import Connection

SECRET = {"whatsapp": "access_token", "slack": "bot_token", "http": "token"}


@pytest.fixture
def make(tenant, sandbox):
    """Make a connection to the sandbox: `make("slack")`, `make("slack", token="wrong")`."""

    def made(kind, token="right", **settings):
        known = {
            "whatsapp": {"base_url": sandbox.base_url, "phone_number_id": "555"},
            "slack": {"base_url": f"{sandbox.base_url}/slack"},
            "http": {"base_url": f"{sandbox.base_url}/hook"},
            "smtp": {"host": "127.0.0.1", "port": sandbox.smtp_port},
        }[kind]
        secrets = {SECRET[kind]: token} if kind in SECRET else {}
        return Connection.objects.create(
            tenant=tenant,
            key=kind,
            name=kind,
            kind=kind,
            settings={**known, **settings},
            secrets=secrets,
        )

    return made


def failed(connection):
    """Return the code with which a trial fails."""
    with pytest.raises(ActionFailure) as failure:
        try_out(connection)
    return failure.value.code


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("whatsapp", "WhatsApp knows the number +961 3 000 000 as “Sandbox”."),
        ("slack", "Slack knows the app as “sayr” in “Sandbox”."),
        ("http", "The service answers (status 200)."),
        ("smtp", "127.0.0.1 answers. It was not asked to log in: no user name is stored."),
    ],
)
def test_a_connection_that_works_says_who_is_there(kind, said, make, sandbox):
    assert try_out(make(kind)) == said

    assert [one for one in sandbox.received() if one.channel != "hook"] == []


@pytest.mark.parametrize(
    ("kind", "code"), [("whatsapp", "whatsapp_access_refused"), ("slack", "slack_access_refused")]
)
def test_a_wrong_token_is_named(kind, code, make):
    assert failed(make(kind, token="wrong")) == code


def test_a_wrong_phone_number_id_is_named(make):
    assert failed(make("whatsapp", phone_number_id="not-a-number")) == "whatsapp_number_unknown"


@pytest.mark.parametrize("kind", ["whatsapp", "slack", "http"])
def test_a_server_in_trouble_is_named(kind, make, sandbox):
    sandbox.behave({"http": "hook"}.get(kind, kind), "fail", status=503)

    assert failed(make(kind)) == "http_503"


@pytest.mark.parametrize("kind", ["whatsapp", "slack", "http"])
def test_nobody_there(kind, make):
    connection = make(kind)
    connection.settings = {**connection.settings, "base_url": "http://127.0.0.1:1"}
    connection.secrets = {SECRET[kind]: "x"}
    connection.save()

    assert failed(connection) == "encryption_required"


def test_no_mail_server_there(make):
    assert failed(make("smtp", port=1)) == "address_not_allowed"


def test_a_mail_server_that_drips_ends_in_time(make, raw_mail_server, monkeypatch):
    monkeypatch.setattr("actions.connection_test.TIMEOUT_SECONDS", 0.3)
    port = raw_mail_server(b"220 hello there, I am slow\r\n")

    assert failed(make("smtp", port=port)) == "mail_timed_out"


def test_a_refused_credential_of_a_web_service_is_named(make, sandbox):
    sandbox.behave("hook", "answer", status=401)

    assert failed(make("http")) == "http_401"


def test_an_address_with_nothing_at_its_root_still_answers(make, sandbox):
    sandbox.behave("hook", "answer", status=404)

    assert "nothing to read at the address itself (status 404)" in try_out(make("http"))


def test_a_connection_that_is_off_or_incomplete_is_not_tried(make, sandbox):
    connection = make("slack", token="")
    assert failed(connection) == "connection_incomplete"

    Connection.objects.filter(pk=connection.pk).update(is_active=False)
    assert failed(connection) == "connection_off"
    assert sandbox.received() == []


def test_teams_is_tried_by_posting(tenant, sandbox):
    connection = Connection.objects.create(
        tenant=tenant,
        key="teams",
        name="Teams",
        kind="teams",
        secrets={"webhook_url": f"{sandbox.base_url}/teams/0123456789abcdef"},
    )

    assert try_out(connection) == "Teams took the message. Look into the channel."

    [received] = sandbox.received("teams")
    assert "A trial of the connection" in received.text
