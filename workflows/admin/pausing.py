"""The page on which everything of a company is paused, and goes on."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from tenants.admin import access
from tenants.models.tenant import Tenant
from workflows.addresses import admin_path
from workflows.services.operations.pause import pause, resume


def pause_page(admin: Any, request: HttpRequest) -> HttpResponse:
    """Show the switch of each of the person's companies."""
    if not access.is_member(request):
        raise PermissionDenied
    shown: HttpResponse = admin.show(
        request,
        "admin/workflows/pause.html",
        _("Pause everything"),
        tenants=access.tenants_seen(request),
        names_tenants=access.sees_several(request),
    )
    return shown


def switch(request: HttpRequest, tenant_id: UUID) -> HttpResponse:
    """Pause or resume one company, and go back to where the button stood."""
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is None or not access.may_see(request, tenant_id):
        raise Http404
    if not access.may_edit(request, tenant_id):
        raise PermissionDenied
    wanted = request.POST.get("paused")
    if wanted == "yes" and pause(tenant, access.actor_of(request)):
        messages.success(request, _("Everything is paused."))
    elif wanted == "no" and resume(tenant, access.actor_of(request)):
        messages.success(request, _("Everything goes on."))
    return HttpResponseRedirect(_back(request))


def _back(request: HttpRequest) -> str:
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure()):
        return came_from
    return admin_path("workflows_pause")
