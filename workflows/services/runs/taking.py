"""Somebody sees to a run: the others are told who, and since when."""

from uuid import UUID

from django.db.models.functions import Now

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.run import WorkflowRun
from workflows.services.refusals import NotRetryable
from workflows.services.runs.retry import whole_run


def take(tenant: Tenant, run_id: UUID, actor: str, *, instead_of: str = "") -> None:
    """Note that `actor` sees to a run. `instead_of`: who did so, as the person saw it.

    Again by the same person is no mistake. Raises NotRetryable: `taken_by_other`, `is_a_part`,
    `unknown_run`.
    """
    with tenant_scope(tenant):
        run = whole_run(tenant, run_id, lock=True)
        if run.taken_by == actor:
            return
        if (run.taken_by or "") != instead_of:
            raise NotRetryable(run_id, "taken_by_other")
        WorkflowRun.objects.filter(tenant=tenant, pk=run_id).update(taken_by=actor, taken_at=Now())


def give_back(tenant: Tenant, run_id: UUID, actor: str) -> None:
    """Note that `actor` does not see to a run any more; nobody else's word is taken back.

    Raises NotRetryable: `taken_by_other`, `is_a_part`, `unknown_run`.
    """
    with tenant_scope(tenant):
        run = whole_run(tenant, run_id, lock=True)
        if run.taken_by not in {None, actor}:
            raise NotRetryable(run_id, "taken_by_other")
        WorkflowRun.objects.filter(tenant=tenant, pk=run_id).update(taken_by=None, taken_at=None)
