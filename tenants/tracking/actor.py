"""Who is acting in this thread, so that what their saves cause can name them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_actor: ContextVar[str] = ContextVar("actor", default="")


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
