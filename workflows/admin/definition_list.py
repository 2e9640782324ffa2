"""The list of workflows: what each does, how it went last, and how the last day went."""

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflows.models.run import WorkflowRun
from workflows.services.day_figures import DayFigures, day_figures
from workflows.services.last_runs import last_runs
from workflows.wording.badges import run_badge
from workflows.wording.times import short_moment


class DefinitionList(ChangeList):
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
    url = reverse("admin:workflows_workflowrun_change", args=[run.pk])
    return format_html(
        '<a href="{}">{}</a><span class="sayr-below">{}</span>',
        url,
        run_badge(run.status),
        short_moment(run.started_at or run.created_at),
    )


def linked_count(definition: Any, count: int, more: str = "", tone: str = "") -> Any:
    """Return a number, linked to the workflow's runs."""
    if not count:
        return 0
    url = reverse("admin:workflows_workflowrun_changelist")
    return format_html(
        '<a class="{}" href="{}?workflow={}{}">{}</a>', tone, url, definition.pk, more, count
    )
