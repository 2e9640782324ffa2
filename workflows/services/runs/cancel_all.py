"""Cancel all runs of a workflow that are under way: switching it off lets them finish."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django_q.tasks import async_task

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.runtime.runs import ending

MAX_COUNTED: Final = 10_000
BATCH: Final = 100
# More than this would keep the page waiting: the cluster `tasks` does it.
BATCH_SIZE: Final = 500


def count_live(definition: WorkflowDefinition) -> int:
    """Return how many runs are under way, at most MOST_COUNTED and one."""
    return _live(definition.tenant_id, definition.pk)[: MAX_COUNTED + 1].count()


def cancel_live(tenant: Tenant, definition: WorkflowDefinition) -> int | None:
    """Cancel every run of `definition` that is under way now; return how many.

    None: there are more than AT_ONCE, and the cluster `tasks` cancels them. Steps under way are
    finished first. A run that starts meanwhile is left alone.
    """
    live = _live(tenant.pk, definition.pk)
    newest: UUID | None = live.order_by("-id").values_list("id", flat=True).first()
    if newest is None:
        return 0
    if live[: BATCH_SIZE + 1].count() > BATCH_SIZE:
        task = f"{__name__}.cancel_until"
        transaction.on_commit(
            lambda: async_task(task, str(tenant.pk), str(definition.pk), str(newest))
        )
        return None
    return cancel_until(str(tenant.pk), str(definition.pk), str(newest))


def cancel_until(tenant_id: str, definition_id: str, newest: str) -> int:
    """Cancel the live runs up to `newest`, each in a transaction; return how many.

    May be done twice: what has ended is left as it is. Several runs in one transaction would lock
    the lanes of the second after the rows of the first.
    """
    tenant = Tenant.objects.get(pk=tenant_id)
    cancelled = 0
    for batch in _batches(tenant, UUID(definition_id), UUID(newest)):
        for run_id in batch:
            with tenant_scope(tenant):
                cancelled += ending.cancel(tenant.pk, run_id) is not None
    return cancelled


def _batches(tenant: Tenant, definition_id: UUID, newest: UUID) -> Iterator[list[UUID]]:
    last: UUID | None = None
    while True:
        # By id: a run that is being executed stays live until its step is done.
        live = _live(tenant.pk, definition_id).filter(id__lte=newest)
        left = live if last is None else live.filter(id__gt=last)
        batch = list(left.order_by("id").values_list("id", flat=True)[:BATCH])
        if not batch:
            return
        yield batch
        last = batch[-1]


def _live(tenant_id: UUID, definition_id: UUID) -> "QuerySet[WorkflowRun, WorkflowRun]":
    # Parts of a run end with the whole.
    return WorkflowRun.objects.filter(
        tenant=tenant_id, definition=definition_id, due_at__isnull=False, parent_run=None
    )
