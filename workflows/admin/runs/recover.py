"""One click on a failed step, or on a run that somebody sees to."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.admin import access
from tenants.core.text.listing import apart
from workflows.addresses import page_of
from workflows.admin.runs.choices import label_of_step, lines_of
from workflows.admin.runs.guard import guarded
from workflows.admin.runs.recovery import RecoveryWay, Written
from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.presentation.actors import actor_words
from workflows.presentation.runs.recovering import sends
from workflows.presentation.runs.refusals import refusal_sentence
from workflows.services.refusals import Refused
from workflows.services.runs.corrections import BadCorrection, Correction
from workflows.services.runs.one_step import FailedStep, do_again, mark_done
from workflows.services.runs.parts import line_of
from workflows.services.runs.taking import give_back, take

_SENT: Final = {
    RecoveryWay.WITH_RECORD: gettext_lazy(
        "“%(step)s” is being sent again, with what the record says now."
    ),
    RecoveryWay.WITH_VALUE: gettext_lazy("“%(step)s” is being sent again with “%(value)s”."),
}
_DONE: Final = {
    RecoveryWay.WITH_RECORD: gettext_lazy(
        "“%(step)s” is being done again, with what the record says now."
    ),
    RecoveryWay.WITH_VALUE: gettext_lazy("“%(step)s” is being done again with “%(value)s”."),
}
_AGAIN: Final = {
    True: gettext_lazy("“%(step)s” is being sent again."),
    False: gettext_lazy("“%(step)s” is being done again."),
}
_MEANWHILE: Final = frozenset({"not_failed", "done_meanwhile"})


class RunRecovery:
    """Put before the ModelAdmin of runs: what a button on a run's page does."""

    show: Any
    page: Any
    page_template: str
    get_object: Any
    log_change: Any

    @guarded
    def recover_page(self, request: HttpRequest, run: WorkflowRun) -> HttpResponse:
        """Do what the button on a failed step says; show the page again with what is wrong."""
        if request.method != "POST":
            return HttpResponseRedirect(page_of(run))
        failure = FailedStep(request.POST.get("step", ""), request.POST.get("seen", ""))
        try:
            said = _act(request, run, failure)
        except BadCorrection as wrong:
            return self._again(request, run, failure, wrong.said)
        except Refused as why:
            messages.error(request, _why_not(request, run, failure, why.code))
            return HttpResponseRedirect(page_of(run))
        return self._done(request, run, said)

    @guarded
    def take_page(self, request: HttpRequest, run: WorkflowRun) -> HttpResponse:
        """Note that the person sees to the run, or does so no more."""
        if request.method != "POST":
            return HttpResponseRedirect(page_of(run))
        actor = access.actor_of(request)
        try:
            if request.POST.get("do") == "give_back":
                give_back(run.tenant, run.pk, actor)
                return self._done(request, run, _("You have given it back: anybody may take it."))
            take(run.tenant, run.pk, actor, instead_of=request.POST.get("instead_of", ""))
        except Refused as why:
            messages.error(request, _why_not_taken(run, why.code))
            return HttpResponseRedirect(page_of(run))
        return self._done(request, run, _("You see to this run now, and the others can read that."))

    def _again(
        self, request: HttpRequest, run: WorkflowRun, failure: FailedStep, said: str
    ) -> HttpResponse:
        text, writes = request.POST.get("value", ""), bool(request.POST.get("write_back"))
        shown = self.page(request, run, Written(failure.name, text, writes, said))
        title = shown.pop("title")
        answer: HttpResponse = self.show(request, self.page_template, title, original=run, **shown)
        return answer

    def _done(self, request: HttpRequest, run: WorkflowRun, said: str) -> HttpResponse:
        self.log_change(request, run, said)
        messages.success(request, said)
        return HttpResponseRedirect(page_of(run))


def _act(request: HttpRequest, run: WorkflowRun, failure: FailedStep) -> str:
    """Do it, and return what was done, in a sentence."""
    actor, do = access.actor_of(request), request.POST.get("do")
    label, action = _named(run, failure)
    words = {"step": label, "value": apart(request.POST.get("value", "").strip())}
    if do == RecoveryWay.DONE:
        mark_done(run.tenant, run.pk, actor, failure)
        if run.status == RunStatus.FAILED:
            return _("“%(step)s” is noted as done by hand, and the run goes on.") % words
        return _("“%(step)s” is noted as done by hand.") % words
    if do == RecoveryWay.WITH_RECORD:
        do_again(run.tenant, run.pk, actor, failure, with_record=True)
    elif do == RecoveryWay.WITH_VALUE:
        writes = bool(request.POST.get("write_back"))
        given = Correction(request.POST.get("key", ""), request.POST.get("value", ""), writes)
        do_again(run.tenant, run.pk, actor, failure, correction=given)
    else:
        do_again(run.tenant, run.pk, actor, failure)
    said = _words_of(do, action) % words
    is_written = do == RecoveryWay.WITH_VALUE and request.POST.get("write_back")
    return f"{said} {_('The record was corrected as well.')}" if is_written else said


def _words_of(do: str | None, action: str) -> str:
    told = _SENT if sends(action) else _DONE
    return str(next((told[way] for way in told if way == do), _AGAIN[sends(action)]))


def _named(run: WorkflowRun, failure: FailedStep) -> tuple[str, str]:
    """Return what staff call the step, and its action."""
    lines = lines_of(run)
    action = next((line.action for line in lines if line.name == failure.name), "")
    return label_of_step(lines, failure.name), action


def _why_not(request: HttpRequest, run: WorkflowRun, failure: FailedStep, code: str) -> str:
    """Return why it was not done: if somebody has done it already, who."""
    if code not in _MEANWHILE:
        return refusal_sentence(code)
    root, *_inner = line = line_of(run, lock=False)
    own = [one for one in line[-1].step_results if one.get("step_name") == failure.name]
    settled = next((one["settled_by"] for one in own if one.get("settled_by")), "")
    by = settled or (root.retried_by or [""])[-1]
    if not by:
        return refusal_sentence(code)
    words = {"person": actor_words(by)}
    is_own = by == access.actor_of(request)
    if settled and is_own:
        return _("You have noted this as done already.")
    if settled:
        return _("%(person)s has noted this as done already.") % words
    if is_own:
        return _("You have had this done again already: look what became of it.")
    return _("%(person)s has had this done again already: look what became of it.") % words


def _why_not_taken(run: WorkflowRun, code: str) -> str:
    taken_by = WorkflowRun.objects.filter(pk=run.pk).values_list("taken_by", flat=True).first()
    if code == "taken_by_other" and taken_by:
        return _("%(person)s sees to it already.") % {"person": actor_words(taken_by)}
    return refusal_sentence(code)
