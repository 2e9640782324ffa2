"""Refuse events of a tenant whose runs pile up. Only the API asks: code is never refused."""

from time import monotonic
from typing import Final
from uuid import UUID

from tenants.models.tenant import Tenant
from workflows.runtime.database import rows

# Runs of one tenant that are due and not yet done. Those that wait for a date or an event do not
# count: a shop whose workflows ask for a review a week later may have any number of them.
MAX_DUE_RUNS = 10_000
# Looked at once in this time per tenant and process: at the limit the look itself costs 2 ms.
LOOK_EVERY_SECONDS = 1.0

DUE_RUNS_OVER: Final = """
SELECT EXISTS (
    SELECT 1 FROM workflow_runs WHERE tenant_id = %(tenant)s AND due_at <= now() OFFSET %(limit)s
)
"""

_has_room_until: dict[UUID, float] = {}  # monotonic seconds


class TooMuchPending(Exception):
    """The tenant has more due runs than it may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} runs are due")
        self.limit = limit


def refuse_if_full(tenant: Tenant) -> None:
    """Raise TooMuchPending if `tenant` has more due runs than it may have."""
    if monotonic() < _has_room_until.get(tenant.id, 0.0):
        return
    if rows(DUE_RUNS_OVER, {"tenant": tenant.id, "limit": MAX_DUE_RUNS})[0][0]:
        _has_room_until.pop(tenant.id, None)
        raise TooMuchPending(MAX_DUE_RUNS)
    _has_room_until[tenant.id] = monotonic() + LOOK_EVERY_SECONDS
