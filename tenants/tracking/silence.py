"""Changes that nobody may hear of, because the transaction they belong to is rolled back."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_silent: ContextVar[bool] = ContextVar("silence", default=False)


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
