"""The button that tries a connection."""

import pytest
from django.urls import reverse

from actions.models.connection import Connection


def press(client, connection, **data):
    """Press the button; return the page that follows."""
    address = reverse("admin:actions_connection_test", args=[connection.pk])
    return client.post(address, data, follow=True)


@pytest.fixture
def whatsapp(tenant, sandbox):
    return Connection.objects.create(
        tenant=tenant,
        key="whatsapp",
        name="Shop",
        kind="whatsapp",
        settings={"base_url": sandbox.base_url, "phone_number_id": "555"},
        secrets={"access_token": "right"},
    )


@pytest.fixture
def teams(tenant, sandbox):
    return Connection.objects.create(
        tenant=tenant,
        key="teams",
        name="Teams",
        kind="teams",
        secrets={"webhook_url": f"{sandbox.base_url}/teams/0123456789abcdef"},
    )


def test_the_page_says_how_the_trial_went(ops, whatsapp):
    answer = press(ops, whatsapp)

    assert "WhatsApp knows the number +961 3 000 000" in answer.content.decode()


def test_a_failed_trial_says_what_to_do(ops, whatsapp):
    whatsapp.secrets = {"access_token": "wrong"}
    whatsapp.save()

    content = press(ops, whatsapp).content.decode()

    assert "WhatsApp does not accept the access token" in content
    assert "wrong" not in content.partition("WhatsApp does not accept")[2][:200]


def test_teams_posts_only_after_a_tick(ops, teams, sandbox):
    assert "Tick the box first." in press(ops, teams).content.decode()
    assert sandbox.received("teams") == []

    press(ops, teams, may_post="yes")
    assert len(sandbox.received("teams")) == 1


def test_only_operations_of_the_company_try(client, support_user, other_ops_user, whatsapp):
    address = reverse("admin:actions_connection_test", args=[whatsapp.pk])

    client.force_login(support_user)
    assert client.post(address).status_code == 403
    assert (
        "Try the connection"
        not in client.get(
            reverse("admin:actions_connection_change", args=[whatsapp.pk])
        ).content.decode()
    )
    client.force_login(other_ops_user)
    assert client.post(address).status_code == 404
    client.logout()
    assert client.post(address).status_code == 302


def test_reading_the_address_tries_nothing(ops, whatsapp):
    assert ops.get(reverse("admin:actions_connection_test", args=[whatsapp.pk])).status_code == 403
