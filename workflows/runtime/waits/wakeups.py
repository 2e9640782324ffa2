"""Waking runs that wait for somebody: the row becomes due, and a worker claims it.

A status changes only in `store`. A wake moves `due_at` and says why: it needs no lease.
"""

from typing import Final
from uuid import UUID

from workflows.runtime.database import execute

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
