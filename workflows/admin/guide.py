"""The button that closes the guided first run."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from tenants.admin import access
from workflows.services.beginnings import close_guide


def guide_urls(site: Any) -> list[URLPattern]:
    """Return the address of the button that closes the guide."""
    return [
        path(
            "guide/<uuid:tenant_id>/close/",
            site.admin_view(close),
            name="workflows_workflowdefinition_close_guide",
        )
    ]


@require_POST
def close(request: HttpRequest, tenant_id: UUID) -> HttpResponse:
    """Close the guide of one company."""
    tenant = access.tenants_seen(request).filter(pk=tenant_id).first()
    if tenant is None:
        raise Http404
    if not access.may_edit(request, tenant_id):
        raise PermissionDenied
    close_guide(tenant, access.actor_of(request))
    return HttpResponseRedirect(reverse("admin:index"))
