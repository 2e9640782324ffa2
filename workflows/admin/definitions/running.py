"""What is decided beside a workflow's document: its runs under way, its owner, the great pause."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.admin.access import actor_of
from workflows.addresses import page_of
from workflows.admin.pausing import pause_urls
from workflows.services.definitions.owner import possible_owners, set_owner
from workflows.services.runs.cancel_all import MOST_COUNTED, cancel_live, count_live


class RunningPages:
    """Pages of one ModelAdmin: that of workflows."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def urls(self) -> list[Any]:
        """Return their addresses."""
        named = {"stop": self.stop, "owner": self.owner}
        return [
            *pause_urls(self.page.admin_site),
            *(
                path(
                    f"<path:object_id>/{name}/",
                    self.page.admin_site.admin_view(view),
                    name=f"workflows_workflowdefinition_{name}",
                )
                for name, view in named.items()
            ),
        ]

    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask whether all runs of a workflow that is switched off are to end, and end them."""
        definition = self._own(request, object_id)
        if definition.is_active:
            messages.error(request, _("Switch the workflow off first: new runs would follow."))
            return _to(definition)
        if request.method != "POST":
            return self._ask(request, definition)
        cancelled = cancel_live(definition.tenant, definition)
        if cancelled is None:
            said = _("There are many: they are being cancelled in the background.")
        else:
            told = ngettext(
                "%(count)s run is cancelled.", "%(count)s runs are cancelled.", cancelled
            )
            said = told % {"count": cancelled}
        self.page.log_change(request, definition, said)
        messages.success(request, said)
        return _to(definition)

    def owner(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Store who is told when runs fail."""
        definition = self._own(request, object_id)
        if request.method != "POST":
            return _to(definition)
        chosen = request.POST.get("owner", "")
        found = possible_owners(definition.tenant).filter(username=chosen).first()
        if chosen and found is None:
            messages.error(request, _("Choose somebody of this company."))
            return _to(definition)
        set_owner(definition.tenant, actor_of(request), definition, found)
        said = (
            _("%(person)s is told when runs fail.") % {"person": found}
            if found
            else _("Whoever published last is told when runs fail.")
        )
        self.page.log_change(request, definition, said)
        messages.success(request, said)
        return _to(definition)

    def _own(self, request: HttpRequest, object_id: str) -> Any:
        """Return a workflow about which this person may decide."""
        definition = self.page.get_object(request, object_id)
        if definition is None or not self.page.has_view_permission(request, definition):
            raise Http404
        if not self.page.may_edit(request, definition):
            raise PermissionDenied
        return definition

    def _ask(self, request: HttpRequest, definition: Any) -> HttpResponse:
        live = count_live(definition)
        context = {
            **self.page.admin_site.each_context(request),
            "opts": self.page.opts,
            "original": definition,
            "media": self.page.media,
            "title": str(definition),
            "run_url": page_of(definition),
            "live": live,
            "is_capped": live > MOST_COUNTED,
        }
        return TemplateResponse(request, "admin/workflows/definition_stop.html", context)


def _to(definition: Any) -> HttpResponse:
    return HttpResponseRedirect(page_of(definition))
