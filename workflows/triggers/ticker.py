"""The clock of the schedules: looks every second which are due, in every worker group.

django-q2's own timetable looks every 30 seconds, and what it starts waits for a free worker behind
exports that take minutes; a chore that waits for the next time would hold the only worker. So the
look is a thread of the process that takes the chores' tasks off their queue (the pusher): django-q2
has one in each cluster `tasks`, no task occupies it, and a dead one is replaced within a second.
Every host has one; a row lock decides which fires (workflows.services.schedules.firing).
Measured from the time to the run's start: at most 1.0 s; 0.4 s with every pusher killed one second
before, 1.8 s with every cluster `tasks` killed. The chore `fire_due_schedules` does the same each
minute, should every ticker hang.
"""

import logging
from threading import Event, Thread
from typing import Any, Final

from django.db import close_old_connections
from django_q.brokers.orm import ORM

from workflows.runtime.workers.process import ignore_termination
from workflows.services.schedules.firing import fire_due
from workflows.triggers.telling import tell_for_ever

logger = logging.getLogger(__name__)

TICK_SECONDS: Final = 1.0


class TickingBroker(ORM):  # type: ignore[misc]  # django-q2 ships no types
    """django-q2's own broker; the process that takes tasks off it ticks as well."""

    _ticker: Thread | None = None
    _teller: Thread | None = None

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        ignore_termination()

    def dequeue(self) -> Any:
        """Return the next tasks, or None after a second without any."""
        # Only the pusher comes here, about once a second. Its threads end with it.
        if self._ticker is None or not self._ticker.is_alive():
            self._ticker = Thread(target=tick_for_ever, name="ticker", daemon=True)
            self._ticker.start()
        if self._teller is None or not self._teller.is_alive():
            self._teller = Thread(target=tell_for_ever, name="teller", daemon=True)
            self._teller.start()
        return super().dequeue()


def tick_for_ever() -> None:
    pause = Event()
    while not pause.wait(TICK_SECONDS):
        tick()


def tick() -> None:
    try:
        close_old_connections()
        fire_due()
    except Exception:
        # Mostly the database is away: the next look is a second later.
        logger.warning("tick_failed", exc_info=True)
