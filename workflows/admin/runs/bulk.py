"""The same for several runs: chosen in the list, explained on a page, then done one by one."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tenants.admin import access
from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.refusals import refusal_sentence
from workflows.services.runs.bulk import MAX_AT_ONCE, BulkOutcome, cancel_each, retry_each


class ChosenRuns:
    """Put before the ModelAdmin of runs."""

    show: Any
    log_change: Any

    @admin.action(description=_("Retry from the failed step"), permissions=["operate"])
    def retry_chosen(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Let the chosen runs that failed go on."""
        runs = self._chosen(request, queryset)
        if not runs or request.POST.get("post") != "yes":
            able = sum(run.status == RunStatus.FAILED for run in runs)
            return self._ask(request, runs, "retry_chosen", able)
        self._do_each(request, runs, retry_each, gettext("Retried from the failed step."))
        return None

    @admin.action(description=_("Cancel"), permissions=["operate"])
    def cancel_chosen(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Cancel the chosen runs that are under way."""
        runs = self._chosen(request, queryset)
        if not runs or request.POST.get("post") != "yes":
            able = sum(not RunStatus(run.status).has_ended for run in runs)
            return self._ask(request, runs, "cancel_chosen", able)
        self._do_each(request, runs, cancel_each, gettext("Cancelled."))
        return None

    def _chosen(self, request: HttpRequest, queryset: Any) -> list[WorkflowRun]:
        """Return the runs of tenants in which the person may operate, or none if too many."""
        chosen = list(queryset.select_related("tenant", "definition")[: MAX_AT_ONCE + 1])
        if len(chosen) > MAX_AT_ONCE:
            said = gettext("At most %(most)s runs at once. Choose fewer, or use a filter.")
            messages.error(request, said % {"most": MAX_AT_ONCE})
            return []
        runs = [run for run in chosen if access.may_edit(request, run.tenant_id)]
        if not runs:
            messages.error(request, gettext("You may not change any of these runs."))
        return runs

    def _ask(
        self, request: HttpRequest, runs: list[WorkflowRun], action: str, able: int
    ) -> HttpResponse | None:
        if not runs:
            return None
        is_retry = action == "retry_chosen"
        title = gettext("Retry from the failed step") if is_retry else gettext("Cancel runs")
        shown: HttpResponse = self.show(
            request,
            "admin/workflows/runs_chosen.html",
            title,
            runs=runs,
            able=able,
            unable=len(runs) - able,
            action=action,
        )
        return shown

    def _do_each(
        self,
        request: HttpRequest,
        runs: list[WorkflowRun],
        act: Callable[[list[WorkflowRun]], BulkOutcome],
        noted: str,
    ) -> None:
        outcome = act(runs)
        for run in outcome.done:
            self.log_change(request, run, noted)
        if outcome.done:
            count = len(outcome.done)
            told = ngettext("Done for %(count)s run.", "Done for %(count)s runs.", count)
            messages.success(request, told % {"count": count})
        for code, count in sorted(outcome.refused.items()):
            told = ngettext(
                "Not done for %(count)s run: %(why)s", "Not done for %(count)s runs: %(why)s", count
            )
            messages.warning(request, told % {"count": count, "why": refusal_sentence(code)})
