"""Who is told when runs of a workflow fail."""

from django.db.models import Q, QuerySet

from tenants.models.tenant import Tenant
from tenants.models.user import User
from tenants.scope import tenant_scope
from workflows.models.definition import WorkflowDefinition


class NotAMember(Exception):
    """Only people of the company own its workflows: the mail leads to its pages."""


def possible_owners(tenant: Tenant) -> "QuerySet[User, User]":
    """Return the company's people, and those who may see every company."""
    there = Q(memberships__tenant=tenant) | Q(is_superuser=True)
    return User.objects.filter(there, is_active=True).distinct().order_by("username")


def set_owner(
    tenant: Tenant, actor: str, definition: WorkflowDefinition, owner: User | None
) -> None:
    """Let `owner` be told from now on; None: whoever published last. Raises NotAMember."""
    if owner is not None and not possible_owners(tenant).filter(pk=owner.pk).exists():
        raise NotAMember
    with tenant_scope(tenant):
        definition.owner = owner
        definition.updated_by = actor
        definition.save(update_fields=["owner", "updated_by", "updated_at"])
