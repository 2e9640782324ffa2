"""Events: what happened, and why a workflow did or did not start on it."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from tenants.admin.access import tenants_seen
from tenants.admin.base import HistoryAdmin
from tenants.admin.lists import Choices, CreatedFilter, TenantFilter, newest
from workflows.event_types import all_event_types, label_of
from workflows.models.event import WorkflowEvent
from workflows.services.search_history import search_events
from workflows.services.stories import plans_of, told
from workflows.services.subjects import subjects_of
from workflows.wording import evaluations, values
from workflows.wording.actors import actor_words, causing_run
from workflows.wording.times import short_moment


class EventList(ChangeList):
    """A page of events, with the records they are about."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page and its records."""
        super().get_results(request)
        shown = list(self.result_list)
        subjects = subjects_of(shown)
        for event in shown:
            event.shown_subject = subjects.get((event.subject_type, event.subject_id))
        self.result_list = shown


class TypeFilter(admin.SimpleListFilter):
    """By kind, of those that this installation declares."""

    title = _("kind")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Offer the declared kinds."""
        return [(kind.name, kind.label) for kind in all_event_types()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow to one kind."""
        chosen = self.value()
        return newest(request, queryset).filter(type=chosen) if chosen else queryset


@admin.register(WorkflowEvent)
class EventAdmin(HistoryAdmin):
    """Read-only: what happened has happened."""

    list_display = ("kind", "about", "came_from", "caused_by", "listened", "received")
    list_display_links = ("kind",)
    list_filter = (TypeFilter, CreatedFilter, TenantFilter)
    list_select_related = ("tenant",)
    search_fields = ("id",)
    search_help_text = _("Order, phone, e-mail, or any number of the order or the event")
    page_template = "admin/workflows/event.html"
    when_empty = _(
        "No events yet. One is written whenever a record is saved or another application fires one."
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Use the list that fetches for all rows at once."""
        return EventList

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave out what no page shows."""
        return super().get_queryset(request).defer("search_keys")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Find by any id, or any value of the payload."""
        term = search_term.strip()
        if term:
            found = search_events(list(tenants_seen(request)), term)
            queryset = queryset.filter(id__in=found)
        return queryset, False

    def page(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what the page of an event shows."""
        runs = list(obj.runs.filter(parent_run=None).select_related("definition", "tenant"))
        plans = plans_of(runs)
        cause = obj.caused_by_run
        return {
            "event": obj,
            "subject": subjects_of([obj]).get((obj.subject_type, obj.subject_id)),
            "source": evaluations.source_words(obj.source),
            "actor": actor_words(obj.actor),
            "cause": reverse("admin:workflows_workflowrun_change", args=[cause]) if cause else "",
            "payload": values.show(obj.payload, labels=values.payload_order(obj.type)),
            "raw_payload": values.raw(obj.payload),
            "previous": None
            if obj.previous is None
            else values.show(obj.previous, labels=values.payload_order(obj.type)),
            "raw_previous": values.raw(obj.previous),
            "evaluations": [
                {"started": one.get("started"), "sentence": evaluations.sentence(one)}
                for one in obj.evaluations
            ],
            "runs": [told(run, plans) for run in runs],
        }

    def page_title(self, obj: Any) -> str:
        """Name the kind of event."""
        return label_of(obj.type)

    @admin.display(description=_("event"))
    def kind(self, event: Any) -> str:
        """Return what staff call it."""
        return label_of(event.type)

    @admin.display(description=_("about"))
    def about(self, event: Any) -> Any:
        """Return the record it is about, linked."""
        return event.shown_subject and event.shown_subject.link

    @admin.display(description=_("came from"))
    def came_from(self, event: Any) -> str:
        """Return by what way it came."""
        return evaluations.source_words(event.source)

    @admin.display(description=_("caused by"))
    def caused_by(self, event: Any) -> Any:
        """Return who or what caused it."""
        words, cause = actor_words(event.actor), causing_run(event.actor)
        if not cause:
            return words
        url = reverse("admin:workflows_workflowrun_change", args=[cause])
        return format_html('<a href="{}">{}</a>', url, words)

    @admin.display(description=_("received"))
    def received(self, event: Any) -> str:
        """Return when it came."""
        return short_moment(event.created_at)

    @admin.display(description=_("started"))
    def listened(self, event: Any) -> str:
        """Return how many workflows listened, and how many started."""
        return evaluations.counted(event.evaluations)
