"""Starting a workflow by hand: now, for a record, and by the schedules on its own page."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from actions import records
from tenants.admin import access
from tenants.core.json.faults import BadJson
from workflows.addresses import page_of, path_to
from workflows.admin.base import AdminPage, to
from workflows.admin.schedules.in_place import in_place_form, save_in_place
from workflows.admin.schedules.words import schedule_words
from workflows.admin.trigger_fields import trigger_form
from workflows.event_types import RecordEvent, all_event_types
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.json_faults import said_of
from workflows.services.events.fire import Fired
from workflows.services.runs.backfill import NotForTheseRecords
from workflows.services.runs.start_now import (
    NoSuchRecord,
    SwitchedOff,
    start_for_record,
    start_now,
)


class StartingPages(AdminPage):
    """Pages of one ModelAdmin: that of workflows."""

    def now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for what starts it, and start it."""
        definition = self.decidable(request, object_id)
        if not definition.is_active:
            messages.error(request, _("It is switched off. Switch it on, then start it."))
            return to(definition)
        data = request.POST if request.method == "POST" else None
        form = trigger_form([definition.trigger_type], [definition.definition], {}, data)
        if form.is_bound and form.is_valid():
            try:
                actor = access.actor_of(request)
                fired = start_now(definition.tenant, actor, definition, form.payload())
            except BadJson as wrong:
                form.add_error(None, said_of(wrong))
            except SwitchedOff:
                messages.error(request, _("It was switched off meanwhile."))
                return to(definition)
            else:
                self.admin.log_change(request, definition, _("Started by hand."))
                return told(request, fired)
        kinds = [one for one in all_event_types() if one.name in definition.trigger_types]
        records_of = {one.record for one in kinds if isinstance(one, RecordEvent)}
        return self.show(
            request,
            "admin/workflows/start_now.html",
            _("Start “%(workflow)s” now") % {"workflow": definition},
            form=form,
            back_url=page_of(definition),
            record_lists=[_list_of(alias) for alias in sorted(records_of)],
        )

    def for_record(self, request: HttpRequest, alias: str, key: UUID) -> HttpResponse:
        """Start the chosen workflow for a record, from the record's page."""
        chosen = self.decidable(request, request.POST.get("workflow", ""))
        try:
            actor = access.actor_of(request)
            fired = start_for_record(chosen.tenant, actor, chosen, alias, key)
        except (NotForTheseRecords, SwitchedOff):
            messages.error(request, _("It was switched off meanwhile."))
            return to(chosen)
        except (NoSuchRecord, LookupError):
            raise Http404 from None
        self.admin.log_change(request, chosen, _("Started by hand."))
        return told(request, fired)

    def schedule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Store one of its schedules, or a new one; what is wrong is shown on a page of its own."""
        definition = self.decidable(request, object_id)
        form = in_place_form(definition, request.POST.get("schedule", ""), request.POST)
        if form is None:
            raise Http404
        if not access.may_edit(request, form.instance.tenant_id):
            raise PermissionDenied
        if not form.is_valid():
            title = _("When “%(workflow)s” starts") % {"workflow": definition}
            template = "admin/workflows/schedules/in_place_page.html"
            back = page_of(definition)
            return self.show(
                request, template, title, form=form, definition=definition, back_url=back
            )
        schedule = save_in_place(form, access.actor_of(request))
        said = _("Saved: %(times)s.") % {"times": schedule_words(schedule.cron)}
        if not schedule.is_active:
            said = _("Saved, but the schedule is switched off.")
        elif not definition.is_active:
            said += " " + _("The workflow itself is off: nothing starts it.")
        return self.done(request, definition, said, _("Changed its schedule."))


def told(request: HttpRequest, fired: Fired) -> HttpResponse:
    """Go to the run that was started; where none was, to the event, which says why."""
    if not fired.run_ids:
        messages.warning(request, _("Nothing was started. Here is why."))
        return HttpResponseRedirect(path_to("workflows_workflowevent", fired.event_id))
    if len(fired.run_ids) == 1:
        messages.success(request, _("Started."))
        return HttpResponseRedirect(path_to("workflows_workflowrun", fired.run_ids[0]))
    count = len(fired.run_ids)
    said = ngettext("%(count)s run was started.", "%(count)s runs were started.", count)
    messages.success(request, said % {"count": count})
    return HttpResponseRedirect(path_to("workflows_workflowevent", fired.event_id))


def startable(definition: WorkflowDefinition) -> bool:
    """Say whether it can be started by hand now."""
    return bool(definition.is_active and definition.version and not definition.archived_at)


def _list_of(alias: str) -> tuple[str, Any]:
    options = records.get(alias).model._meta
    return path_to(options.label_lower.replace(".", "_")), options.verbose_name_plural
