"""Raw cursors on Django's connections, for the statements that must be fast."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from django.db import connections

from tenants.jsontext import loads
from tenants.prepared import Row, execute

__all__ = [
    "Row",
    "as_json",
    "database_clock",
    "database_now",
    "execute",
    "release",
    "released",
    "rows",
]


def rows(statement: str, values: Mapping[str, Any]) -> Sequence[Row]:
    """Run a named statement and return what it found. Raises Django's database errors."""
    wrapper: Any = connections["default"]
    if wrapper.connection is None and wrapper.pool:
        return _on_borrowed(wrapper, statement, values)
    return execute(statement, values).fetchall()


def _on_borrowed(wrapper: Any, statement: str, values: Mapping[str, Any]) -> Sequence[Row]:
    """Run one statement outside of any transaction on a connection of the pool.

    Past the wrapper: all that it prepares for a connection takes longer than the statement.
    """
    pool = wrapper.pool
    pool.open()
    with wrapper.wrap_database_errors:
        raw: psycopg.Connection[Row] = pool.getconn()
        try:
            if not raw.autocommit:
                raw.autocommit = True
            return psycopg.Cursor(raw).execute(statement, values, prepare=True).fetchall()
        finally:
            pool.putconn(raw)


def database_now() -> datetime:
    """Return the database's clock: the only one that leases and due dates know."""
    return rows("SELECT now()", {})[0][0]  # type: ignore[no-any-return]


def database_clock() -> datetime:
    """Return the database's time at this moment, which `now()` is not: that is the transaction's.

    A row that was just written is older than this, by whatever host.
    """
    return rows("SELECT clock_timestamp()", {})[0][0]  # type: ignore[no-any-return]


def release() -> None:
    """Give this thread's connection back to the pool, where there is one."""
    wrapper = connections["default"]
    if wrapper.connection is None or wrapper.in_atomic_block:
        return
    if "pool" in wrapper.settings_dict["OPTIONS"]:
        wrapper.close()


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
