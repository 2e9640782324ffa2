"""What an action would send: shown, not sent, without secrets, refused as sending would be."""

import pytest

from actions import registry
from actions.errors import PermanentFailure
from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from actions.remembered import remembering
from actions.spec import Effect


@pytest.fixture(autouse=True)
def nobody_calls_out(monkeypatch):
    """Fail if anything leaves the house."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("a preview called out")

    monkeypatch.setattr("actions.outbound.client._open", refuse)
    monkeypatch.setattr("actions.mail.delivery._backend", refuse)


def connect(tenant, kind, secrets, **settings):
    return Connection.objects.create(
        tenant=tenant, key=kind, name=kind, kind=kind, settings=settings, secrets=secrets
    )


def preview(name, params, context):
    return registry.get(name).preview(params, context)


def test_every_action_that_calls_out_says_what_it_would_send():
    outgoing = [one for one in registry.all_actions() if one.effect is not Effect.DATABASE]

    assert [one.name for one in outgoing if one.preview is None and not one.is_local] == []
    assert [one.name for one in outgoing if one.preview is not None and one.is_local] == []


def test_a_whatsapp_message_as_it_would_be_read(tenant, as_tenant):
    connect(tenant, "whatsapp", {"access_token": "wa-secret"}, phone_number_id="1")
    MessageTemplate.objects.create(
        tenant=tenant,
        key="hello",
        name="Hello",
        channel="whatsapp",
        parameters=["name"],
        text="Hello {{1}}!",
    )
    params = {"phone": "03 123 456", "template": "hello", "template_vars": {"name": "Rana"}}

    shown = preview("whatsapp_notify", params, as_tenant)

    assert (shown.kind, shown.to) == ("whatsapp", ("+9613123456",))
    assert shown.content["text"] == "Hello Rana!"
    assert shown.output["text"] == "Hello Rana!"
    assert not shown.is_guess
    assert "wa-secret" not in repr(shown)


def test_a_whatsapp_message_that_could_not_be_sent(tenant, as_tenant):
    with pytest.raises(PermanentFailure) as failure:
        preview("whatsapp_notify", {"phone": "03 123 456", "template": "none"}, as_tenant)

    assert failure.value.code == "template_unknown"


def test_a_mail_with_everybody_who_would_get_it(tenant, as_tenant):
    params = {
        "to": ["Rana <rana@x.example>"],
        "bcc": ["boss@x.example"],
        "subject": "Hello",
        "text": "Text",
        "html": "<p>Text</p>",
        "from": "shop@x.example",
    }

    shown = preview("send_email", params, as_tenant)

    assert shown.to == ("Rana <rana@x.example>", "boss@x.example")
    assert shown.content["subject"] == "Hello"
    assert shown.content["bcc"] == ["boss@x.example"]
    assert shown.output["refused"] == {}


def test_a_message_to_a_team(tenant, as_tenant):
    connect(tenant, "teams", {"webhook_url": "https://teams.example/secret-path"})

    shown = preview("team_notify", {"text": "Hi", "title": "T", "color": "red"}, as_tenant)

    assert (shown.kind, shown.to) == ("teams", ("teams",))
    assert shown.content == {"title": "T", "text": "Hi", "color": "red"}
    assert "secret-path" not in repr(shown)


@pytest.mark.parametrize(
    "place", [{}, {"secret_in": {"query": "key"}}, {"secret_in": {"body": "key"}}]
)
def test_a_request_shows_where_its_secret_goes_and_not_what_it_is(tenant, as_tenant, place):
    connect(tenant, "http", {"token": "top-secret-1"}, base_url="https://crm.example", **place)
    params = {
        "url": "/orders?x=top-secret-1",
        "connection": "http",
        "body": {"a": 1},
        "response": {"pick": {"deal_id": "body.id"}},
    }

    shown = preview("webhook", params, as_tenant)

    assert (shown.kind, shown.to, shown.is_guess) == ("http", ("crm.example",), True)
    assert shown.content["method"] == "POST"
    assert shown.content["body"]["a"] == 1
    assert "secret" in repr(shown.content)
    assert "top-secret-1" not in repr(shown)
    assert shown.output == {"status": 200, "deal_id": "«deal_id»"}


def test_an_address_that_would_be_refused(tenant, as_tenant):
    with pytest.raises(PermanentFailure) as failure:
        preview("webhook", {"url": "ftp://x.example/"}, as_tenant)

    assert failure.value.code == "bad_address"


def test_a_template_is_looked_up_once_while_nothing_can_change(
    tenant, as_tenant, django_assert_num_queries
):
    MessageTemplate.objects.create(
        tenant=tenant, key="m", name="M", channel="email", subject="S", text="T"
    )
    params = {"to": ["a@x.example"], "template": "m", "from": "shop@x.example"}

    with remembering(), django_assert_num_queries(2):
        for _ in range(3):
            preview("send_email", params, as_tenant)
    with django_assert_num_queries(2):
        preview("send_email", params, as_tenant)
