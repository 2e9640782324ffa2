"""What change tracking sends: the changes, whose doing they are, and whether anybody hears."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import models
from django.dispatch import Signal

from tenants.tracking.sql import Values

# Sent with `changes: list[RecordChange]`, inside the transaction that makes them. `send`, not
# `send_robust`: a listener that cannot record an event must undo the save it belongs to.
records_changed = Signal()

# What an update of 90,000 rows tells in one piece: its listeners build something of each.
MAX_TOLD_AT_ONCE: Final = 1000

_actor: ContextVar[str] = ContextVar("actor", default="")
# Set in a transaction that is rolled back: nobody may hear of its changes.
_is_silent: ContextVar[bool] = ContextVar("silence", default=False)


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One row, before and after, as the database has it."""

    model: type[models.Model]  # the one with the table, for a proxy too
    id: UUID
    tenant_id: UUID
    previous: Mapping[str, Any] | None  # None: the row is new
    current: Mapping[str, Any]

    @property
    def changed_fields(self) -> frozenset[str]:
        """Names of the fields whose value differs; of a new row, all of them."""
        if self.previous is None:
            return frozenset(self.current)
        return frozenset(
            name for name, value in self.current.items() if self.previous.get(name) != value
        )


def tell(model: type[models.Model], rows: Sequence[tuple[Values | None, Values]]) -> None:
    """Tell of the rows, before and after, that are new or differ now."""
    table: Any = model._meta.concrete_model
    told = [(before, after) for before, after in rows if before != after]
    for start in range(0, len(told), MAX_TOLD_AT_ONCE):
        some = told[start : start + MAX_TOLD_AT_ONCE]
        changes = [_change(table, before, after) for before, after in some]
        records_changed.send(sender=table, changes=changes)


def _change(table: Any, before: Values | None, after: Values) -> RecordChange:
    return RecordChange(table, after[table._meta.pk.attname], after["tenant_id"], before, after)


def current_actor() -> str:
    """Return who acts, as “kind:name”; "" if nobody said."""
    return _actor.get()


@contextmanager
def acting_as(actor: str) -> Iterator[None]:
    """Everything saved in the block is the doing of `actor`."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def is_silent() -> bool:
    """Whether a dry run is under way in this thread.

    For an application's own signal handlers, too: what they do outside the database stays.
    """
    return _is_silent.get()


@contextmanager
def silence() -> Iterator[None]:
    """Let changes in the block fire no events."""
    token = _is_silent.set(True)
    try:
        yield
    finally:
        _is_silent.reset(token)
