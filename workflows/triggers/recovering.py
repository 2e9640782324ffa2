"""The clock of problems and of retries of many runs: looks every second in every worker group.

A thread of its own beside the schedules' ticker, so that neither holds the other up. Every host has
one; locks of rows decide who does what (workflows.services.problems.fold,
workflows.services.bulk_retries.carrying_on).
"""

import logging
from collections.abc import Callable
from threading import Event
from typing import Final

from django.db import close_old_connections

from workflows.services.bulk_retries.carrying_on import carry_on
from workflows.services.problems.fold import refresh

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0


def recover_for_ever() -> None:
    """Look every second."""
    pause = Event()
    while not pause.wait(LOOK_SECONDS):
        look(refresh)
        look(carry_on)


def look(work: Callable[[], int]) -> None:
    """Do it. Nothing that goes wrong ends the clock."""
    try:
        close_old_connections()
        work()
    except Exception:
        # Mostly the database is away: the next look is a second later.
        logger.warning("recovering_failed", exc_info=True)
