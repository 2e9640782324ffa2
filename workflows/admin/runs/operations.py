"""What people do about a run: cancel it, retry it, correct it, say what became of a step."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from tenants.admin import access
from workflows.addresses import page_of, path_to
from workflows.admin.runs.choices import (
    changes_of_record,
    from_here,
    goes_on_at,
    label_of_step,
    lines_of,
    not_offered,
    reached,
    stopped_at,
)
from workflows.admin.runs.guard import guarded
from workflows.admin.runs.payload_form import PayloadForm, suspect_of
from workflows.admin.runs.recovery import RecoveryWay, recoveries
from workflows.engine.history.taking_over import ON_OTHER_VALUES
from workflows.engine.statuses import RunStatus
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.presentation import values
from workflows.presentation.runs.lines import StepLine
from workflows.presentation.runs.refusals import refusal_sentence
from workflows.services.refusals import NotRetryable, Refused
from workflows.services.runs.cancel import cancel
from workflows.services.runs.retry import retry_failed_step, start_again
from workflows.services.runs.starting import retry_problem, start_problems, was_decided_before
from workflows.services.runs.summaries import LoadedRun

START = "start"
FAILED_STEP = "failed_step"
WITH_RECORD = "with_record"
STEP = "step:"  # and its name


class RunOperations:
    """Put before the ModelAdmin of runs. Each page says what will happen, and asks for a click."""

    show: Any
    get_object: Any
    log_change: Any
    page_title: Any

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Operations."""
        return access.may_edit_somewhere(request)

    @guarded
    def cancel_page(self, request: HttpRequest, run: WorkflowRun) -> HttpResponse:
        """Ask whether the run is to end, and end it."""
        if request.method == "POST":
            return self._do(request, run, lambda: self._cancelled(request, run))
        is_running = run.status == RunStatus.RUNNING
        return self._page(request, run, "run_cancel", {"is_running": is_running})

    def _cancelled(self, request: HttpRequest, run: WorkflowRun) -> UUID:
        status = cancel(run.tenant, run.pk)
        if status is RunStatus.RUNNING:
            said = _("The run is asked to end: the step under way is finished first.")
        elif status is RunStatus.CANCELLED:
            said = _("The run is cancelled.")
        else:
            said = _("The run is cancelled: it ends as soon as a worker is free.")
        return self._noted(request, run, said)

    @guarded
    def retry_page(self, request: HttpRequest, run: WorkflowRun) -> HttpResponse:
        """Ask from where it goes on or starts again, and let it."""
        if request.method == "POST":
            return self._do(request, run, lambda: self._retried(request, run))
        lines, step = lines_of(run), goes_on_at(run)
        steps, problem = reached(lines, run), retry_problem(run) if step else ""
        record_says = changes_of_record(run) if step else ""
        asked = request.GET.get("step", "")
        names = {line.name for line, _question in steps}
        context = {
            "preselected": _preselected(run, lines, step, asked if asked in names else ""),
            "asked_step": asked if asked in names else step,
            "wants_newest": request.GET.get("version") == "newest",
            "lines": lines,
            "reached": steps,
            "asks_again": any(question for _line, question in steps),
            "not_offered": not_offered(run),
            "stopped": label_of_step(lines, step) if step and not problem else "",
            "why_not": refusal_sentence(problem) if problem else "",
            "is_rest": run.status == RunStatus.COMPLETED_WITH_ERRORS,
            "record_says": record_says,
            "rest": from_here(lines, step) if step else [],
            "all_steps": from_here(lines, ""),
        }
        return self._page(request, run, "run_retry", context)

    def _retried(self, request: HttpRequest, run: WorkflowRun) -> UUID:
        begin = request.POST.get("from", "")
        if begin in {FAILED_STEP, WITH_RECORD}:
            is_rest = run.status == RunStatus.COMPLETED_WITH_ERRORS
            actor, with_record = access.actor_of(request), begin == WITH_RECORD
            retry_failed_step(run.tenant, run.pk, actor=actor, with_record=with_record)
            said = _("The run goes on from its failed step.")
            alone = _("The step is being done again, and nothing else.")
            return self._noted(request, run, alone if is_rest else said)
        if begin not in {START, STEP}:
            raise NotRetryable(run.pk, "nothing_chosen")
        step = request.POST.get("step", "") if begin == STEP else ""
        new = start_again(
            run.tenant,
            run.pk,
            access.actor_of(request),
            from_step=step,
            newest=request.POST.get("version") == "newest",
        )
        self._noted(request, run, _("Started again. This is the new run."))
        return new

    @guarded
    def correct_page(self, request: HttpRequest, run: WorkflowRun) -> HttpResponse:
        """Ask what it should have been started with, and start it again with that."""
        stopped = stopped_at(run)
        event = WorkflowEvent.objects.filter(tenant=run.tenant_id, runs=run).first()
        known = values.payload_fields(event.type if event else "")
        suspect = suspect_of(run.trigger_payload, stopped, known)
        form = PayloadForm(
            run.trigger_payload,
            request.POST if request.method == "POST" else None,
            known=known,
            suspect=suspect,
            as_json=request.GET.get("as") == "json" or not run.trigger_payload,
        )
        if form.is_valid():
            return self._do(request, run, lambda: self._corrected(request, run, form))
        lines = lines_of(run)
        name = stopped["step_name"] if stopped else ""
        why_not = why_not_corrected(run, name) if name else ""
        context = {
            "form": form,
            "as_json": form.fields.get("whole") is not None,
            "suspect": suspect,
            "stopped": label_of_step(lines, name) if name and not why_not else "",
            "why_not": why_not,
            "stopped_name": name,
            "begin": request.POST.get("from", FAILED_STEP),
        }
        return self._page(request, run, "run_correct", context)

    def _corrected(self, request: HttpRequest, run: WorkflowRun, form: PayloadForm) -> UUID:
        stopped = stopped_at(run)
        from_failed = request.POST.get("from") == FAILED_STEP and stopped is not None
        new = start_again(
            run.tenant,
            run.pk,
            access.actor_of(request),
            from_step=stopped["step_name"] if from_failed else "",
            newest=request.POST.get("version") == "newest",
            payload=form.corrected(),
        )
        self._noted(request, run, _("Started again with what you corrected. This is the new run."))
        return new

    def _do(self, request: HttpRequest, run: WorkflowRun, act: Callable[[], UUID]) -> HttpResponse:
        """Do it and show the run it led to, or say why it was not done."""
        try:
            shown = act()
        except Refused as why:
            return self._refused(request, run, why.code)
        return HttpResponseRedirect(path_to("workflows_workflowrun", shown))

    def _refused(self, request: HttpRequest, run: WorkflowRun, code: str) -> HttpResponse:
        messages.error(request, refusal_sentence(code))
        return HttpResponseRedirect(page_of(run))

    def _noted(self, request: HttpRequest, run: WorkflowRun, said: str) -> UUID:
        self.log_change(request, run, said)
        messages.success(request, said)
        return run.pk

    def _page(
        self, request: HttpRequest, run: WorkflowRun, template: str, context: dict[str, Any]
    ) -> HttpResponse:
        own, newest = run.version, run.definition.version
        shown: HttpResponse = self.show(
            request,
            f"admin/workflows/{template}.html",
            self.page_title(run),
            original=run,
            run=run,
            run_url=page_of(run),
            own_version=own,
            newest_version=newest if newest > own else None,
            **context,
        )
        return shown


def _preselected(run: WorkflowRun, lines: Sequence[StepLine], step: str, asked: str) -> str:
    """Return what most likely helps; "" where nothing does that is offered: the person chooses."""
    if asked:
        return STEP
    if not step:
        return START
    helps = recoveries(LoadedRun.of(run), lines).get(step)
    ways = {RecoveryWay.AGAIN: FAILED_STEP, RecoveryWay.WITH_RECORD: WITH_RECORD}
    # With the same value, or the same version, it would fail again.
    return ways.get(helps.way, "") if helps and helps.way else ""


def why_not_corrected(run: WorkflowRun, step: str) -> str:
    """Return why a run with another payload cannot begin at the failed step; "" if it may."""
    code = start_problems(run).get(step, "unknown_step")
    if not code and was_decided_before(run, step):
        code = ON_OTHER_VALUES
    return refusal_sentence(code) if code else ""
