"""Filters of the list of runs, each worded so that an index answers it."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.admin.access import tenants_seen, visible
from tenants.admin.lists import Choices, newest_that
from tenants.core.database.ids import uuid_or_none
from workflows.engine.statuses import RunStatus
from workflows.event_types import label_of
from workflows.models.definition import WorkflowDefinition
from workflows.models.problem import FOLDED, WorkflowProblem
from workflows.models.run import STATUS_LABELS
from workflows.services.runs.newest import since

ANY_ERROR = "errors"
UNFINISHED = "live"
LAST_DAY = "last_day"
RUNS_OF = "problem"  # the parameter by which a problem leads to its runs
MAX_OFFERED = 100

_WITH_ERRORS = {RunStatus.FAILED, RunStatus.COMPLETED_WITH_ERRORS}


class StatusFilter(admin.SimpleListFilter):
    """By status, with the partial indexes of failures and of live runs."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Offer two groups, then each status."""
        groups = [(ANY_ERROR, _("Anything went wrong")), (UNFINISHED, _("Not finished yet"))]
        return [*groups, *((status.value, label) for status, label in STATUS_LABELS.items())]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow. No index holds the status itself: checkpoints would have to write it."""
        chosen = self.value()
        if chosen == ANY_ERROR:
            return queryset.with_errors()
        if chosen == UNFINISHED:
            return queryset.unfinished()
        if chosen not in set(RunStatus):
            return queryset
        status = RunStatus(chosen)
        if status in _WITH_ERRORS:
            return queryset.with_errors().filter(status=status)
        if not status.has_ended:
            return queryset.unfinished().filter(status=status)
        return newest_that(request, queryset, Q(status=status), is_searched=True)


class WorkflowFilter(admin.SimpleListFilter):
    """By workflow."""

    title = _("workflow")
    parameter_name = "workflow"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Offer the person's workflows."""
        own = visible(request, WorkflowDefinition.objects.all()).order_by("name")
        return [(str(key), name) for key, name in own.values_list("pk", "name")[:MAX_OFFERED]]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow to one workflow."""
        return queryset.filter(definition=self.value()) if is_offered(self) else queryset


class TriggerListFilter(admin.SimpleListFilter):
    """By what starts the workflow."""

    title = _("event")
    parameter_name = "trigger"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Offer what the person's workflows start on."""
        own = visible(request, WorkflowDefinition.objects.exclude(trigger_type=""))
        types = own.order_by("trigger_type").values_list("trigger_type", flat=True).distinct()
        return [(name, label_of(name)) for name in types[:MAX_OFFERED]]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow to the workflows that start on it."""
        if not is_offered(self):
            return queryset
        listening = WorkflowDefinition.objects.filter(trigger_type=self.value())
        # Their ids first: a join would keep the index of runs by workflow out of the plan.
        return queryset.filter(
            definition__in=list(visible(request, listening).values_list("pk", flat=True))
        )


class GivenFilter(admin.SimpleListFilter):
    """Shown when a page led here, not to choose from."""

    parameter_name: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Offer the one that was asked for."""
        asked = request.GET.get(self.parameter_name, "")
        return [(asked, _("As on the page that you came from"))] if asked else []


class MistakeFilter(GivenFilter):
    """By the same mistake at the same step."""

    title = _("same error")
    parameter_name = "mistake"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow, among the newest failures: a mistake of long ago is found by its date."""
        if not self.value():
            return queryset
        # Counted in a problem it has a mark before it.
        mark = str(self.value()).removeprefix(FOLDED)
        same = Q(error_fingerprint__in=[mark, FOLDED + mark])
        return newest_that(request, queryset.with_errors(), same, is_searched=True)


class RecordFilter(GivenFilter):
    """What is about one record: “orders:” and its id."""

    title = _("record")
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Offer the one that was asked for."""
        asked = request.GET.get(self.parameter_name, "")
        return [(asked, _("This record only"))] if asked else []

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow by the index of records; what names none has no history."""
        asked = self.value()
        if not asked:
            return queryset
        kind, _colon, record_id = asked.partition(":")
        if not record_id:
            return queryset.none()
        # The index begins with the tenant, which is named where all are seen as well.
        own = list(tenants_seen(request).values_list("pk", flat=True))
        return queryset.filter(tenant__in=own, subject_type=kind, subject_id=record_id)


class LastDayFilter(GivenFilter):
    """The runs of the last 24 hours, as the first page counts them."""

    title = _("date")
    parameter_name = LAST_DAY

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Offer it where the first page led here."""
        return [("yes", _("Last 24 hours"))] if request.GET.get(LAST_DAY) else []

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow, by the time at which a run was made."""
        return queryset.filter(id__gte=since(timezone.now())) if self.value() else queryset


class ProblemFilter(GivenFilter):
    """The runs of a problem that are not solved."""

    title = _("problem")
    parameter_name = RUNS_OF

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow to those that failed, or go on again; an id that is none has no runs."""
        if not self.value():
            return queryset
        problem_id = uuid_or_none(self.value())
        if problem_id is None:
            return queryset.none()
        own = visible(request, WorkflowProblem.objects.filter(pk=problem_id))
        members = own.values_list("members", flat=True).first()
        return queryset.of_problem(members) if members else queryset.none()


class PartFilter(GivenFilter):
    """The child runs of one run."""

    title = _("part of")
    parameter_name = "part_of"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow to the parts of one run; an id that is none has no parts."""
        if not self.value():
            return queryset
        run_id = uuid_or_none(self.value())
        return queryset.filter(parent_run=run_id) if run_id else queryset.none()


def is_offered(chosen: Any) -> bool:
    """Whether the filter's value is one that was offered; others are ignored."""
    return chosen.value() in {value for value, _label in chosen.lookup_choices}
