"""Find approvals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.approval import WorkflowApproval
from workflows.models.run import WorkflowRun
from workflows.presentation.approvals import ApprovalState
from workflows.runtime.database import database_now
from workflows.services.approvals.decide import Approvals, open_ones
from workflows.services.approvals.page import state_of


@dataclass(frozen=True, slots=True)
class FoundApproval:
    """An approval, its run, and where it stands."""

    approval: WorkflowApproval
    run: WorkflowRun | None
    state: ApprovalState


def find_approvals(
    tenant: Tenant,
    status: ApprovalState | None,
    page: Callable[[Approvals], Sequence[WorkflowApproval]],
) -> list[FoundApproval]:
    """Return the approvals that stand so, or all; of them those that `page` takes."""
    with tenant_scope(tenant):
        rows: Approvals = WorkflowApproval.objects.filter(tenant=tenant)
        if status is ApprovalState.OPEN:
            rows = open_ones(rows)
        elif status is ApprovalState.DECIDED:
            rows = rows.exclude(decided_at=None)
        return _with_runs(tenant, page(rows))


def find_approval(tenant: Tenant, approval_id: UUID) -> FoundApproval | None:
    """Return an approval of `tenant`, or None."""
    with tenant_scope(tenant):
        own = list(WorkflowApproval.objects.filter(tenant=tenant, pk=approval_id))
        return next(iter(_with_runs(tenant, own)), None)


def _with_runs(tenant: Tenant, approvals: Sequence[WorkflowApproval]) -> list[FoundApproval]:
    asked = WorkflowRun.objects.filter(tenant=tenant, pk__in=[one.run_id for one in approvals])
    runs = {run.pk: run for run in asked.select_related("definition")}
    now = database_now()
    return [_found(one, runs, now) for one in approvals]


def _found(
    approval: WorkflowApproval, runs: Mapping[UUID, WorkflowRun], now: datetime
) -> FoundApproval:
    run = runs.get(approval.run_id)
    return FoundApproval(approval, run, state_of(approval, run, now))
