"""Ctrl+C and SIGTERM: the first ends the demo cleanly, the second at once."""

import signal
from types import FrameType


class Interrupted(BaseException):
    """Somebody asked the demo to end. No error: nothing but the very end catches it."""


class Interruption:
    """What was asked for so far. Made once, in the main thread."""

    def __init__(self) -> None:
        self.is_expected = False  # the demo is ending: no need to interrupt it
        self.is_urgent = False

    def listen(self) -> None:
        """Raise Interrupted in the main thread when a signal comes."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_expected:
            self.is_urgent = True
            return
        self.is_expected = True
        raise Interrupted
