"""Who may do what for whom: read once per request from the memberships, not from Django's rows."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import models
from django.http import HttpRequest

from tenants.models.membership import Membership, Role
from tenants.models.tenant import Tenant

_KEPT_AS = "_sayr_roles"


def roles(request: HttpRequest) -> Mapping[UUID, str]:
    """Return the person's role in each of their tenants. A superuser's is not asked for."""
    kept: Mapping[UUID, str] | None = getattr(request, _KEPT_AS, None)
    if kept is None:
        kept = _read_roles(request)
        setattr(request, _KEPT_AS, kept)
    return kept


def is_superuser(request: HttpRequest) -> bool:
    """Whether the person may see every tenant."""
    user: Any = request.user
    return bool(user.is_active and user.is_superuser)


def is_member(request: HttpRequest) -> bool:
    """Whether the person belongs anywhere at all."""
    return is_superuser(request) or bool(roles(request))


def may_edit_somewhere(request: HttpRequest) -> bool:
    """Whether there is a tenant whose workflows the person may change."""
    return is_superuser(request) or Role.OPERATIONS in roles(request).values()


def may_see(request: HttpRequest, tenant_id: UUID | None) -> bool:
    """Whether the person may read this tenant's rows."""
    return is_superuser(request) or tenant_id in roles(request)


def may_edit(request: HttpRequest, tenant_id: UUID | None) -> bool:
    """Whether the person may change this tenant's rows."""
    if is_superuser(request):
        return True
    return tenant_id is not None and roles(request).get(tenant_id) == Role.OPERATIONS


def visible(request: HttpRequest, rows: models.QuerySet[Any], field: str = "tenant") -> Any:
    """Narrow `rows` to the person's tenants; `field` leads from a row to its tenant."""
    if is_superuser(request):
        return rows
    return rows.filter(**{f"{field}__in": list(roles(request))})


def tenants_seen(request: HttpRequest) -> models.QuerySet[Tenant]:
    """Return the tenants whose rows the person reads."""
    seen: models.QuerySet[Tenant] = visible(request, Tenant.objects.all(), "pk")
    return seen


def tenants_edited(request: HttpRequest) -> models.QuerySet[Tenant]:
    """Return the tenants for which the person may add and change rows."""
    if is_superuser(request):
        return Tenant.objects.all()
    edited = [tenant for tenant, role in roles(request).items() if role == Role.OPERATIONS]
    return Tenant.objects.filter(pk__in=edited)


def sees_several(request: HttpRequest) -> bool:
    """Whether lists have to name the tenant."""
    return is_superuser(request) or len(roles(request)) > 1


def is_record(model: type[models.Model]) -> bool:
    """Whether rows of the model are records of a company, whose saves are told."""
    # Not asked of the class itself: importing it here confuses the type checker's plugin.
    return hasattr(model, "untracked_fields")


def actor_of(request: HttpRequest) -> str:
    """Return how the person is written into history."""
    return f"user:{request.user.get_username()}"


def _read_roles(request: HttpRequest) -> Mapping[UUID, str]:
    user: Any = request.user
    if not (user.is_active and user.is_staff):
        return {}
    return dict(Membership.objects.filter(user=user).values_list("tenant_id", "role"))
