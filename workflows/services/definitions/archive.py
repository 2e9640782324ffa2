"""Put a workflow away, or bring it back. Nothing is deleted: its history names it."""

from django.utils import timezone

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.definition import WorkflowDefinition

_CHANGED = ["archived_at", "is_active", "updated_by", "updated_at"]


def archive(tenant: Tenant, actor: str, definition: WorkflowDefinition) -> None:
    """Take `definition` off the lists and start it no more."""
    with tenant_scope(tenant):
        definition.archived_at = timezone.now()
        definition.is_active = False
        definition.updated_by = actor
        definition.save(update_fields=_CHANGED)


def restore(tenant: Tenant, actor: str, definition: WorkflowDefinition) -> None:
    """Bring `definition` back, switched off: whoever needs it switches it on."""
    with tenant_scope(tenant):
        definition.archived_at = None
        definition.is_active = False
        definition.updated_by = actor
        definition.save(update_fields=_CHANGED)
