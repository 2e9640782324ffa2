"""The guided first run: how far a new company has come on the way to its first live workflow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F

from tenants.core.database.ids import lowest_id_at
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.rehearsal import DryRunKind, DryRunStatus, WorkflowRehearsal
from workflows.models.run import WorkflowRun
from workflows.services.definitions.drafts import edited
from workflows.services.events.fire import fire
from workflows.services.onboarding.gallery import Need, needs

# The ledger keeps who closed the guide, and when.
GUIDE_CLOSED: Final = "workflows.guide_closed"
# So long the guide still shows the way to the first run; then the company is on its own.
AFTERGLOW: Final = timedelta(hours=1)
MAX_RUNS: Final = 6  # with so many nobody is a beginner
MAX_LOOKED_AT: Final = 5  # companies


@dataclass(frozen=True, slots=True)
class Beginnings:
    """What there is already, in the order in which it is made."""

    tenant: Tenant
    workflow: WorkflowDefinition | None  # the one on its way
    needs: tuple[Need, ...]  # connections that it uses
    was_tried: bool
    is_live: bool  # published and switched on
    first_run: WorkflowRun | None = None
    has_event: bool = True

    @property
    def missing(self) -> tuple[Need, ...]:
        """Return the connections that are still to be made."""
        return tuple(one for one in self.needs if not one.is_met)

    @property
    def is_connected(self) -> bool:
        """Whether the workflow has what it sends with."""
        return self.workflow is not None and not self.missing


def beginnings(
    tenants: Sequence[Tenant], now: datetime, newest: Sequence[WorkflowRun]
) -> Beginnings | None:
    """Return how far the first of `tenants` is that is still on its way; None: none is.

    `newest` are the newest runs of all of them, MOST_RUNS if there are so many.
    """
    if newest:
        return _after_the_first(newest[-1], now) if len(newest) < MAX_RUNS else None
    new = (tenant for tenant in tenants[:MAX_LOOKED_AT] if not _is_closed(tenant))
    tenant = next(new, None)
    return None if tenant is None else _beginnings(tenant)


def close_guide(tenant: Tenant, actor: str) -> None:
    """Show the guide to nobody of this company any more."""
    with tenant_scope(tenant):
        if not _is_closed(tenant):
            fire(tenant, GUIDE_CLOSED, {}, actor=actor, source="manual")


def _after_the_first(first: WorkflowRun, now: datetime) -> Beginnings | None:
    """Return the end of the way: for a while it still leads to the first run."""
    if first.pk < lowest_id_at(now - AFTERGLOW) or _is_closed(first.tenant):
        return None
    return Beginnings(
        first.tenant, first.definition, (), was_tried=True, is_live=True, first_run=first
    )


def _is_closed(tenant: Tenant) -> bool:
    return WorkflowEvent.objects.of(tenant).filter(type=GUIDE_CLOSED).exists()


def _beginnings(tenant: Tenant) -> Beginnings:
    workflow = on_its_way(tenant)
    tests = WorkflowRehearsal.objects.of(tenant).filter(kind=DryRunKind.TEST)
    return Beginnings(
        tenant,
        workflow,
        tuple(needs(tenant, edited(workflow))) if workflow else (),
        was_tried=tests.filter(status=DryRunStatus.DONE).exists(),
        is_live=bool(workflow and workflow.is_active),
        has_event=WorkflowEvent.objects.of(tenant).exists(),
    )


def on_its_way(tenant: Tenant) -> WorkflowDefinition | None:
    """Return the workflow that is live, or else the one that somebody changed last."""
    own = WorkflowDefinition.objects.of(tenant).filter(archived_at=None)
    return own.order_by(F("is_active").desc(), "-updated_at").first()
