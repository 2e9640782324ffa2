"""The threads of a worker on which runs are executed, and the runs that may end it.

A run that ended its workers before might do so again: such suspects are begun one by one.
"""

import logging
import os
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import Final

from django.db import connections

from workflows.runtime.runs.claims import Claim
from workflows.runtime.workers import board as boards
from workflows.runtime.workers.board import Board

logger = logging.getLogger(__name__)

Work = Callable[[Claim], bool]  # whether the run was carried to a checkpoint


class Slots:
    """Persistent threads. Nothing queues up in front of them.

    Beside the `size` that everybody shares there are spare ones, up to `most` in all, for those who
    have none of the shared ones (statements.CLAIM): a thread that waits for somebody's server costs
    little. They are started when they are needed first.
    """

    def __init__(
        self,
        size: int,
        work: Work,
        *,
        enough: int = 1,
        most: int | None = None,
        board: Board | None = None,
    ) -> None:
        self.size = size
        self.most = max(size, most or size)
        self._board = board  # where the threads say what they are in the middle of
        self.enough = enough  # free threads that are worth waking the dispatcher
        self._work = work
        self._claims: SimpleQueue[Claim | None] = SimpleQueue()
        self._lock = Lock()
        self._busy = 0
        self._given_up: deque[Claim] = deque()
        self.wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self.wake_reader, False)
        os.set_blocking(self._wake_writer, False)
        self._threads: list[Thread] = []
        self._have_threads(size)

    @property
    def free(self) -> int:
        """How many runs of anybody can be taken now."""
        with self._lock:
            return max(0, self.size - self._busy)

    @property
    def spare(self) -> int:
        """How many can be taken beyond that."""
        with self._lock:
            return self.most - max(self.size, self._busy)

    @property
    def busy(self) -> int:
        with self._lock:
            return self._busy

    def submit(self, claim: Claim) -> None:
        with self._lock:
            self._busy += 1
            busy = self._busy
        self._have_threads(busy)
        self._claims.put(claim)

    def given_up(self) -> list[Claim]:
        """Return, once, the runs that were not carried to a checkpoint."""
        found = []
        while self._given_up:
            found.append(self._given_up.popleft())
        return found

    def clear_wake(self) -> None:
        """Empty the pipe through which finished threads wake the dispatcher."""
        try:
            while os.read(self.wake_reader, 4096):
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        """Let the threads end; those that still execute are not waited for."""
        for _ in self._threads:
            self._claims.put(None)
        if not self.busy:
            for thread in self._threads:
                thread.join(timeout=1)

    def _have_threads(self, number: int) -> None:
        while len(self._threads) < number:
            slot = len(self._threads)
            thread = Thread(target=self._serve, args=(slot,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, slot: int) -> None:
        if self._board is not None:
            self._board.sit_down(slot)
        while (claim := self._claims.get()) is not None:
            try:
                boards.begin(claim.run_id, claim.token)
                if not self._work(claim):
                    self._given_up.append(claim)
            except BaseException:
                # Whatever it is (a library's SystemExit), nobody else would take this thread's
                # place: it goes on, with a connection that knows nothing of what has happened.
                self._given_up.append(claim)
                logger.exception("run_not_executed", extra={"run": str(claim.run_id)})
                connections.close_all()
            finally:
                boards.leave()
                self._free_one()
        connections.close_all()

    def _free_one(self) -> None:
        with self._lock:
            self._busy -= 1
            is_enough = self.size - self._busy >= self.enough
        if is_enough:
            self._wake()

    def _wake(self) -> None:
        try:
            os.write(self._wake_writer, b".")
        except BlockingIOError:
            return  # the pipe is full of wake-ups already


# For so long a suspect is left to workers that have nothing else under way, and waits, once it is
# claimed, for its own worker to have nothing else under way.
PATIENCE: Final = timedelta(seconds=5)

# Nothing else is begun in the first moments of a suspect that was begun alone. A run that ends its
# process mostly does so at once; and the others must not wait for as long as its step takes.
HEAD_START_SECONDS: Final = 1.0


class Suspects:
    """Begins suspects one by one: alone if that can be had soon, beside others if not."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._waiting: deque[tuple[Claim, float]] = deque()  # with the end of its patience
        self._alone_until = 0.0  # monotonic seconds
        self._others_had_a_turn = True  # since the last suspect that was begun alone

    def __len__(self) -> int:
        return len(self._waiting)

    def patience(self) -> timedelta:
        """Return for how long a suspect must have been due for this worker to take it now."""
        return PATIENCE if self._slots.busy or self._waiting else timedelta(0)

    def add(self, claim: Claim, patience: timedelta) -> None:
        """Let a claimed suspect wait. `patience` is the answer with which it was claimed."""
        # What was due for so long has waited for a quiet moment already, if not here.
        remaining = (PATIENCE - patience).total_seconds()
        self._waiting.append((claim, monotonic() + remaining))

    def take_back(self) -> Claim | None:
        """Return one that is not begun, and forget it."""
        return self._waiting.popleft()[0] if self._waiting else None

    def holds_others_back(self) -> bool:
        return monotonic() < self._alone_until

    def seconds_to_hold_back(self) -> float:
        """Return for how much longer nothing else may be begun."""
        if not self._slots.busy:
            self._alone_until = 0.0
        return max(0.0, self._alone_until - monotonic())

    def begin_one(self) -> None:
        if not self._waiting or not self._slots.free:
            return
        is_alone = not self._slots.busy and self._others_had_a_turn
        claim, patient_until = self._waiting[0]
        if not is_alone and monotonic() < patient_until:
            return
        self._waiting.popleft()
        if is_alone:
            self._alone_until = monotonic() + HEAD_START_SECONDS
            self._others_had_a_turn = False
        self._slots.submit(claim)

    def let_others_have_a_turn(self) -> None:
        """Note that other runs were claimed: the next suspect may hold them back again."""
        self._others_had_a_turn = True
