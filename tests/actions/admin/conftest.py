"""A connection of the first tenant."""

import pytest

from actions.models.connection import Connection


@pytest.fixture
def ops(client, ops_user):
    """A browser in which somebody of Operations is logged in."""
    client.force_login(ops_user)
    return client


@pytest.fixture
def whatsapp(tenant):
    """A connection with a secret."""
    return Connection.objects.create(
        tenant=tenant,
        key="shop",
        name="Shop",
        kind="whatsapp",
        settings={"phone_number_id": "555", "unknown": "kept"},
        secrets={"access_token": "EAAG-very-secret"},
    )
