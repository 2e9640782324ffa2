"""Raw cursors on Django's connections, for the statements that must be fast."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection

from tenants.jsontext import loads

Row = tuple[Any, ...]


def execute(statement: str, values: Mapping[str, Any]) -> "psycopg.Cursor[Row]":
    """Run a named statement on this thread's connection, in its transaction if there is one.

    Prepared on the server and bound there: 0.3 ms less a run than Django's cursor (measured).
    Raises Django's database errors.
    """
    with connection.wrap_database_errors:
        connection.ensure_connection()
        raw: psycopg.Connection[Row] = connection.connection
        # A plain cursor: Django's own binds on the client.
        cursor = psycopg.Cursor(raw)
        return cursor.execute(statement, values, prepare=True)


def rows(statement: str, values: Mapping[str, Any]) -> Sequence[Row]:
    """Run a named statement and return what it found."""
    return execute(statement, values).fetchall()


def database_now() -> datetime:
    """Return the database's clock: the only one that leases and due dates know."""
    return rows("SELECT now()", {})[0][0]  # type: ignore[no-any-return]


def release() -> None:
    """Give this thread's connection back to the pool, where there is one."""
    if "pool" in connection.settings_dict["OPTIONS"] and not connection.in_atomic_block:
        connection.close()


@contextmanager
def released() -> Iterator[None]:
    """Give the connection back after the block, whatever happened in it."""
    try:
        yield
    finally:
        release()


def as_json(value: Any) -> Any:
    """Read a jsonb column of a raw cursor; Django leaves it as text on its connections."""
    return loads(value) if isinstance(value, str | bytes) else value
