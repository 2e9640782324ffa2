"""The connections that workers lend their slots: none that was cut while it lay idle."""

from threading import Thread
from time import monotonic

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.utils import ConnectionHandler

from config import environment
from tenants.models.tenant import Tenant
from tests.support.live import wait_until
from workflows.runtime.database import release, rows

pytestmark = pytest.mark.django_db(transaction=True)

SIZE = 4


@pytest.fixture
def pool(monkeypatch):
    """Give this process the connections of a worker; yield their pool."""
    monkeypatch.setenv("SAYR_WORKER_CONNECTIONS", str(SIZE))
    address = {name: connection.settings_dict[name] for name in ADDRESS}
    database = {**environment.database("worker"), **address}
    database["OPTIONS"]["pool"]["min_size"] = SIZE
    handler = ConnectionHandler({"default": database})
    pool = handler["default"].pool
    pool.open(wait=True)
    monkeypatch.setattr(pool, "handler", handler, raising=False)
    yield pool
    handler["default"].close_pool()


ADDRESS = ("NAME", "USER", "PASSWORD", "HOST", "PORT")


def by_raw_statement():
    rows("SELECT 1", {})


def in_a_transaction():
    with transaction.atomic():
        rows("SELECT 1", {})
    release()


def by_the_orm():
    Tenant.objects.count()
    release()


def cut_all(pool):
    """End the sessions of the pool's idle connections, as a restart or a firewall does."""
    pids = [one.info.backend_pid for one in pool._pool]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(pg_terminate_backend(pid)) FROM unnest(%s) AS pid", [pids])
        wait_until(lambda: not alive(cursor, pids))
    return pids


def alive(cursor, pids):
    cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)", [pids])
    return cursor.fetchone()[0]


def on_a_slot(pool, work):
    """Do it on a thread with the pool's connections; return what it raised."""
    raised = []

    def slot():
        connections["default"] = pool.handler["default"]
        try:
            work()
        except DatabaseError as trouble:
            raised.append(trouble)

    thread = Thread(target=slot)
    thread.start()
    thread.join()
    return raised


@pytest.mark.parametrize("way", [by_raw_statement, in_a_transaction, by_the_orm])
def test_a_connection_that_was_cut_is_not_lent(pool, way):
    assert on_a_slot(pool, way) == []
    wait_until(lambda: len(pool._pool) == SIZE)
    cut = cut_all(pool)
    begun = monotonic()

    raised = [on_a_slot(pool, way) for _ in range(SIZE)]

    assert raised == [[]] * SIZE
    assert monotonic() - begun < 2
    wait_until(lambda: len(pool._pool) == SIZE)
    assert not {one.info.backend_pid for one in pool._pool} & set(cut)


def test_a_connection_with_harmless_news_is_kept(pool):
    before = {one.info.backend_pid for one in pool._pool}
    for one in list(pool._pool):
        one.execute("LISTEN harmless")
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY harmless")

    assert [on_a_slot(pool, by_raw_statement) for _ in range(SIZE)] == [[]] * SIZE

    assert {one.info.backend_pid for one in pool._pool} == before


def test_slots_count_in_utc(pool):
    found = []
    on_a_slot(pool, lambda: found.extend(rows("SHOW timezone", {})))

    assert found == [("UTC",)]
