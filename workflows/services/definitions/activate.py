"""Switch a workflow on or off. Runs that have begun go on either way."""

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.definition import WorkflowDefinition


class NeverPublished(Exception):
    """There is no version that could start."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has no published version")
        self.name = name


def set_active(tenant: Tenant, actor: str, definition: WorkflowDefinition, active: bool) -> None:
    """Let new events start `definition`, or no longer. Raises NeverPublished."""
    if active and not definition.version:
        raise NeverPublished(definition.name)
    with tenant_scope(tenant):
        definition.is_active = active
        definition.updated_by = actor
        definition.save(update_fields=["is_active", "updated_by", "updated_at"])
