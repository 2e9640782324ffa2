"""Make a run due that waited, and tell the workers: a kindness, their poll is the guarantee."""

import logging
from threading import Lock
from time import monotonic
from typing import Final
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from workflows.runtime.database import execute

logger = logging.getLogger(__name__)

WAKE: Final = "NOTIFY workflow_runs"
LISTEN: Final = "LISTEN workflow_runs"

# At most one NOTIFY in this time from a process. A worker that was woken looks again a little
# later (dispatcher.ECHO_SECONDS), so the ones left out in between are not forgotten.
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


# The approval that the run waits for is decided. A run that is being executed at this moment (a
# reminder, the end of the wait) is left alone: it looks at the approval in the transaction in which
# it parks again.
WAKE_DECIDED: Final = """
UPDATE workflow_runs SET due_at = now(), wake_reason = 'decision'
WHERE id = %(run)s AND tenant_id = %(tenant)s AND status = 'waiting' AND wait_type = 'approval'
    AND pending ->> 'approval_id' = %(approval)s
"""


def wake_decided(tenant_id: UUID, run_id: UUID, approval_id: UUID) -> bool:
    """Make the run due; return whether it waited for this approval."""
    values = {"tenant": tenant_id, "run": run_id, "approval": str(approval_id)}
    return execute(WAKE_DECIDED, values).rowcount > 0
