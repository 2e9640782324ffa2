"""Named in DATABASES; Django finds the backend in a module of this name."""

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool

Connection = psycopg.Connection[Any]


class CheckedPool(ConnectionPool[Connection]):
    """Looks at a connection before lending it, without asking the server.

    psycopg's own check is a round trip each time (Django's CONN_HEALTH_CHECKS), and after a dead
    connection it waits for a second and more; after an outage all of them are dead at once.
    """

    def getconn(self, timeout: float | None = None) -> Connection:
        """Return a connection that was not cut while it was idle. Raises PoolTimeout."""
        while True:
            found = super().getconn(timeout)
            if not _has_something_to_read(found) or self._answers(found):
                return found
            found.close()
            self.putconn(found)  # for the pool to replace it

    def _answers(self, connection: Connection) -> bool:
        try:
            self.check_connection(connection)
        except psycopg.Error:
            return False
        return True


def _has_something_to_read(connection: Connection) -> bool:
    """Whether an idle connection has news: nearly always the server's farewell, or the end."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)  # errors are reported in any case
    return bool(poll.poll(0))


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL with a CheckedPool."""

    _connection_pools: dict[str, ConnectionPool[Connection]]  # of all threads; not in the stubs

    @property
    def pool(self) -> Any:
        """Return the pool, which Django would make without a way to choose its class."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if options and self.alias not in self._connection_pools:
            made = CheckedPool(
                kwargs={**self.get_connection_params(), "autocommit": True},
                open=False,
                configure=self._configure_connection,  # type: ignore[attr-defined]  # nor is this
                **options,
            )
            # As Django does it: of several threads, the first one's is taken.
            self._connection_pools.setdefault(self.alias, made)
        return super().pool  # type: ignore[misc]  # nor is this
