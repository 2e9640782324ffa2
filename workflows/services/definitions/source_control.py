"""Who edits a workflow: people in the admin, or whoever keeps it in files."""

from typing import Final

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.definition import WorkflowDefinition

GIT: Final = "git"


def take_over(tenant: Tenant, actor: str, definition: WorkflowDefinition) -> None:
    """Let people edit `definition` in the admin again."""
    _set(tenant, actor, definition, "")


def keep_in_git(tenant: Tenant, actor: str, definition: WorkflowDefinition) -> None:
    """Let `definition` be read only in the admin: it comes from a file."""
    _set(tenant, actor, definition, GIT)


def _set(tenant: Tenant, actor: str, definition: WorkflowDefinition, keeper: str) -> None:
    if definition.managed_by == keeper:
        return
    with tenant_scope(tenant):
        definition.managed_by = keeper
        definition.updated_by = actor
        definition.save(update_fields=["managed_by", "updated_by", "updated_at"])
