"""Runs: the list support searches, and the page of one run."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from tenants.admin.base import HistoryAdmin
from tenants.admin.lists import CreatedFilter, TenantFilter
from tenants.admin.offered import OfferedList
from tenants.core.text.listing import bare
from workflows.admin.markup import shown_badge, subject_link
from workflows.admin.runs.bulk import ChosenRuns
from workflows.admin.runs.filters import (
    MistakeFilter,
    PartFilter,
    StatusFilter,
    TriggerListFilter,
    WorkflowFilter,
)
from workflows.admin.runs.operations import RunOperations
from workflows.admin.runs.page import RunPage
from workflows.admin.runs.recover import RunRecovery
from workflows.admin.search import narrowed
from workflows.admin.urls import of_runs
from workflows.models.run import WorkflowRun
from workflows.presentation.actors import actor_words
from workflows.presentation.badges import run_badge
from workflows.presentation.times import duration, short_moment
from workflows.services.events.search import search_runs
from workflows.services.runs.summaries import failed_step, plans_of, subjects_of


class RunList(OfferedList):
    """A page of runs, with what belongs to them fetched for all rows at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, its records and its steps' names."""
        super().get_results(request)
        shown = list(self.result_list)
        subjects, plans = subjects_of(shown), plans_of(run for run in shown if run.error_code)
        for run in shown:
            run.shown_subject = subjects.get((run.subject_type, run.subject_id))
            run.shown_failure = failed_step(run, plans)
        self.result_list = shown


@admin.register(WorkflowRun)
class RunAdmin(RunPage, RunRecovery, RunOperations, ChosenRuns, HistoryAdmin):
    """What happens to a run is the engine's to say; people ask it to."""

    list_display = ("state", "what", "about", "started", "took")
    list_display_links = ("state",)
    list_filter = (
        StatusFilter,
        MistakeFilter,
        PartFilter,
        WorkflowFilter,
        TriggerListFilter,
        CreatedFilter,
        TenantFilter,
    )
    list_select_related = ("definition", "tenant")
    actions: Any = ("retry_chosen", "cancel_chosen")
    search_fields = ("id",)
    search_help_text = _("Order, phone, e-mail, name, or any number of order, event or run")
    when_empty = _(
        "No runs here. A run begins when something happens that a workflow waits for. "
        "If one is missing, look for its event, which says why nothing started."
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Use the list that fetches for all rows at once."""
        return RunList

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Find by any id, or any value of the event."""
        # Whole runs: the parts of one stand on its page, which leads to a list of all of them.
        if not request.GET.get(PartFilter.parameter_name):
            queryset = queryset.filter(parent_run=None)
        term = bare(search_term).strip()
        if term:
            queryset = narrowed(request, queryset, search_runs, term)
        return queryset, False

    def get_urls(self) -> list[Any]:
        """Add the pages beside Django's own."""
        return [*of_runs(self), *super().get_urls()]

    @admin.display(description=_("status"))
    def state(self, run: Any) -> Any:
        """Return the status in its colour."""
        return shown_badge(run_badge(run.status))

    @admin.display(description=_("workflow"))
    def what(self, run: Any) -> Any:
        """Return the workflow, and below it the failed step and why."""
        step, why = run.shown_failure
        if not why:
            return run.definition
        by = _("%(person)s sees to it.") % {"person": actor_words(run.taken_by)}
        return format_html(
            '{}<span class="sayr-failure"><b>{}</b> {}</span>{}',
            run.definition,
            f"{step}:",
            why,
            format_html('<span class="sayr-quiet sayr-taken">{}</span>', by)
            if run.taken_by
            else "",
        )

    @admin.display(description=_("about"))
    def about(self, run: Any) -> Any:
        """Return the record it is about, linked."""
        return subject_link(run.shown_subject)

    @admin.display(description=_("started"))
    def started(self, run: Any) -> str:
        """Return when it began; while it has not, when it was queued."""
        return short_moment(run.started_at or run.created_at)

    @admin.display(description=_("took"))
    def took(self, run: Any) -> str:
        """Return how long it took."""
        return duration(lasted(run))


def lasted(run: WorkflowRun) -> timedelta | None:
    """Return the time from start to end, or None while it goes on."""
    if run.started_at is None or run.completed_at is None:
        return None
    return run.completed_at - run.started_at
