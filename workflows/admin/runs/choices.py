"""What a person may do about a run, and what each of it does, in words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from workflows.addresses import admin_path
from workflows.engine.history.entries import stopping_entry
from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.presentation.actors import actor_words
from workflows.presentation.runs.entries import changed_words, done_in_part, step_ended_in
from workflows.presentation.runs.lines import StepLine, StepState
from workflows.presentation.runs.plans import every_step
from workflows.presentation.runs.refusals import refusal_sentence
from workflows.presentation.runs.timeline import timeline
from workflows.presentation.times import short_moment
from workflows.presentation.values import payload_fields, spelt_out
from workflows.services.refusals import NotRetryable
from workflows.services.runs.entries import MAX_SHOWN, entries_of
from workflows.services.runs.record_values import record_values, refuse_for_called
from workflows.services.runs.retry import program_to_resume, resumption_of
from workflows.services.runs.starting import (
    asked_again,
    event_of,
    refuse_to_mix,
    start_problems,
    steps_to_start_at,
)
from workflows.services.runs.summaries import facts_of, plans_of

# What a step has to have become for a run to be started again from it.
REACHED = frozenset(
    {
        StepState.COMPLETED,
        StepState.FAILED,
        StepState.SKIPPED,
        StepState.UNKNOWN,
        StepState.REUSED,
    }
)


_MAY_GO_ON = frozenset({RunStatus.FAILED, RunStatus.COMPLETED_WITH_ERRORS, RunStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class RunChoice:
    """A thing to do, and the page on which it is explained and confirmed."""

    label: str
    url: str
    is_first: bool = False  # what most people came for


@dataclass(frozen=True, slots=True)
class RunChoices:
    """What can be done about a run as it stands."""

    main: list[RunChoice]
    more: list[RunChoice]  # behind “More ways”


def choices_for(run: WorkflowRun, *, has_recovery: bool = False) -> RunChoices:
    """Return what can be done about a run as it stands, beside what helps about its failed steps.

    Parts of a run follow the whole.
    """
    if run.parent_run is not None:
        return RunChoices([], [])
    if not RunStatus(run.status).has_ended:
        asked = run.cancel_requested_at is not None
        return RunChoices([] if asked else [RunChoice(_("Cancel…"), _page("cancel", run))], [])
    again = RunChoice(_("Start again…"), _page("retry", run))
    correct = RunChoice(_("Correct and start again…"), _page("correct", run))
    if has_recovery or run.status == RunStatus.FAILED:
        return RunChoices([], [again, correct])
    if run.status == RunStatus.CANCELLED and goes_on_at(run):
        # Started again, it would do a second time what it has done for some.
        onward = RunChoice(_("Let it go on…"), _page("retry", run), is_first=True)
        return RunChoices([onward], [again, correct])
    return RunChoices([again, correct], [])


def stopped_at(run: WorkflowRun) -> Any:
    """Return the entry of the step that made the run fail, or None."""
    if run.status != RunStatus.FAILED:
        return None
    try:
        program = program_to_resume(run)
    except NotRetryable:
        return None
    entry = stopping_entry(run.step_results, program)
    # A run whose workers died has no entry of the step in which they did.
    return entry if entry and entry["step_name"] == run.error_step else None


def goes_on_at(run: WorkflowRun) -> str:
    """Return the name of the step at which a retry would go on; "" if there is none.

    Of a run that was completed with errors, the step that can be done alone; of one that was
    cancelled, the step that it had done in part, or was doing alone.
    """
    ended_in = step_ended_in(run.pending)
    if run.status == RunStatus.CANCELLED and not (done_in_part(ended_in) or "alone" in ended_in):
        return ""
    if run.status not in _MAY_GO_ON:
        return ""
    try:
        onward = resumption_of(run)
    except NotRetryable:
        return ""
    return program_to_resume(run).instructions[onward.step].name if onward else ""


def changes_of_record(run: WorkflowRun) -> str:
    """Return in words what the run's record says otherwise today; "" where a step cannot have it.

    With these values a step alone can be retried.
    """
    try:
        refuse_for_called(run)
        refuse_to_mix(run)
        changed = record_values(run.tenant, run.pk).changed
    except NotRetryable:
        return ""
    event = event_of(run)
    return changed_words(changed, payload_fields(event.type if event else ""))


def lines_of(run: WorkflowRun) -> Sequence[StepLine]:
    """Return the run's steps as its page shows them."""
    facts = replace(facts_of(run, plans_of([run])), results=entries_of(run, latest=MAX_SHOWN))
    return timeline(facts)


def reached(lines: Sequence[StepLine], run: WorkflowRun) -> list[tuple[StepLine, str]]:
    """Return the steps from which a run can be started again.

    Beside each the label of the question that is asked again first; "" if there is none.
    """
    names, questions = steps_to_start_at(run), asked_again(run)
    labels = {line.name: line.label for line in lines}
    return [
        (line, labels.get(questions.get(line.name, ""), ""))
        for line in lines
        if line.state in REACHED and line.name in names
    ]


def not_offered(run: WorkflowRun) -> list[tuple[list[str], str]]:
    """Return the steps from which a run cannot be started again, with the reason in words."""
    problems, found = start_problems(run), dict[str, list[str]]()
    for plan in plans_of([run]).values():
        for step in every_step(plan):
            if code := problems.get(step.name):
                found.setdefault(refusal_sentence(code), []).append(step.label)
    return [(steps, why) for why, steps in found.items()]


def from_here(lines: Sequence[StepLine], name: str) -> list[str]:
    """Return the labels of a step and of all behind it; of all steps if none has the name."""
    names = [line.name for line in lines]
    first = names.index(name) if name in names else 0
    behind = (line for line in lines[first:] if not line.is_aside or line.name == name)
    return [line.label for line in behind]


def label_of_step(lines: Sequence[StepLine], name: str) -> str:
    """Return what staff call a step."""
    return next((line.label for line in lines if line.name == name), spelt_out(name))


def _page(name: str, run: WorkflowRun) -> str:
    return admin_path(f"workflows_workflowrun_{name}", run.pk)


@dataclass(frozen=True, slots=True)
class Taking:
    """Who sees to a run, and what the reader may do about that."""

    said: str = ""  # who sees to it; "": nobody
    taken_by: str = ""  # as it is stored
    may_take: bool = False
    is_own: bool = False


def taking(run: WorkflowRun, actor: str, *, may_take: bool) -> Taking:
    """Return who sees to a run; it can be taken where there is something to see to."""
    calls_for_it = bool(run.error_code) or not RunStatus(run.status).has_ended
    offered = may_take and run.parent_run is None and (calls_for_it or bool(run.taken_by))
    if not run.taken_by or run.taken_at is None:
        return Taking(may_take=offered)
    words = {"person": actor_words(run.taken_by), "time": short_moment(run.taken_at)}
    is_own = run.taken_by == actor
    said = (
        _("You see to it since %(time)s.") if is_own else _("%(person)s sees to it since %(time)s.")
    )
    return Taking(said % words, run.taken_by, offered, is_own)
