"""The demo's database: the embedded server, or the one that DATABASE_URL names."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from config.demo.errors import ForeignDatabase
from config.postgres import server
from config.postgres.address import Address

_HOLDS_OTHER_DATA = """
SELECT EXISTS (SELECT FROM users) AND NOT EXISTS (SELECT FROM tenants WHERE key = 'cedar')
"""


@contextmanager
def database() -> Iterator[Address]:
    """Make sure that there is one; stop the embedded server afterwards if nobody else uses it.

    Raises PostgresError, ForeignDatabase.
    """
    own = os.environ.get("DATABASE_URL")
    if own:
        address = Address(own, os.environ.get("DATABASE_OWNER_URL") or own)
        _refuse_other_data(address.owner_url)
        yield address
        return
    try:
        # The same lock as `python -m config.postgres run`: the last user stops the server.
        with server.lock("postgres.users.lock", fcntl.LOCK_SH):
            yield server.start(temporary=True)
    finally:
        _stop_after_the_last()


def _stop_after_the_last() -> None:
    try:
        with server.lock("postgres.users.lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
            server.stop_if_temporary()
    except BlockingIOError:
        pass  # a test run still uses it, and will stop it


def _refuse_other_data(url: str) -> None:
    # Before the migrations: a database that is not the demo's is not touched at all.
    with psycopg.connect(url, connect_timeout=5) as connection:
        found = connection.execute("SELECT to_regclass('users'), to_regclass('tenants')").fetchone()
        if found is None or None in found:
            return
        holds = connection.execute(_HOLDS_OTHER_DATA).fetchone()
    if holds and holds[0]:
        raise ForeignDatabase
