"""Database work that is done again after trouble of the database, until it is done.

What a step came to is known to this worker alone until it stands in the run's row. So a write that
fails is written again, as long as the lease holds; the dispatcher renews the lease meanwhile.
"""

import logging
from collections.abc import Callable, Iterator
from time import sleep  # noqa: TID251  # holds a known result, which no other worker has
from typing import Final, TypeVar

from django.db import Error as DatabaseTrouble

from workflows.runtime.database import is_trouble, reconnect, released
from workflows.runtime.runs.claims import Claim
from workflows.runtime.runs.store import LeaseLost
from workflows.runtime.workers.lease_keeper import Watch

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS: Final = 0.02
MAX_PAUSE_SECONDS: Final = 2.0

Done = TypeVar("Done")


class Insistence:
    """Lets a worker do its database work on one claimed run until it is done."""

    def __init__(self, claim: Claim, watch: Watch) -> None:
        self._claim, self._watch = claim, watch

    def until_done(
        self, work: Callable[[], Done], found: Callable[[], Done | None] = lambda: None
    ) -> Done:
        """Do the work, which is one transaction; again after trouble, while the lease holds.

        It may have been done although trouble came back instead of an answer. The fence keeps it
        from being done twice, and `found` returns what it came to then; None: it was not done.
        Raises LeaseLost, and the trouble once the lease may be over.
        """
        pauses = growing_pauses()
        in_doubt = False
        while True:
            try:
                with released():
                    return work() if not in_doubt else _work_or_find(work, found)
            except DatabaseTrouble as trouble:
                if not is_trouble(trouble):
                    raise
                self.rest(pauses, trouble)
                in_doubt = True

    def rest(self, pauses: Iterator[float], trouble: DatabaseTrouble) -> None:
        """Wait a little before the next try. Raises the trouble if there is no time for one."""
        reconnect()
        if not self._watch.holds(self._claim):
            raise trouble
        ids = {"run": str(self._claim.run_id), "reason": str(trouble).strip()}
        logger.warning("database_work_again", extra=ids)
        sleep(next(pauses))


def growing_pauses() -> Iterator[float]:
    """Yield seconds: short at first, since most trouble is one bad connection."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        yield pause
        pause = min(2 * pause, MAX_PAUSE_SECONDS)


def _work_or_find(work: Callable[[], Done], found: Callable[[], Done | None]) -> Done:
    try:
        return work()
    except LeaseLost:
        done = found()
        if done is None:
            raise
        return done
