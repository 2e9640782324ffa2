"""Switch a workflow on or off, put it away, say who owns it and where it is edited.

Runs that have begun go on. Nothing is deleted: its history names it.
"""

from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from tenants.models.tenant import Tenant
from tenants.models.user import User
from tenants.scope import tenant_scope
from workflows.models.definition import WorkflowDefinition

GIT: Final = "git"


class NeverPublished(Exception):
    """There is no version that could start."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has no published version")
        self.name = name


class NotAMember(Exception):
    """Only people of the company own its workflows: the mail leads to its pages."""


def set_active(tenant: Tenant, actor: str, definition: WorkflowDefinition, active: bool) -> None:
    """Let new events start `definition`, or no longer. Raises NeverPublished."""
    if active and not definition.version:
        raise NeverPublished(definition.name)
    _set(tenant, actor, definition, is_active=active)


def archive(tenant: Tenant, actor: str, definition: WorkflowDefinition) -> None:
    """Take `definition` off the lists and start it no more."""
    _set(tenant, actor, definition, archived_at=timezone.now(), is_active=False)


def restore(tenant: Tenant, actor: str, definition: WorkflowDefinition) -> None:
    """Bring `definition` back, switched off: whoever needs it switches it on."""
    _set(tenant, actor, definition, archived_at=None, is_active=False)


def possible_owners(tenant: Tenant) -> "QuerySet[User, User]":
    """Return the company's people, and those who may see every company."""
    there = Q(memberships__tenant=tenant) | Q(is_superuser=True)
    return User.objects.filter(there, is_active=True).distinct().order_by("username")


def set_owner(
    tenant: Tenant, actor: str, definition: WorkflowDefinition, owner: User | None
) -> None:
    """Let `owner` be told of failed runs; None: whoever published last. Raises NotAMember."""
    if owner is not None and not possible_owners(tenant).filter(pk=owner.pk).exists():
        raise NotAMember
    _set(tenant, actor, definition, owner=owner)


def take_over(tenant: Tenant, actor: str, definition: WorkflowDefinition) -> None:
    """Let people edit `definition` in the admin again."""
    if definition.managed_by:
        _set(tenant, actor, definition, managed_by="")


def keep_in_git(tenant: Tenant, actor: str, definition: WorkflowDefinition) -> None:
    """Let `definition` be read only in the admin: it comes from a file."""
    if definition.managed_by != GIT:
        _set(tenant, actor, definition, managed_by=GIT)


def _set(tenant: Tenant, actor: str, definition: WorkflowDefinition, **values: Any) -> None:
    values["updated_by"] = actor
    for name, value in values.items():
        setattr(definition, name, value)
    with tenant_scope(tenant):
        definition.save(update_fields=[*values, "updated_at"])
