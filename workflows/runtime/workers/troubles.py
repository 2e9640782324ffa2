"""Trouble with one part of the dispatcher's work, which must not become trouble with all of it."""

import logging
from collections import Counter
from collections.abc import Callable
from random import uniform
from time import monotonic
from typing import Final, TypeVar

import psycopg

from workflows.runtime.workers.session import DispatcherSession

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

# Before the next try: what meets a lock holds up the main thread until its time-out.
FIRST_PAUSE_SECONDS: Final = 0.5
MAX_PAUSE_SECONDS: Final = 3.0


class SessionLost(psycopg.OperationalError):
    """The database has closed the session: it takes the worker for dead."""


class Troubles:
    """Which parts of the dispatcher's work are in trouble, and when each is tried again.

    Locks, time-outs, deadlocks and bad data are trouble of one part, for a while. Only a closed
    session is the end of the worker.
    """

    def __init__(self, session: DispatcherSession) -> None:
        self._session = session
        self._failures: Counter[str] = Counter()  # in a row
        self._again_at: dict[str, float] = {}  # monotonic seconds

    def attempt(self, part: str, work: Callable[[], Answer], otherwise: Answer) -> Answer:
        """Do one part; return `otherwise` if it fails, or has failed a moment ago.

        Raises SessionLost.
        """
        if monotonic() < self._again_at.get(part, 0.0):
            return otherwise
        try:
            answer = work()
        except Exception as trouble:
            if self._session.is_lost():
                raise SessionLost(str(trouble)) from trouble
            self._session.roll_back()
            pause = self._next_pause(part)
            self._again_at[part] = monotonic() + pause
            facts = {"part": part, "worker": self._session.worker, "pause_seconds": pause}
            logger.warning("pump_in_trouble", extra=facts, exc_info=True)
            return otherwise
        self._failures.pop(part, None)
        return answer

    def _next_pause(self, part: str) -> float:
        # `2 ** failures` would overflow after a night of them.
        self._failures[part] = min(self._failures[part] + 1, 10)
        pause = min(FIRST_PAUSE_SECONDS * 2.0 ** (self._failures[part] - 1), MAX_PAUSE_SECONDS)
        # Two workers that got into each other's way must not meet again.
        return pause * uniform(0.5, 1)  # noqa: S311
