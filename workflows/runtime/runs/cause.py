"""Which run is acting right now, so that the events it causes can name it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Cause:
    """A run, and how many runs stand between it and the first event of the chain."""

    run_id: UUID
    definition_id: UUID
    depth: int


_acting: ContextVar[Cause | None] = ContextVar("acting_run", default=None)


def acting_run() -> Cause | None:
    """Return the run whose action is being carried out in this thread, if any."""
    return _acting.get()


@contextmanager
def acting(cause: Cause) -> Iterator[None]:
    """Everything saved in the block is the doing of this run."""
    token = _acting.set(cause)
    try:
        yield
    finally:
        _acting.reset(token)
