"""A transaction of which nothing stays: no row, no event, no wake-up, no hook after the commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection, transaction

from actions.remembered import remembering
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from tenants.tracking.signals import silence

# It takes real locks on real rows: it neither waits long for them nor holds on to a slow query.
# What the database would refuse at the commit it has to refuse at once: there is no commit.
GUARD: Final = (
    "SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '2s'; "
    "SET CONSTRAINTS ALL IMMEDIATE"
)


class _UndoDryRun(Exception):
    """Rolls back."""


@contextmanager
def undone(tenant: Tenant) -> Iterator[None]:
    """Roll back whatever the block does."""
    try:
        with tenant_scope(tenant), silence(), remembering():
            with connection.cursor() as cursor:
                cursor.execute(GUARD)
            yield
            raise _UndoDryRun
    except _UndoDryRun:
        return


class Rollback:
    """Takes the database back to where it was, if anything was done to it."""

    def __init__(self) -> None:
        self._savepoint: str | None = None
        self._is_changed = False

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Undo what the block did if it fails: all of a dry run is one transaction.

        Where nothing was done before it, going back undoes just that: of the five statements
        around a write, two less.
        """
        if self._is_changed:
            with transaction.atomic():
                yield
            return
        if self._savepoint is None:
            self._savepoint = transaction.savepoint()
        self._is_changed = True
        try:
            yield
        except Exception:
            # What the block left unusable is undone with it.
            transaction.set_rollback(False)
            self.go_back()
            raise

    def go_back(self) -> None:
        """Undo what was done since; the savepoint serves again."""
        if self._savepoint is not None and self._is_changed:
            transaction.savepoint_rollback(self._savepoint)
            self._is_changed = False
