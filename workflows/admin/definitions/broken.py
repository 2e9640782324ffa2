"""Which published workflows name something that no longer exists."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.admin import access
from workflows.admin.definitions.problem_lines import problem_lines
from workflows.services.definitions.broken import broken


class BrokenPage:
    """The page of broken references."""

    def __init__(self, admin: Any) -> None:
        self.admin = admin

    def urls(self) -> list[URLPattern]:
        """Return its address."""
        view = self.admin.admin_site.admin_view(self.show)
        return [path("broken/", view, name="workflows_workflowdefinition_broken")]

    def show(self, request: HttpRequest) -> HttpResponse:
        """Show them for the person's companies."""
        if not self.admin.has_view_permission(request):
            raise PermissionDenied
        found = broken(list(access.tenants_seen(request)), timezone.now())
        context = {
            **self.admin.admin_site.each_context(request),
            "opts": self.admin.opts,
            "title": _("Broken references"),
            "names_tenants": access.sees_several(request),
            "broken": [
                (one.definition, problem_lines(one.problems, one.definition.definition))
                for one in found
            ],
        }
        return TemplateResponse(request, "admin/workflows/broken.html", context)
