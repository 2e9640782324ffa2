"""A step gives its database connection back before it waits, when that is safe."""

import pytest
from django.db import connection

from actions.outbound.client import send
from actions.outbound.request import Request
from actions.tables import database


@pytest.fixture
def closed(monkeypatch):
    """Count closings of the connection instead of closing it."""
    count = []
    monkeypatch.setattr(connection, "close", lambda: count.append(1))
    return count


@pytest.fixture
def pooled(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {"pool": True})


@pytest.mark.django_db(transaction=True)
def test_a_pooled_connection_is_given_back_before_calling_out(sandbox, pooled, closed):
    send(Request("GET", f"{sandbox.base_url}/hook/a"), idempotency_key="k", timeout_seconds=3)

    assert closed == [1]


@pytest.mark.django_db(transaction=True)
def test_a_connection_without_a_pool_is_kept(monkeypatch, closed):
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {})

    database.release_database()

    assert closed == []


@pytest.mark.django_db  # each such test runs in a transaction
def test_a_transaction_keeps_its_connection(closed, monkeypatch):
    assert connection.in_atomic_block
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {"pool": True})

    database.release_database()

    assert closed == []
