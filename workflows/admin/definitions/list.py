"""The list of workflows: what each does, how it went last, and how the last day went."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from tenants.admin.offered import OfferedList
from workflows.addresses import path_to
from workflows.admin.markup import run_link, shown_badge
from workflows.models.run import WorkflowRun
from workflows.presentation.badges import run_badge
from workflows.presentation.times import short_moment
from workflows.services.runs.day_figures import DayFigures, day_figures
from workflows.services.runs.newest import last_runs


class DefinitionList(OfferedList):
    """A page of workflows, with what belongs to them fetched for all rows at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, its figures and its last runs."""
        super().get_results(request)
        shown = list(self.result_list)
        figures, last = day_figures(shown, timezone.now()), last_runs(shown)
        for definition in shown:
            definition.shown_figures = figures.get(definition.pk, DayFigures())
            definition.shown_last_run = last.get(definition.pk)
        self.result_list = shown


def linked_run(run: WorkflowRun | None) -> SafeString | None:
    """Return the state of a run with its time, linked; None if there is none."""
    if run is None:
        return None
    state = run_link(run.pk, shown_badge(run_badge(run.status)))
    began = short_moment(run.started_at or run.created_at)
    return format_html('{}<span class="sayr-below">{}</span>', state, began)


def linked_figures(definition: Any, figures: DayFigures) -> Any:
    """Return how many runs there were, and below it how many went wrong, linked to them."""
    if not figures.runs:
        return 0
    runs = path_to("workflows_workflowrun", workflow=definition.pk)
    count = format_html('<a href="{}">{}</a>', runs, figures.runs)
    if not figures.failures:
        return count
    words = ngettext("%(count)s with errors", "%(count)s with errors", figures.failures)
    wrong = format_html(
        '<span class="sayr-below"><a class="sayr-bad" href="{}&status=errors">{}</a></span>',
        runs,
        words % {"count": figures.failures},
    )
    return format_html("{}{}", count, wrong)
