"""Retries of many runs: what one would do, how far it has come, what has become of each run."""

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tenants.admin import access
from tenants.admin.base import HistoryAdmin
from tenants.admin.lists import TenantFilter
from workflows.addresses import admin_path, page_of, path_to
from workflows.admin.base import to
from workflows.admin.markup import shown_badge
from workflows.admin.runs.pace import per_minute_field
from workflows.admin.urls import of_bulk_retries
from workflows.models.bulk_retry import BulkRetryStatus, WorkflowBulkRetry
from workflows.models.problem import WorkflowProblem
from workflows.presentation.actors import actor_words
from workflows.presentation.badges import Badge
from workflows.presentation.runs.bulk_reasons import bulk_reason
from workflows.presentation.times import short_moment
from workflows.services.bulk_retries.choosing import NotInThatState, go_on, reasons_of, start, stop
from workflows.services.bulk_retries.report import Became, counts_of, first_of, runs_of

SHOWN: Final = 50  # runs of each kind on a page
_TONES: Final = {
    BulkRetryStatus.PLANNED: "queued",
    BulkRetryStatus.FIRST: "running",
    BulkRetryStatus.ASKING: "waiting",
    BulkRetryStatus.RUNNING: "running",
    BulkRetryStatus.STOPPED: "cancelled",
    BulkRetryStatus.DONE: "completed",
}
_LIVE: Final = {BulkRetryStatus.FIRST, BulkRetryStatus.RUNNING}
_STOPPABLE: Final = {*_LIVE, BulkRetryStatus.ASKING}


class BulkRetryForm(forms.Form):
    """How fast, and with which values."""

    per_minute = per_minute_field()
    values = forms.ChoiceField(
        choices=[
            ("same", _("With the content that failed")),
            ("today", _("With today's values of the record, where it says something else now")),
        ],
        initial="same",
        required=False,
        widget=forms.RadioSelect,
    )


def job_badge(job: WorkflowBulkRetry) -> Badge:
    """Return how far a job has come, in its colour."""
    status = BulkRetryStatus(job.status) if job.status in BulkRetryStatus else None
    return Badge(_TONES[status], str(status.label)) if status else Badge("unknown", job.status)


def job_words(job: WorkflowBulkRetry) -> str:
    """Return what a job is, for a link to it."""
    said = ngettext("Retry of %(count)s run", "Retry of %(count)s runs", job.total)
    return said % {"count": job.total}


