"""The beats of a dispatcher, on a thread of their own.

Two things are said: that the main thread gives signs of life, and that some thread got the
interpreter at all.

A database that answers slowly must not make the supervisor shoot a worker in the middle of its
steps; a main thread that hangs must not go on beating for ever.
"""

from threading import Event, Thread
from time import monotonic
from typing import Final

from workflows.runtime.workers.board import Board
from workflows.runtime.workers.process import beat

HEART_SECONDS: Final = 0.1
BEAT_SECONDS: Final = 1.0
# Longer than all of a dispatcher's statements in turn, each at its time-out (session.py), may take.
HUNG_SECONDS: Final = 40.0


class Pulse:
    """Beats while the dispatcher's main thread gives signs of life."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._touched = monotonic()
        self._stopped = Event()
        beat(board=board.descriptor)
        Thread(target=self._beat, daemon=True).start()

    def touch(self) -> None:
        self._touched = monotonic()

    def stop(self) -> None:
        self._stopped.set()
        beat(leaving=True)

    def _beat(self) -> None:
        next_beat = monotonic() + BEAT_SECONDS
        while not self._stopped.wait(HEART_SECONDS):
            self._board.beat()
            if monotonic() < next_beat:
                continue
            next_beat = monotonic() + BEAT_SECONDS
            if monotonic() - self._touched < HUNG_SECONDS:
                # With its board each time: the supervisor may have missed it.
                beat(board=self._board.descriptor)
