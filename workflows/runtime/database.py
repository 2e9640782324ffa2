"""Raw cursors on Django's connections, for the statements that must be fast; the database's clock.

And what an error of theirs means: trouble, after which the same may succeed, or a refusal.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

import psycopg
from django.db import Error, InterfaceError, OperationalError, connections

from tenants.core.database.prepared import Row, cursor_of, execute, execute_on
from tenants.core.json.jsontext import loads, storable_text

__all__ = [
    "Row",
    "as_json",
    "database_clock",
    "database_now",
    "execute",
    "is_timeout",
    "is_trouble",
    "reconnect",
    "release",
    "released",
    "rows",
]

# Classes of SQLSTATE: a lost connection, a rollback for the sake of others, resources used up, an
# operator's doing, the server's own faults.
_TROUBLE_CLASSES: Final = frozenset({"08", "40", "53", "57", "58", "F0", "XX"})
_TROUBLE: Final = frozenset(
    # A lock that did not come in time; a standby, after a failover; a session that idled.
    {"55P03", "55006", "25006", "25P02", "25P03"}
    # A plan or a statement that the server no longer has as it was prepared.
    | {"0A000", "26000"}
)

_STATEMENT_TIMEOUT: Final = "57014"


def rows(statement: str, values: Mapping[str, Any]) -> Sequence[Row]:
    """Run a named statement and return what it found. Raises Django's database errors.

    Text goes in without what PostgreSQL refuses in it: no name, message or code from outside is a
    reason for a run's row not to be written.
    """
    if not all(map(_is_fit, values.values())):
        values = {
            name: storable_text(value) if isinstance(value, str) else value
            for name, value in values.items()
        }
    wrapper: Any = connections["default"]
    if wrapper.connection is None and wrapper.pool:
        return _on_borrowed(wrapper, statement, values)
    return execute_on(wrapper, statement, values).fetchall()


def _is_fit(value: Any) -> bool:
    """Whether it is no text that has to be looked at closer."""
    return not isinstance(value, str) or (value.isascii() and "\0" not in value)


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
            return cursor_of(raw).execute(statement, values, prepare=True).fetchall()
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


def reconnect() -> None:
    """Drop this thread's connection, after trouble with it: the next statement gets another."""
    wrapper = connections["default"]
    if wrapper.connection is not None and not wrapper.in_atomic_block:
        wrapper.close()


def is_trouble(error: BaseException) -> bool:
    """Whether the database could not do it now, and is not to blame for what it was asked."""
    if not isinstance(error, Error):
        return False
    state = _sqlstate(error)
    if state is None:
        # No answer of the server: no connection, none of the pool in time, or one that broke.
        return isinstance(error, OperationalError | InterfaceError)
    return state[:2] in _TROUBLE_CLASSES or state in _TROUBLE


def is_timeout(error: BaseException) -> bool:
    """Whether a statement took longer than it may: the same one may well do so again."""
    return _sqlstate(error) == _STATEMENT_TIMEOUT


def _sqlstate(error: BaseException) -> str | None:
    state: str | None = getattr(error.__cause__ or error, "sqlstate", None)
    return state


class _Released(AbstractContextManager[None]):
    """Holds nothing, so that there is one of it: a generator costs more, at each write of a run."""

    def __exit__(self, *_error: object) -> None:
        release()


_RELEASED: Final = _Released()


def released() -> AbstractContextManager[None]:
    """Give the connection back after the block, whatever happened in it."""
    return _RELEASED


def as_json(value: Any) -> Any:
    """Read a jsonb column of a raw cursor; Django leaves it as text on its connections."""
    return loads(value) if isinstance(value, str | bytes) else value


@dataclass(frozen=True, slots=True)
class DatabaseClock:
    """Tells the database's time without asking again: the monotonic clock never jumps."""

    known: datetime
    at: float  # monotonic seconds when `known` was read

    @classmethod
    def read_as(cls, known: datetime) -> "DatabaseClock":
        """Start from what the database just said."""
        return cls(known, monotonic())

    def now(self) -> datetime:
        """Return the database's time, to within the round trip of the first look."""
        return self.known + timedelta(seconds=monotonic() - self.at)
