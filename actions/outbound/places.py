"""A place for a call at a remote host: whoever executes the step says how many there are.

Not every caller shares places: a preview, a test page and a chore of a host's own have nobody who
counts, and call at once.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Final, Protocol


class NoPlace(BaseException):
    """The host has as many calls under way as it may: nothing was sent, come again later.

    Not an Exception: no action may take it for a failure of the call.
    """

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host


class Counter(Protocol):
    """Counts the calls of one step."""

    def place(self, host: str) -> AbstractContextManager[object]:
        """Hold a place while the call is under way. Raises NoPlace on entry."""


_counter: Final[ContextVar[Counter | None]] = ContextVar("counter_of_calls", default=None)


@contextmanager
def counted_by(counter: Counter | None) -> Iterator[None]:
    token = _counter.set(counter)
    try:
        yield
    finally:
        _counter.reset(token)


def place_at(host: str) -> AbstractContextManager[object]:
    """Hold a place at a host for a call. Raises NoPlace on entry, before anything was sent."""
    counter = _counter.get()
    return nullcontext() if counter is None else counter.place(host)
