"""Problems: the list of failures that are alike, and what people do about one."""

from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tenants.admin import access
from tenants.admin.base import HistoryAdmin
from tenants.admin.lists import Choices, StatedChoicesFilter, TenantFilter
from tenants.admin.offered import OfferedList
from workflows.addresses import admin_path, path_to
from workflows.admin.base import to
from workflows.admin.markup import link, shown_badge
from workflows.admin.runs.filters import RUNS_OF, WorkflowFilter
from workflows.admin.urls import of_problems
from workflows.models.problem import WorkflowProblem
from workflows.models.run import WorkflowRun
from workflows.presentation.actors import actor_words
from workflows.presentation.badges import Badge
from workflows.presentation.runs.bulk_reasons import problem_refusal
from workflows.presentation.times import short_moment
from workflows.services.bulk_retries.choosing import TooManyRuns, choose
from workflows.services.problems.fold import refresh
from workflows.services.problems.people import ProblemChanged, give_back, solve, take
from workflows.services.problems.queries import ProblemSummary, open_ones, summaries
from workflows.services.runs.summaries import plans_of, subjects_of, told

OPEN: Final = "open"
TAKEN: Final = "taken"
SOLVED: Final = "solved"
ALL: Final = "all"
RUNS_SHOWN: Final = 10
STATE_LABELS: Final = {OPEN: _("Open"), TAKEN: _("Somebody sees to it"), SOLVED: _("Solved")}
_TONES: Final = {OPEN: "failed", TAKEN: "running", SOLVED: "completed"}


class ProblemStateFilter(StatedChoicesFilter):
    """What is not solved comes first."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Offer each state."""
        return [
            (OPEN, _("Not solved")),
            ("nobody", _("Nobody sees to it")),
            (TAKEN, STATE_LABELS[TAKEN]),
            (SOLVED, STATE_LABELS[SOLVED]),
            (ALL, _("All")),
        ]

    def value(self) -> str:
        """Return what was chosen; what is not solved at first."""
        asked = super().value()
        return asked if asked in {"nobody", TAKEN, SOLVED, ALL} else OPEN

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow."""
        match self.value():
            case "nobody":
                return open_ones(queryset).filter(taken_by="")
            case "taken":
                return open_ones(queryset).exclude(taken_by="")
            case "solved":
                return queryset.filter(closed_at__isnull=False)
            case "all":
                return queryset
        return open_ones(queryset)


class ProblemList(OfferedList):
    """A page of problems, counted up to this moment."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, and what belongs to its rows, for all of them at once."""
        super().get_results(request)
        shown: list[Any] = list(self.result_list)
        for one in summaries(shown, timezone.now()):
            one.problem.shown = one  # type: ignore[attr-defined]  # for the columns
        self.result_list = shown


