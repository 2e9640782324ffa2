"""Events: what happened, and why a workflow did or did not start on it."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.admin.base import HistoryAdmin
from tenants.admin.dates import CreatedFilter
from tenants.admin.lists import Choices, TenantFilter, newest_that
from tenants.admin.offered import OfferedList
from tenants.core.text.listing import bare
from workflows.admin.events.page import event_page
from workflows.admin.markup import run_link, shown_badge, subject_link
from workflows.admin.runs.filters import RecordFilter, is_offered
from workflows.admin.search import narrowed
from workflows.event_types import all_event_types, label_of
from workflows.models.event import WorkflowEvent
from workflows.presentation.actors import actor_words, causing_run
from workflows.presentation.badges import Badge
from workflows.presentation.runs import evaluations
from workflows.presentation.times import short_moment
from workflows.services.events.search import search_events
from workflows.services.runs.summaries import subject_of, subjects_of


class EventList(OfferedList):
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
        if not is_offered(self):
            return queryset
        return newest_that(request, queryset, Q(type=self.value()), is_searched=True)


@admin.register(WorkflowEvent)
class EventAdmin(HistoryAdmin):
    """Read-only: what happened has happened."""

    list_display = ("kind", "about", "listened", "came_from", "caused_by", "received")
    list_display_links = ("kind",)
    # By its id, which the index holds: in the order in which they came.
    sortable_by = ("received",)
    list_filter = (TypeFilter, RecordFilter, CreatedFilter, TenantFilter)
    list_select_related = ("tenant",)
    search_fields = ("id",)
    search_help_text = _("Order, phone, e-mail, name, or any number of order or event")
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
        term = bare(search_term).strip()
        if term:
            queryset = narrowed(request, queryset, search_events, term)
        return queryset, False

    def page(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what the page of an event shows."""
        return event_page(obj)

    def page_title(self, obj: Any) -> str:
        """Name the kind of event, and the record it was about."""
        subject = subject_of(obj)
        if subject is None:
            return label_of(obj.type)
        named = {"kind": label_of(obj.type), "subject": subject.label}
        return gettext("Event “%(kind)s”: %(subject)s") % named

    @admin.display(description=_("event"))
    def kind(self, event: Any) -> str:
        """Return what staff call it."""
        return label_of(event.type)

    @admin.display(description=_("about"))
    def about(self, event: Any) -> Any:
        """Return the record it is about, linked."""
        return subject_link(event.shown_subject)

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
        return run_link(cause, words)

    @admin.display(description=_("received"), ordering="id")
    def received(self, event: Any) -> str:
        """Return when it came."""
        return short_moment(event.created_at)

    @admin.display(description=_("what listened"))
    def listened(self, event: Any) -> SafeString:
        """Return at a glance whether something started, was filtered out, or nobody listened."""
        shown = evaluations.glance(event.evaluations)
        badges = (shown_badge(Badge(kind.value, words)) for kind, words in shown)
        return format_html_join(" ", "{}", ((one,) for one in badges))
