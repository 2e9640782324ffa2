"""The demo's database: on the embedded server, or on the one that DATABASE_URL names."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from config.demo.errors import ForeignDatabase
from config.demo.interruption import Interruption
from config.postgres import server
from config.postgres.address import DatabaseAddress
from config.postgres.run import stop_after_the_last

SESSIONS_SECONDS: Final = 10.0
_HOLDS_OTHER_DATA: Final = """
SELECT EXISTS (SELECT FROM users) AND NOT EXISTS (SELECT FROM tenants WHERE key = 'cedar')
"""


def kept_database(interruption: Interruption) -> AbstractContextManager[DatabaseAddress]:
    """Return the database that every `make demo` finds again.

    Entering raises PostgresError, ForeignDatabase and errors of the database.
    """
    given = _given()
    return _embedded(interruption) if given is None else _unless_foreign(given)


def passing_database(interruption: Interruption) -> AbstractContextManager[DatabaseAddress]:
    """Return one for a single check. Without DATABASE_URL, the whole data directory is one's own.

    Entering raises the same errors.
    """
    given = _given()
    return _embedded(interruption) if given is None else _made_for_now(given)


def _given() -> DatabaseAddress | None:
    url = os.environ.get("DATABASE_URL")
    return DatabaseAddress(url, os.environ.get("DATABASE_OWNER_URL") or url) if url else None


@contextmanager
def _embedded(interruption: Interruption) -> Iterator[DatabaseAddress]:
    try:
        # The same lock as `python -m config.postgres run`: the last user stops the server.
        with server.lock("postgres.users.lock", fcntl.LOCK_SH):
            with interruption.deferred():
                address = server.start(temporary=True)
            yield address
    finally:
        stop_after_the_last()


@contextmanager
def _unless_foreign(address: DatabaseAddress) -> Iterator[DatabaseAddress]:
    # Before the migrations: a database that is not the demo's is not touched at all.
    with psycopg.connect(address.owner_url, connect_timeout=5) as connection:
        found = connection.execute("SELECT to_regclass('users'), to_regclass('tenants')").fetchone()
        if found is not None and None not in found:
            holds = connection.execute(_HOLDS_OTHER_DATA).fetchone()
            if holds and holds[0]:
                raise ForeignDatabase
    yield address


@contextmanager
def _made_for_now(address: DatabaseAddress) -> Iterator[DatabaseAddress]:
    name = f"sayr_check_{os.getpid()}"
    _execute(address.owner_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield DatabaseAddress(
            make_conninfo(address.app_url, dbname=name),
            make_conninfo(address.owner_url, dbname=name),
        )
    finally:
        _drop(address.owner_url, name)


def _drop(url: str, name: str) -> None:
    deadline = time.monotonic() + SESSIONS_SECONDS
    while True:
        try:
            return _execute(url, sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        except psycopg.errors.ObjectInUse:
            # The session of a process that has just ended. The owner's role cannot end it.
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)  # noqa: TID251 - a person's command, not a worker


def _execute(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        connection.execute(statement)
