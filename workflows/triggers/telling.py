"""The clock of the approvals: looks every few seconds who is asked and was not told.

A thread of its own beside the schedules' ticker: a mail server that hangs must not hold up a
schedule. Every host has one; a lock decides who sends (workflows.services.approvals.mails).
"""

import logging
from threading import Event
from typing import Final

from django.db import close_old_connections

from workflows.services.approvals.mails import tell_approvers

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0


def tell_for_ever() -> None:
    pause = Event()
    while not pause.wait(LOOK_SECONDS):
        look()


def look() -> None:
    try:
        close_old_connections()
        tell_approvers()
    except Exception:
        # Mostly the database is away: the next look follows soon.
        logger.warning("telling_failed", exc_info=True)
