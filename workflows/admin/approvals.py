"""Approvals: the inbox of decisions, and the page of one."""

from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tenants.admin.access import tenants_seen
from tenants.admin.base import HistoryAdmin
from tenants.admin.dates import CreatedFilter
from tenants.admin.lists import Choices, StatedChoicesFilter, TenantFilter
from tenants.admin.offered import OfferedList
from workflows.admin.base import to
from workflows.admin.markup import shown_badge, subject_link
from workflows.models.approval import WorkflowApproval
from workflows.models.run import WorkflowRun
from workflows.presentation.actors import actor_words
from workflows.presentation.approvals import (
    ApprovalState,
    mail_failure_words,
    refusal_words,
    state_badge,
)
from workflows.presentation.runs.waits import asked_words
from workflows.presentation.times import short_moment
from workflows.runtime.database import database_now
from workflows.services.approvals.approvers import Via, user_decider
from workflows.services.approvals.decide import GivenAnswer, decide, open_ones, waiting_for
from workflows.services.approvals.page import (
    approval_page,
    chosen,
    state_of,
    typed_answers,
    with_typed,
)
from workflows.services.approvals.refusals import (
    AlreadyDecided,
    AnswerInvalid,
    MayNotDecide,
    NoLongerOpen,
    UnknownChoice,
)
from workflows.services.runs.summaries import subject_of, subjects_of

OPEN: Final = "open"
MINE: Final = "mine"
DECIDED: Final = "decided"
ALL: Final = "all"


class StateFilter(StatedChoicesFilter):
    """What can be decided comes first."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Offer the inbox, and what was in it."""
        return [
            (MINE, _("For you to decide")),
            (OPEN, _("Open")),
            (DECIDED, _("Decided")),
            (ALL, _("All")),
        ]

    def value(self) -> str:
        """Return what was chosen; open ones at first."""
        asked = super().value()
        return asked if asked in {MINE, OPEN, DECIDED, ALL} else OPEN

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow."""
        match self.value():
            case "mine":
                return queryset.filter(pk__in=waiting_for(tenants_seen(request), request.user))
            case "open":
                return open_ones(queryset)
            case "decided":
                return queryset.exclude(decided_at=None)
        return queryset


class ApprovalList(OfferedList):
    """A page of approvals, with their runs fetched for all rows at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, the runs and the records they are about."""
        super().get_results(request)
        shown: list[Any] = list(self.result_list)
        asked = WorkflowRun.objects.filter(pk__in=[one.run_id for one in shown])
        runs: Any = {run.pk: run for run in asked.select_related("definition")}
        subjects, now = subjects_of(runs.values()), database_now()
        for one in shown:
            run = runs.get(one.run_id)
            run = run if run and run.tenant_id == one.tenant_id else None
            one.shown_run, one.shown_state = run, state_of(one, run, now)
            one.shown_subject = run and subjects.get((run.subject_type, run.subject_id))
        self.result_list = shown


@admin.register(WorkflowApproval)
class ApprovalAdmin(HistoryAdmin):
    """Everybody of the company reads; who is asked decides, through `approvals.decide`."""

    list_display = ("state", "question", "workflow", "about", "asked", "expires", "decision")
    list_display_links = ("question",)
    list_filter = (StateFilter, CreatedFilter, TenantFilter)
    list_select_related = ("tenant",)
    page_template = "admin/workflows/approval.html"
    when_empty = _(
        "Nothing waits for a decision. When a workflow asks somebody, the question stands here."
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Use the list that fetches for all rows at once."""
        return ApprovalList

    def get_list_display(self, request: HttpRequest) -> Any:
        """Leave out who decided of what is open, and until when of what is decided."""
        columns = super().get_list_display(request)
        state = request.GET.get(StateFilter.parameter_name)
        needless = {DECIDED: "expires", ALL: ""}.get(state or "", "decision")
        return tuple(column for column in columns if column != needless)

    def get_ordering(self, request: HttpRequest) -> Any:
        """Put first what waits longest; of what is over, the newest."""
        is_history = request.GET.get(StateFilter.parameter_name) in {DECIDED, ALL}
        return ("-id",) if is_history else ("id",)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one, or take a decision."""
        if request.method != "POST":
            return super().change_view(request, object_id, form_url, extra_context)
        approval = self.get_object(request, object_id)
        if approval is None or not self.has_view_permission(request, approval):
            raise PermissionDenied
        return self._decide(request, approval)

    def page(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what the page of an approval shows."""
        decider = user_decider(obj.tenant, request.user, Via.ADMIN)
        page = approval_page(obj, decider, database_now())
        run = page.run
        return {
            "page": page,
            "subject": run and subject_of(run),
            "asked": asked_words(obj.approvers),
            "mail_failures": mail_failure_words(obj.mail_failures),
            "may_decide": page.state is ApprovalState.OPEN and not page.hindrance,
        }

    def page_title(self, obj: Any) -> str:
        """Return the question."""
        title: str = obj.title
        return title

    def _decide(self, request: HttpRequest, approval: Any) -> HttpResponse:
        typed = typed_answers(approval, request.POST)
        decider = user_decider(approval.tenant, request.user, Via.ADMIN)
        try:
            decided = decide(
                approval.tenant,
                approval.pk,
                decider,
                GivenAnswer(request.POST.get("choice", ""), typed),
            )
        except MayNotDecide:
            raise PermissionDenied from None
        except AnswerInvalid as wrong:
            return self._again(request, approval, typed, wrong.faults)
        except UnknownChoice:
            messages.error(request, refusal_words("unknown_choice"))
        except AlreadyDecided:
            messages.warning(request, refusal_words("already_decided"))
        except NoLongerOpen as closed:
            messages.warning(request, refusal_words(closed.reason))
        else:
            words = gettext("Decided: “%(choice)s”. The workflow goes on.")
            messages.success(request, words % {"choice": chosen(decided)})
        return to(approval)

    def _again(self, request: HttpRequest, approval: Any, typed: Any, faults: Any) -> HttpResponse:
        shown = self.page(request, approval)
        shown["page"] = with_typed(shown["page"], typed, faults)
        title = self.page_title(approval)
        return self.show(
            request, self.page_template, title, original=approval, has_faults=True, **shown
        )

    @admin.display(description=_("state"))
    def state(self, approval: Any) -> Any:
        """Return where it stands, in its colour."""
        return shown_badge(state_badge(approval.shown_state, chosen(approval)))

    @admin.display(description=_("question"))
    def question(self, approval: Any) -> str:
        """Return what is asked."""
        title: str = approval.title
        return title

    @admin.display(description=_("workflow"))
    def workflow(self, approval: Any) -> Any:
        """Return the workflow that asks."""
        return approval.shown_run and approval.shown_run.definition

    @admin.display(description=_("about"))
    def about(self, approval: Any) -> Any:
        """Return the record it is about, linked."""
        return subject_link(approval.shown_subject)

    @admin.display(description=pgettext_lazy("since when", "asked"))
    def asked(self, approval: Any) -> str:
        """Return since when it waits."""
        return short_moment(approval.created_at)

    @admin.display(description=_("decide by"))
    def expires(self, approval: Any) -> str:
        """Return until when it can be decided."""
        return short_moment(approval.expires_at)

    @admin.display(description=_("decided by"))
    def decision(self, approval: Any) -> Any:
        """Return who decided, and when."""
        if approval.decided_at is None:
            return None
        who = actor_words(approval.decided_by) or gettext("Nobody")
        when = short_moment(approval.decided_at)
        return format_html('<bdi>{}</bdi><span class="sayr-below">{}</span>', who, when)
