"""That everything is paused, on every page it concerns; and the switch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django import template

from tenants.admin import access
from tenants.models.tenant import Tenant
from workflows.presentation.actors import actor_words
from workflows.presentation.times import short_moment
from workflows.services.operations.pause import pause_of

register = template.Library()

MAX_TOLD: Final = 5  # companies; who sees more of them has a list


@dataclass(frozen=True, slots=True)
class PauseInWords:
    """A pause, in words."""

    tenant: Tenant
    since: str
    by: str  # "" if nobody was written down
    may_resume: bool


@register.inclusion_tag("admin/sayr/pause_banner.html", takes_context=True)
def pause_banner(context: Mapping[str, Any]) -> dict[str, Any]:
    """Tell of the pauses of the page's company; of a list, of those whose rows it may show."""
    request = context.get("request")
    if request is None or not access.is_member(request):
        return {"pauses": ()}
    return {
        "pauses": [_told(request, tenant) for tenant in _paused(request, context)],
        "names_tenants": access.sees_several(request),
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("admin/sayr/pause_switch.html", takes_context=True)
def pause_switch(context: Mapping[str, Any], tenant: Tenant) -> dict[str, Any]:
    """Show whether a company is paused, and the button that changes it."""
    request = context["request"]
    told = _told(request, tenant) if tenant.paused_at else None
    return {
        "tenant": tenant,
        "pause": told,
        "may_switch": access.may_edit(request, tenant.pk),
        "csrf_token": context.get("csrf_token"),
    }


def _paused(request: Any, context: Mapping[str, Any]) -> Sequence[Tenant]:
    seen = access.tenants_seen(request).filter(paused_at__isnull=False)
    of_page = _tenant_of(context.get("original"))
    if of_page is not None:
        seen = seen.filter(pk=of_page)
    return list(seen.order_by("name")[:MAX_TOLD])


def _tenant_of(row: Any) -> UUID | None:
    if isinstance(row, Tenant):
        return row.pk
    found: UUID | None = getattr(row, "tenant_id", None)
    return found


def _told(request: Any, tenant: Tenant) -> PauseInWords:
    pause = pause_of(tenant)
    by = actor_words(pause.actor) if pause else ""
    return PauseInWords(
        tenant, short_moment(tenant.paused_at), by, access.may_edit(request, tenant.pk)
    )
