"""Ctrl+C and SIGTERM: the first ends the demo cleanly, the second at once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class DemoInterrupted(BaseException):
    """Somebody asked the demo to end. No error: nothing but the very end catches it."""


class Interruption:
    """What was asked for so far. Made once, in the main thread."""

    def __init__(self) -> None:
        self.is_expected = False  # the demo is ending: no need to interrupt it
        self.is_urgent = False
        self._is_deferred = False

    def listen(self) -> None:
        """Raise Interrupted in the main thread when a signal comes."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Do this to its end, and only then what was asked for in the meantime."""
        self._is_deferred = True
        try:
            yield
        finally:
            self._is_deferred = False
        if self.is_expected:
            raise DemoInterrupted

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_expected:
            self.is_urgent = True
            return
        self.is_expected = True
        if not self._is_deferred:
            raise DemoInterrupted
