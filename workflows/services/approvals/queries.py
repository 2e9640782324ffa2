"""Find approvals, a page at a time."""

from collections.abc import Mapping, Sequence
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
class ApprovalQuestion:
    """Which approvals somebody asks for."""

    status: ApprovalState | None = None  # None: all
    before: UUID | None = None  # only with a smaller id: where the last page ended
    limit: int = 50


@dataclass(frozen=True, slots=True)
class FoundApproval:
    """An approval, its run, and where it stands."""

    approval: WorkflowApproval
    run: WorkflowRun | None
    state: ApprovalState


@dataclass(frozen=True, slots=True)
class ApprovalsFound:
    """Some approvals, newest first. None: there are no more."""

    approvals: Sequence[FoundApproval]
    next_before: UUID | None


def find_approvals(tenant: Tenant, question: ApprovalQuestion) -> ApprovalsFound:
    """Return a page of the approvals that `question` asks for."""
    with tenant_scope(tenant):
        rows: Approvals = WorkflowApproval.objects.filter(tenant=tenant)
        if question.status is ApprovalState.OPEN:
            rows = open_ones(rows)
        elif question.status is ApprovalState.DECIDED:
            rows = rows.exclude(decided_at=None)
        if question.before:
            rows = rows.filter(id__lt=question.before)
        shown = list(rows.order_by("-id")[: question.limit + 1])
        found = _with_runs(tenant, shown[: question.limit])
    has_more = len(shown) > question.limit
    return ApprovalsFound(found, shown[question.limit - 1].pk if has_more else None)


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
