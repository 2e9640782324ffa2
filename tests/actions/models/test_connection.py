"""Secrets are stored sealed, for one tenant and one destination, and shown by nothing."""

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import IntegrityError, connection, transaction

from actions.models.connection import Connection
from actions.models.encryption import SecretsUnreadable

SECRET = "sk-live-0123456789"


@pytest.fixture
def crm(tenant):
    return Connection.objects.create(
        tenant=tenant,
        key="crm",
        name="CRM",
        kind="http",
        settings={"base_url": "https://crm.example.com/api"},
        secrets={"token": SECRET},
    )


def stored(row):
    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets FROM connections WHERE id = %s", [row.pk])
        return cursor.fetchone()[0]


def reloaded(row):
    return Connection.objects.get(pk=row.pk)


def unreadable(row):
    with pytest.raises(SecretsUnreadable) as error:
        reloaded(row).open_secrets()
    return error.value.code


def test_secrets_come_back_to_who_opens_them(crm):
    assert reloaded(crm).open_secrets() == {"token": SECRET}


def test_nothing_that_is_printed_or_dumped_shows_them(crm):
    shown = [
        stored(crm),
        repr(crm.secrets),
        str(crm.secrets),
        str(vars(reloaded(crm))),
        str(list(Connection.objects.values())),
        serializers.serialize("json", [reloaded(crm)]),
    ]

    assert all(SECRET not in text for text in shown)


def test_a_dump_can_be_loaded_again(crm):
    dump = serializers.serialize("json", [crm])
    Connection.objects.all().delete()

    for row in serializers.deserialize("json", dump):
        row.save()

    assert Connection.objects.get().open_secrets() == {"token": SECRET}


def test_saving_something_else_keeps_the_secrets_as_they_are(crm):
    before = stored(crm)
    row = reloaded(crm)
    row.name = "Another name"
    row.save()

    assert stored(crm) == before


def test_no_secrets_are_stored_as_nothing(crm):
    crm.secrets = {}
    crm.save()

    assert (stored(crm), reloaded(crm).open_secrets()) == ("", {})


def test_a_row_moved_to_another_tenant_does_not_open(crm, other_tenant):
    Connection.objects.filter(pk=crm.pk).update(tenant=other_tenant)

    assert unreadable(crm) == "connection_of_other_tenant"


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/api", "http://crm.example.com/api", "", "https://crm.example.com:8443"],
)
def test_a_row_pointed_elsewhere_does_not_open(crm, address):
    Connection.objects.filter(pk=crm.pk).update(settings={"base_url": address})

    assert unreadable(crm) == "connection_moved"


def test_another_path_on_the_same_server_opens(crm):
    Connection.objects.filter(pk=crm.pk).update(
        settings={"base_url": "https://CRM.example.com/api/v2"}
    )

    assert reloaded(crm).open_secrets() == {"token": SECRET}


def test_a_lost_key_is_a_clear_error(crm, settings):
    settings.SAYR_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(
        SecretsUnreadable, match="None of the keys in SAYR_ENCRYPTION_KEYS"
    ) as error:
        reloaded(crm).open_secrets()
    assert error.value.code == "connection_key_missing"


def test_without_keys_nothing_is_stored(tenant, settings):
    settings.SAYR_ENCRYPTION_KEYS = []

    with (
        pytest.raises(ImproperlyConfigured, match="SAYR_ENCRYPTION_KEYS is empty"),
        transaction.atomic(),
    ):
        Connection.objects.create(tenant=tenant, key="x", name="x", kind="http", secrets={"a": "b"})
    assert not Connection.objects.exists()


def test_keys_are_rotated(crm, settings):
    new = Fernet.generate_key().decode()
    settings.SAYR_ENCRYPTION_KEYS = [new, *settings.SAYR_ENCRYPTION_KEYS]

    count = Connection.objects.rotate_secrets()

    settings.SAYR_ENCRYPTION_KEYS = [new]
    assert (count, reloaded(crm).open_secrets()) == (1, {"token": SECRET})


def test_update_cannot_store_secrets_unsealed(crm):
    with pytest.raises(TypeError, match="sealed by save"), transaction.atomic():
        Connection.objects.filter(pk=crm.pk).update(secrets={"token": "plain"})

    assert reloaded(crm).open_secrets() == {"token": SECRET}


def test_many_at_once_are_sealed(tenant):
    Connection.objects.bulk_create(
        [Connection(tenant=tenant, key="a", name="a", kind="slack", secrets={"bot_token": SECRET})]
    )

    row = Connection.objects.get()
    assert SECRET not in stored(row)
    assert row.open_secrets() == {"bot_token": SECRET}


def test_a_key_is_once_per_tenant(crm, tenant, other_tenant):
    Connection.objects.create(tenant=other_tenant, key="crm", name="Theirs", kind="http")

    with pytest.raises(IntegrityError):
        Connection.objects.create(tenant=tenant, key="crm", name="Twice", kind="http")


@pytest.mark.parametrize(
    ("kind", "settings"), [("whatsapp", {}), ("smtp", {}), ("http", {"base_url": ""}), ("http", [])]
)
def test_settings_that_no_step_could_use_are_refused(tenant, kind, settings):
    row = Connection(tenant=tenant, key="x", name="x", kind=kind, settings=settings)

    with pytest.raises(ValidationError) as error:
        row.full_clean()
    assert list(error.value.message_dict) == ["settings"]


def test_a_kind_that_does_not_exist_is_refused(tenant):
    with pytest.raises(ValidationError) as error:
        Connection(tenant=tenant, key="x", name="x", kind="fax").full_clean()
    assert list(error.value.message_dict) == ["kind"]
