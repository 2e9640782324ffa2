"""Cancel a run: at once if it waits, before its next step if it is being executed."""

from uuid import UUID

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.engine.statuses import RunStatus
from workflows.runtime.runs import ending
from workflows.services.refusals import RunHasEnded


def cancel(tenant: Tenant, run_id: UUID) -> RunStatus:
    """Cancel `tenant`'s run; return its status now.

    `running` means that its worker was asked: the step under way is not torn apart.
    Raises RunHasEnded if there is nothing left to cancel.
    """
    with tenant_scope(tenant):
        status = ending.cancel(tenant.id, run_id)
    if status is None:
        raise RunHasEnded(run_id)
    return status
