"""Pause everything of a tenant, and let it go on. Events are kept; steps under way are finished."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.event import WorkflowEvent
from workflows.runtime.waits.notify import wake_workers
from workflows.services.events.fire import fire

# The ledger keeps who and when, as it does of everything else that happened.
PAUSED: Final = "workflows.paused"
RESUMED: Final = "workflows.resumed"


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause that goes on."""

    tenant: Tenant
    since: datetime
    actor: str  # as “kind:name”; "" if nobody was written down


def pause(tenant: Tenant, actor: str, *, source: str = "manual") -> bool:
    """Let nothing of `tenant` be claimed any more; False if it was paused already."""
    return _switch(tenant, actor, source, is_paused=True)


def resume(tenant: Tenant, actor: str, *, source: str = "manual") -> bool:
    """Let everything of `tenant` go on; False if it was not paused."""
    return _switch(tenant, actor, source, is_paused=False)


def pause_of(tenant: Tenant) -> Pause | None:
    """Return since when and by whom `tenant` is paused, or None."""
    if tenant.paused_at is None:
        return None
    events = WorkflowEvent.objects.filter(tenant=tenant, type=PAUSED).order_by("-id")
    actor = events.values_list("actor", flat=True).first()
    return Pause(tenant, tenant.paused_at, actor or "")


def _switch(tenant: Tenant, actor: str, source: str, *, is_paused: bool) -> bool:
    with tenant_scope(tenant):
        # Two people who press at once take turns: the second finds it done. Rows that name the
        # tenant are written meanwhile.
        stored = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        if (stored.paused_at is not None) is is_paused:
            tenant.paused_at = stored.paused_at
            return False
        tenant.paused_at = timezone.now() if is_paused else None
        Tenant.objects.filter(pk=tenant.pk).update(paused_at=tenant.paused_at)
        fire(tenant, PAUSED if is_paused else RESUMED, {}, actor=actor, source=source)
        if not is_paused:
            wake_workers()
        return True
