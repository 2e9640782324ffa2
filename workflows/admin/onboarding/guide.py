"""The buttons of the guided first run: lead to the sandbox what is not connected; close it."""

from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from actions.models.connection import Connection
from tenants.admin import access
from tenants.models.tenant import Tenant
from workflows.services.onboarding.progress import close_guide
from workflows.services.onboarding.sandbox import connect_to_sandbox, sandbox_url


def guide_urls(site: AdminSite) -> list[URLPattern]:
    """Return the addresses of the buttons."""
    return [
        path(
            f"guide/<uuid:tenant_id>/{address}/",
            site.admin_view(view),
            {"site": site},
            name=f"workflows_workflowdefinition_{name}",
        )
        for address, view, name in (
            ("close", close, "close_guide"),
            ("sandbox", connect, "connect_sandbox"),
        )
    ]


@require_POST
def close(request: HttpRequest, tenant_id: UUID, site: AdminSite) -> HttpResponse:
    """Close the guide of one company."""
    close_guide(_tenant(request, tenant_id), access.actor_of(request))
    return HttpResponseRedirect(reverse("admin:index"))


@require_POST
def connect(request: HttpRequest, tenant_id: UUID, site: AdminSite) -> HttpResponse:
    """Lead to the sandbox what the company's first workflow lacks."""
    made = connect_to_sandbox(_tenant(request, tenant_id))
    for one in made:
        said = gettext("Connected to the sandbox.")
        site.get_model_admin(Connection).log_addition(request, one, said)
    if made:
        words = ngettext(
            "One connection leads to the sandbox now.",
            "%(count)s connections lead to the sandbox now.",
            len(made),
        )
        seen = format_html('<a href="{}/">{}</a>', sandbox_url(), gettext("Look into the sandbox"))
        messages.success(request, format_html("{} {}", words % {"count": len(made)}, seen))
    return HttpResponseRedirect(reverse("admin:index"))


def _tenant(request: HttpRequest, tenant_id: UUID) -> Tenant:
    tenant: Tenant | None = access.tenants_seen(request).filter(pk=tenant_id).first()
    if tenant is None:
        raise Http404
    if not access.may_edit(request, tenant_id):
        raise PermissionDenied
    return tenant
