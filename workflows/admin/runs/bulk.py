"""The same for several runs: chosen in the list, then told on a page what would be done."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tenants.admin import access
from tenants.models.tenant import Tenant
from workflows.admin.base import to
from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.refusals import refusal_sentence
from workflows.services.bulk_retries.choosing import MAX_RUNS, TooManyRuns, choose
from workflows.services.runs.bulk import MAX_AT_ONCE, cancel_each


class ChosenRuns:
    """Put before the ModelAdmin of runs."""

    show: Any
    log_change: Any

    @admin.action(description=_("Retry what failed…"), permissions=["operate"])
    def retry_chosen(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Write down a retry of the chosen runs, and show what it would do."""
        companies = list(queryset.order_by().values_list("tenant", flat=True).distinct()[:2])
        own = [one for one in companies if access.may_edit(request, one)]
        if companies and not own:
            messages.error(request, gettext("You may not change any of these runs."))
            return None
        if len(companies) != 1:
            messages.error(request, gettext("Choose runs of one company."))
            return None
        tenant = Tenant.objects.get(pk=own[0])
        try:
            return to(choose(tenant, access.actor_of(request), queryset))
        except TooManyRuns:
            said = gettext("At most %(most)s runs at once. Choose fewer, or use a filter.")
            messages.error(request, said % {"most": MAX_RUNS})
            return None

    @admin.action(description=_("Cancel"), permissions=["operate"])
    def cancel_chosen(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Cancel the chosen runs that are under way."""
        runs = self._chosen(request, queryset)
        if not runs or request.POST.get("post") != "yes":
            return self._ask(request, runs)
        self._cancel(request, runs)
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

    def _ask(self, request: HttpRequest, runs: list[WorkflowRun]) -> HttpResponse | None:
        if not runs:
            return None
        able = sum(not RunStatus(run.status).has_ended for run in runs)
        shown: HttpResponse = self.show(
            request,
            "admin/workflows/runs_chosen.html",
            gettext("Cancel runs"),
            runs=runs,
            able=able,
            unable=len(runs) - able,
        )
        return shown

    def _cancel(self, request: HttpRequest, runs: list[WorkflowRun]) -> None:
        outcome = cancel_each(runs)
        for run in outcome.done:
            self.log_change(request, run, gettext("Cancelled."))
        if outcome.done:
            count = len(outcome.done)
            told = ngettext("Done for %(count)s run.", "Done for %(count)s runs.", count)
            messages.success(request, told % {"count": count})
        for code, count in sorted(outcome.refused.items()):
            told = ngettext(
                "Not done for %(count)s run: %(why)s", "Not done for %(count)s runs: %(why)s", count
            )
            messages.warning(request, told % {"count": count, "why": refusal_sentence(code)})
