"""Which published workflows name something that no longer exists."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.admin import access
from workflows.admin.base import AdminPage
from workflows.admin.definitions.problem_lines import problem_lines
from workflows.services.definitions.broken import broken


class BrokenPage(AdminPage):
    """The page of broken references."""

    def show_all(self, request: HttpRequest) -> HttpResponse:
        """Show them for the person's companies."""
        if not self.admin.has_view_permission(request):
            raise PermissionDenied
        found = broken(list(access.tenants_seen(request)), timezone.now())
        lines = [
            (one.definition, problem_lines(one.problems, one.definition.definition))
            for one in found
        ]
        return self.show(
            request,
            "admin/workflows/broken.html",
            _("Missing things"),
            names_tenants=access.sees_several(request),
            broken=lines,
        )
