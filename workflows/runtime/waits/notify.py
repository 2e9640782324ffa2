"""Tell the workers that something is due. Only a kindness: their poll is the guarantee."""

import logging
from threading import Lock
from time import monotonic

from django.db import DatabaseError, connection, transaction

from workflows.runtime.runs.statements import WAKE

logger = logging.getLogger(__name__)

# At most one NOTIFY in this time from a process. A worker that was woken looks again a little
# later (dispatcher.ECHO), so the ones left out in between are not forgotten.
THROTTLE_SECONDS = 0.01

_lock = Lock()
_last = 0.0


def wake_workers() -> None:
    """Send the wake-up once the transaction has committed.

    Never inside it: NOTIFY serialises commits (1,500 a second became 600, measured).
    """
    transaction.on_commit(_notify, robust=True)


def _notify() -> None:
    global _last
    with _lock:
        if monotonic() - _last < THROTTLE_SECONDS:
            return
        _last = monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute(WAKE)
    except DatabaseError:
        # What was fired is committed; the poll finds it within a second.
        logger.warning("wakeup_failed", exc_info=True)