@admin.register(WorkflowBulkRetry)
class BulkRetryAdmin(HistoryAdmin):
    """Everybody of the company reads; whoever may operate starts and stops."""

    is_in_menu = False  # the runs, the problems and the first page lead here
    list_display = ("state", "runs", "by", "started")
    list_filter = (TenantFilter,)
    list_select_related = ("tenant",)
    page_template = "admin/workflows/bulk_retry.html"
    when_empty = _("Nobody has retried many runs at once yet. Choose some in the list of runs.")

    def get_urls(self) -> list[Any]:
        """Add what is done with a job, and the part of its page that changes."""
        return [*of_bulk_retries(self), *super().get_urls()]

    def page_title(self, obj: Any) -> str:
        """Say what it is."""
        return gettext("Retry of several runs")

    def page(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what the page of a job shows."""
        return {**self._context(request, obj), "form": BulkRetryForm()}

    def live(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Return the part of the page that changes, or nothing if it is as it was seen."""
        job = self._job(request, object_id)
        context = self._context(request, job)
        if request.GET.get("seen") == context["seen"]:
            return HttpResponse(status=204)
        html = render_to_string("admin/workflows/bulk_retry_live.html", context, request)
        return JsonResponse({"seen": context["seen"], "ended": context["is_over"], "html": html})

    def begin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Start it, the first run only or all."""
        job = self._own(request, object_id)
        form = BulkRetryForm(request.POST)
        if not form.is_valid():
            context = {**self._context(request, job), "form": form}
            title = self.page_title(job)
            return self.show(request, self.page_template, title, original=job, **context)
        return self._do(
            request,
            job,
            lambda: start(
                job,
                access.actor_of(request),
                per_minute=form.cleaned_data["per_minute"],
                with_record=form.cleaned_data["values"] == "today",
                one_first="_all" not in request.POST,
            ),
            gettext("Started."),
        )

    def go_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Do the others."""
        job = self._own(request, object_id)
        return self._do(request, job, lambda: go_on(job), gettext("The others are done now."))

    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Do no further one."""
        job = self._own(request, object_id)
        said = gettext("Stopped. What was retried goes on; the others are left as they are.")
        return self._do(request, job, lambda: stop(job), said)

    def _do(
        self, request: HttpRequest, job: Any, act: Callable[[], Any], said: str
    ) -> HttpResponse:
        try:
            act()
        except NotInThatState:
            messages.warning(request, gettext("It has gone on meanwhile: this is how it stands."))
        else:
            self.log_change(request, job, said)
        return to(job)

    def _job(self, request: HttpRequest, object_id: str) -> Any:
        job = self.get_object(request, object_id)
        if job is None or not self.has_view_permission(request, job):
            raise Http404
        return job

    def _own(self, request: HttpRequest, object_id: str) -> Any:
        job = self._job(request, object_id)
        if not access.may_edit(request, job.tenant_id):
            raise PermissionDenied
        return job

    def _context(self, request: HttpRequest, job: Any) -> dict[str, Any]:
        counts = counts_of(job)
        status = job.status
        retried = job.total - counts[Became.LEFT] - counts[Became.WAITING]
        is_over = (
            status in {BulkRetryStatus.PLANNED, BulkRetryStatus.DONE, BulkRetryStatus.STOPPED}
        ) and not counts[Became.UNDER_WAY]
        may_edit = access.may_edit(request, job.tenant_id)
        reasons = sorted(reasons_of(job).items(), key=lambda one: (-one[1], one[0]))
        problem = _problem(job)
        return {
            "job": job,
            "seen": "-".join([status, *(str(count) for count in counts.values())]),
            "is_over": is_over,
            "badge": job_badge(job),
            "by": actor_words(job.actor),
            "counts": {one.value: count for one, count in counts.items()},
            "retried": retried,
            "to_do": retried + counts[Became.WAITING],
            "waiting": counts[Became.WAITING],
            "reasons": [(bulk_reason(code), count) for code, count in reasons],
            "first": first_of(job) if status == BulkRetryStatus.ASKING else None,
            "groups": [] if status == BulkRetryStatus.PLANNED else _groups(job, counts),
            "left": _shown(job, Became.LEFT),
            "left_more": max(counts[Became.LEFT] - SHOWN, 0),
            "problem": problem,
            "problem_url": page_of(problem) if problem else "",
            "runs_url": path_to("workflows_workflowrun"),
            "begin_url": _page("begin", job),
            "go_on_url": _page("go_on", job),
            "stop_url": _page("stop", job),
            "live_url": _page("live", job),
            "may_edit": may_edit,
            "may_begin": may_edit and status == BulkRetryStatus.PLANNED,
            "may_stop": may_edit and status in _STOPPABLE,
            "may_go_on": may_edit
            and status in {BulkRetryStatus.ASKING, BulkRetryStatus.STOPPED}
            and counts[Became.WAITING],
            "is_live": status in _LIVE,
        }

    @admin.display(description=_("state"))
    def state(self, job: Any) -> Any:
        """Return how far it has come, in its colour."""
        return shown_badge(job_badge(job))

    @admin.display(description=_("runs"))
    def runs(self, job: Any) -> int:
        """Return how many were chosen."""
        total: int = job.total
        return total

    @admin.display(description=_("started by"))
    def by(self, job: Any) -> str:
        """Return who started it."""
        return actor_words(job.actor)

    @admin.display(description=_("started"))
    def started(self, job: Any) -> str:
        """Return when it was started."""
        return short_moment(job.started_at)


def _groups(job: WorkflowBulkRetry, counts: Any) -> list[tuple[str, Any, int]]:
    """Return the runs of which it is known by now what they came to, what failed again first."""
    named = ((Became.FAILED_AGAIN, gettext("Failed again")), (Became.WELL, gettext("Done")))
    return [
        (label, _shown(job, one), max(counts[one] - SHOWN, 0))
        for one, label in named
        if counts[one]
    ]


def _shown(job: WorkflowBulkRetry, became: Became) -> list[tuple[Any, str]]:
    found = runs_of(job, became, SHOWN)
    return [(one.told, bulk_reason(one.reason) if one.reason else "") for one in found]


def _problem(job: WorkflowBulkRetry) -> WorkflowProblem | None:
    if job.problem is None:
        return None
    found = WorkflowProblem.objects.filter(tenant=job.tenant_id, pk=job.problem)
    return found.select_related("definition").first()


def _page(name: str, job: WorkflowBulkRetry) -> str:
    return admin_path(f"workflows_workflowbulkretry_{name}", job.pk)
