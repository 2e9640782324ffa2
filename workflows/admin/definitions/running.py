"""What is decided beside a workflow's document: whether it is on, its runs under way, its owner."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.admin.access import actor_of
from tenants.core.text.listing import listed
from workflows.addresses import page_of
from workflows.admin.base import AdminPage, to
from workflows.services.definitions.duplicate import duplicate
from workflows.services.definitions.lifecycle import (
    NeverPublished,
    possible_owners,
    set_active,
    set_owner,
)
from workflows.services.definitions.tags import set_tags, tags_in
from workflows.services.runs.cancel_all import MAX_COUNTED, cancel_live, count_live

MAX_TYPED: Final = 2_000  # characters of tags that are read


class RunningPages(AdminPage):
    """Pages of one ModelAdmin: that of workflows."""

    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask whether all runs of a workflow that is switched off are to end, and end them."""
        definition = self.decidable(request, object_id)
        if definition.is_active:
            messages.error(request, _("Switch the workflow off first: new runs would follow."))
            return to(definition)
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
        return self.done(request, definition, said)

    def switch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let new events start a workflow, or no longer."""
        definition = self.decidable(request, object_id)
        if definition.archived_at:
            messages.error(request, _("Bring it back from the archive first."))
            return to(definition)
        is_on = bool(request.POST.get("on"))
        try:
            set_active(definition.tenant, actor_of(request), definition, active=is_on)
        except NeverPublished:
            messages.error(request, _("Publish it first: there is no version that could start."))
            return to(definition)
        told = {"number": definition.version}
        if is_on:
            said = _("Switched on: the next events start version %(number)s.") % told
            return self.done(request, definition, said, _("Switched on."))
        said = _("Switched off: nothing starts it. Runs that have begun go on.")
        return self.done(request, definition, said, _("Switched off."))

    def duplicate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make a draft of its own of a workflow, and open it."""
        definition = self.decidable(request, object_id)
        made = duplicate(definition.tenant, actor_of(request), definition)
        self.admin.log_addition(request, made, _("Duplicated."))
        said = _("This is a copy of “%(name)s”: a draft, which starts nothing yet.")
        messages.success(request, said % {"name": definition})
        return to(made)

    def tags(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Store by which words a workflow is found."""
        definition = self.decidable(request, object_id)
        given = tags_in(request.POST.get("tags", "")[:MAX_TYPED])
        kept = set_tags(definition.tenant, actor_of(request), definition, given)
        said = _("Tags: %(tags)s.") % {"tags": listed(kept)} if kept else _("It has no tags.")
        return self.done(request, definition, said, _("Changed its tags."))

    def owner(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Store who is told when runs fail."""
        definition = self.decidable(request, object_id)
        if request.method != "POST":
            return to(definition)
        chosen = request.POST.get("owner", "")
        found = possible_owners(definition.tenant).filter(username=chosen).first()
        if chosen and found is None:
            messages.error(request, _("Choose somebody of this company."))
            return to(definition)
        set_owner(definition.tenant, actor_of(request), definition, found)
        said = (
            _("%(person)s is told when runs fail.") % {"person": found}
            if found
            else _("Whoever published last is told when runs fail.")
        )
        return self.done(request, definition, said)

    def _ask(self, request: HttpRequest, definition: Any) -> HttpResponse:
        live = count_live(definition)
        return self.show(
            request,
            "admin/workflows/definition_stop.html",
            str(definition),
            original=definition,
            run_url=page_of(definition),
            live=live,
            is_capped=live > MAX_COUNTED,
        )