@admin.register(WorkflowProblem)
class ProblemAdmin(HistoryAdmin):
    """Everybody of the company reads; whoever may operate takes, gives back, solves and retries."""

    list_display = ("state", "what", "runs", "trend", "last", "by")
    list_display_links = ("what",)
    list_filter = (ProblemStateFilter, WorkflowFilter, TenantFilter)
    list_select_related = ("definition", "tenant")
    list_per_page = 25
    ordering = ("-last_at", "-id")
    page_template = "admin/workflows/problem.html"
    when_empty = _("Nothing went wrong that is not solved.")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Use the list that fetches for all rows at once."""
        return ProblemList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Count up to this moment first."""
        refresh(access.tenants_seen(request).values_list("pk", flat=True))
        return super().changelist_view(request, extra_context)

    def get_urls(self) -> list[Any]:
        """Add what people do about a problem."""
        return [*of_problems(self), *super().get_urls()]

    def page_rows(self, rows: Any) -> Any:
        """Read with a problem its workflow."""
        return rows.select_related("definition", "tenant")

    def page(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what the page of a problem shows."""
        refresh([obj.tenant_id])
        obj.refresh_from_db()
        [shown] = summaries([obj], timezone.now())
        own = WorkflowRun.objects.filter(tenant=obj.tenant_id).of_problem(obj.members)
        runs = list(own.select_related("definition", "tenant").order_by("-id")[:RUNS_SHOWN])
        is_open = obj.closed_at is None
        plans = plans_of(runs)
        return {
            "title": _title(shown),
            "problem": obj,
            "shown": shown,
            "badge": _badge(shown.state),
            "first": short_moment(obj.first_at),
            "last": short_moment(obj.last_at),
            "taken_by": actor_words(obj.taken_by),
            "taken_at": short_moment(obj.taken_at),
            "closed_by": actor_words(obj.closed_by),
            "closed_at": short_moment(obj.closed_at),
            "is_open": is_open,
            "is_mine": obj.taken_by == access.actor_of(request),
            "newest": [told(run, plans, subjects_of(runs)) for run in runs],
            "more": max(shown.runs - len(runs), 0),
            "runs_url": path_to("workflows_workflowrun", **{RUNS_OF: obj.pk}),
            "may_edit": access.may_edit(request, obj.tenant_id),
            "say_url": admin_path("workflows_workflowproblem_say", obj.pk),
            "retry_url": admin_path("workflows_workflowproblem_retry", obj.pk),
        }

    def say(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it, give it back, or say that it is solved."""
        problem = self._own(request, object_id)
        tenant, actor = problem.tenant, access.actor_of(request)
        try:
            match request.POST.get("say"):
                case "take":
                    take(tenant, problem.pk, actor)
                    said = gettext("You see to it.")
                case "give_back":
                    give_back(tenant, problem.pk)
                    said = gettext("Given back: nobody sees to it.")
                case "solved":
                    note = request.POST.get("note", "").replace("\0", "")
                    solve(tenant, problem.pk, actor, seen=_seen(request), note=note)
                    said = gettext("Noted as solved. It opens again when the next run fails so.")
                case _:
                    return to(problem)
        except ProblemChanged as why:
            messages.warning(request, problem_refusal(why.code))
            return to(problem)
        messages.success(request, said)
        self.log_change(request, problem, said)
        return to(problem)

    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Write down a retry of its runs, and show what it would do."""
        problem = self._own(request, object_id)
        refresh([problem.tenant_id])
        own = WorkflowRun.objects.filter(tenant=problem.tenant_id)
        runs = own.of_problem(problem.members).filter(error_fingerprint__isnull=False)
        try:
            job = choose(problem.tenant, access.actor_of(request), runs, problem=problem.pk)
        except TooManyRuns:
            said = gettext("These are too many runs to retry at once. Choose some in their list.")
            messages.error(request, said)
            return to(problem)
        return to(job)

    def _own(self, request: HttpRequest, object_id: str) -> Any:
        problem = self.get_object(request, object_id)
        if problem is None or not self.has_view_permission(request, problem):
            raise Http404
        if not access.may_edit(request, problem.tenant_id):
            raise PermissionDenied
        return problem

    @admin.display(description=_("state"))
    def state(self, problem: Any) -> Any:
        """Return the state in its colour."""
        return shown_badge(_badge(problem.shown.state))

    @admin.display(description=_("problem"))
    def what(self, problem: Any) -> Any:
        """Return the workflow and the step, and below them why."""
        return format_html(
            '{}<span class="sayr-failure">{}</span>', _title(problem.shown), problem.shown.why
        )

    @admin.display(description=_("runs"))
    def runs(self, problem: Any) -> Any:
        """Return how many are not solved, with the way to them."""
        if not problem.shown.runs:
            return None
        return link(
            path_to("workflows_workflowrun", **{RUNS_OF: problem.pk}), counted(problem.shown)
        )

    @admin.display(description=_("24 h / 7 days"))
    def trend(self, problem: Any) -> str:
        """Return how many failures there were lately."""
        return f"{problem.shown.last_day} / {problem.shown.last_week}"

    @admin.display(description=_("last"))
    def last(self, problem: Any) -> str:
        """Return when it happened last."""
        return short_moment(problem.last_at)

    @admin.display(description=_("seen to by"))
    def by(self, problem: Any) -> str:
        """Return who took it, or said that it is solved."""
        return actor_words(problem.closed_by if problem.closed_at else problem.taken_by)


def counted(shown: ProblemSummary) -> str:
    """Return how many runs of a problem are not solved, in words."""
    if shown.is_capped:
        return gettext("more than 10,000 runs")
    return ngettext("%(count)s run", "%(count)s runs", shown.runs) % {"count": shown.runs}


def _seen(request: HttpRequest) -> int:
    """Return of how many failures the person knew; -1: the form does not say."""
    written = request.POST.get("seen", "")
    return int(written) if written.isdecimal() and len(written) < 19 else -1


def _badge(state: str) -> Badge:
    return Badge(_TONES[state], str(STATE_LABELS[state]))


def _title(shown: ProblemSummary) -> str:
    name = shown.problem.definition.name
    return f"{name}: {shown.step}" if shown.step else name
