"""Who may do something about a run."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from tenants.admin import access
from workflows.models.run import WorkflowRun

Show = Callable[[Any, HttpRequest, WorkflowRun], HttpResponse]


def guarded(show: Show) -> Callable[[Any, HttpRequest, str], HttpResponse]:
    """Let in whoever may operate; whose run it is not, for them there is none."""

    @wraps(show)
    def view(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        run = self.get_object(request, object_id)
        if run is None or not access.may_see(request, run.tenant_id):
            raise Http404
        if not access.may_edit(request, run.tenant_id):
            raise PermissionDenied
        return show(self, request, run)

    return view
