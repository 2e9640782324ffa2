"""Secrets go in and never come out; each kind is asked for what it needs."""

import pytest
from django.urls import reverse

from actions.models.connection import REQUIRED_SECRETS, Connection, ConnectionKind

ADD = "/admin/actions/connection/add/"


def change(connection):
    return reverse("admin:actions_connection_change", args=[connection.pk])


def errors(answer):
    return answer.context["adminform"].form.errors


def test_the_kind_is_asked_for_first(ops):
    content = ops.get(ADD).content.decode()

    for kind in ConnectionKind:
        assert f"?kind={kind.value}" in content


@pytest.mark.parametrize("kind", ConnectionKind)
def test_each_kind_is_asked_for_what_it_needs(kind, ops, tenant):
    answer = ops.post(f"{ADD}?kind={kind.value}", {"tenant": tenant.pk, "name": "N", "key": "k"})

    missing = set(errors(answer)) if answer.status_code == 200 else set()
    assert missing >= set(REQUIRED_SECRETS.get(kind, ()))
    assert Connection.objects.exists() == (not missing)


def test_a_connection_is_made_with_its_settings_and_secrets(ops, tenant):
    ops.post(
        f"{ADD}?kind=smtp",
        {
            "tenant": tenant.pk,
            "name": "Mail",
            "key": "mail",
            "is_active": "on",
            "host": "smtp.example.com",
            "port": "465",
            "use_ssl": "on",
            "username": "",
            "password": "hush",
        },
    )

    made = Connection.objects.get()
    assert (made.tenant, made.kind, made.is_active) == (tenant, "smtp", True)
    assert made.settings == {"host": "smtp.example.com", "port": 465, "use_ssl": True}
    assert made.open_secrets() == {"password": "hush"}


def test_no_page_shows_a_secret(ops, whatsapp):
    for address in (change(whatsapp), "/admin/actions/connection/"):
        content = ops.get(address).content.decode()
        assert "EAAG" not in content
        assert whatsapp.secrets.token not in content


def test_a_secret_left_empty_stays(ops, whatsapp):
    ops.post(change(whatsapp), {"name": "Renamed", "phone_number_id": "777", "access_token": ""})

    whatsapp.refresh_from_db()
    assert (whatsapp.name, whatsapp.is_active) == ("Renamed", False)
    assert whatsapp.settings == {"phone_number_id": "777", "unknown": "kept"}
    assert whatsapp.open_secrets() == {"access_token": "EAAG-very-secret"}


def test_a_typed_secret_replaces_the_stored_one(ops, whatsapp):
    ops.post(change(whatsapp), {"name": "S", "phone_number_id": "5", "access_token": "new"})

    whatsapp.refresh_from_db()
    assert whatsapp.open_secrets() == {"access_token": "new"}


def test_a_secret_does_not_follow_the_connection_to_another_server(ops, whatsapp):
    values = {"name": "S", "phone_number_id": "5", "base_url": "https://evil.example"}

    answer = ops.post(change(whatsapp), values)

    assert set(errors(answer)) == {"access_token"}
    whatsapp.refresh_from_db()
    assert whatsapp.open_secrets() == {"access_token": "EAAG-very-secret"}

    ops.post(change(whatsapp), {**values, "access_token": "typed again"})

    whatsapp.refresh_from_db()
    assert whatsapp.open_secrets() == {"access_token": "typed again"}


def test_a_password_does_not_follow_the_mail_server(ops, tenant):
    mail = Connection.objects.create(
        tenant=tenant,
        key="mail",
        name="Mail",
        kind="smtp",
        settings={"host": "a.example", "port": 25},
        secrets={"password": "hush"},
    )

    answer = ops.post(change(mail), {"name": "Mail", "host": "b.example", "port": "25"})

    assert set(errors(answer)) == {"password"}


def test_secrets_that_cannot_be_read_are_asked_for_again(ops, whatsapp, settings):
    settings.SAYR_ENCRYPTION_KEYS = ["b25seS1mb3ItdGhpcy1jaGVjay0wMTIzNDU2Nzg5LWE="]

    answer = ops.post(change(whatsapp), {"name": "S", "phone_number_id": "5"})

    assert "cannot be read" in str(errors(answer)["access_token"])

    ops.post(change(whatsapp), {"name": "S", "phone_number_id": "5", "access_token": "new"})

    whatsapp.refresh_from_db()
    assert whatsapp.open_secrets() == {"access_token": "new"}


def test_a_missing_setting_is_named_at_its_field(ops, whatsapp):
    answer = ops.post(change(whatsapp), {"name": "S", "phone_number_id": ""})

    assert set(errors(answer)) == {"phone_number_id"}


def test_support_sees_the_settings_and_no_secret(client, support_user, whatsapp):
    client.force_login(support_user)

    content = client.get(change(whatsapp)).content.decode()

    assert "555" in content
    assert 'type="password"' not in content


def test_a_connection_can_be_deleted_by_operations(ops, whatsapp):
    ops.post(reverse("admin:actions_connection_delete", args=[whatsapp.pk]), {"post": "yes"})

    assert not Connection.objects.exists()
