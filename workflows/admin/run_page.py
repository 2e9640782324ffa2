"""What the page of one run shows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.admin import AdminSite
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from actions import registry
from workflows.admin.subjects import subjects_of
from workflows.event_types import label_of
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.models.version import WorkflowVersion
from workflows.services.find_runs import run_history
from workflows.services.stories import facts_of, plans_of
from workflows.wording import badges, values
from workflows.wording.actors import actor_words, causing_run
from workflows.wording.runs import summary
from workflows.wording.timeline import Attempt, Line, RunFacts, StepState, timeline
from workflows.wording.times import duration, milliseconds


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of a run."""

    label: str
    value: Any


@dataclass(frozen=True, slots=True)
class ShownAttempt:
    """A try of a step, ready for the page."""

    number: int
    started_at: datetime | None
    took: str
    error: str


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step, ready for the page."""

    line: Line
    badge: SafeString
    action: str
    icon: str
    took: str
    input: values.Shown | None
    output: values.Shown | None
    raw_input: str
    raw_output: str
    attempts: tuple[ShownAttempt, ...]

    @property
    def is_grey(self) -> bool:
        """Whether nothing has been done of it."""
        return self.line.state in {StepState.NOT_REACHED, StepState.SKIPPED, StepState.NEXT}


def run_page(run: WorkflowRun, site: AdminSite) -> dict[str, Any]:
    """Return the page's context. The story and the steps are told by `workflows.wording`."""
    facts = _exactly(run, facts_of(run, plans_of([run])))
    event = WorkflowEvent.objects.filter(tenant=run.tenant_id, runs=run).first()
    return {
        "run": run,
        "status": badges.run_badge(run.status),
        "sentence": summary(facts),
        "facts": [fact for fact in _facts(run, event) if fact.value],
        "steps": [shown_step(line) for line in timeline(facts)],
        "payload": values.show(
            run.trigger_payload, labels=values.payload_order(event.type if event else "")
        ),
        "raw_payload": values.raw(run.trigger_payload),
    }


def _exactly(run: WorkflowRun, facts: RunFacts) -> RunFacts:
    """Return the facts with the numbers as they are stored: Django reads 149.90 as 149.9."""
    history = run_history(run.tenant, run.pk)
    if history is None:
        return facts
    run.trigger_payload = history.payload
    return replace(facts, results=history.entries, pending=history.pending)


def shown_step(line: Line) -> ShownStep:
    """Return a step ready for the page, its values named as its action names them."""
    inputs, outputs = _schemas(line.action)
    return ShownStep(
        line=line,
        badge=badges.step_badge(line.state),
        action=badges.action_label(line.action),
        icon=badges.action_icon(line.action),
        took=milliseconds(line.duration_ms),
        input=None if line.input is None else values.show(line.input, labels=values.titles(inputs)),
        output=None
        if line.output is None
        else values.show(line.output, labels=values.titles(outputs)),
        raw_input=values.raw(line.input),
        raw_output=values.raw(line.output),
        attempts=tuple(_shown_attempt(attempt) for attempt in line.attempts),
    )


def _shown_attempt(attempt: Attempt) -> ShownAttempt:
    took = milliseconds(attempt.duration_ms)
    return ShownAttempt(attempt.number, attempt.started_at, took, attempt.error)


def _schemas(action: str) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    try:
        spec = registry.get(action)
    except registry.UnknownAction:
        return None, None
    return spec.params, spec.output


def _facts(run: WorkflowRun, event: WorkflowEvent | None) -> list[Fact]:
    took = run.completed_at - run.started_at if run.completed_at and run.started_at else None
    subject = subjects_of([run]).get((run.subject_type, run.subject_id))
    return [
        Fact(_("Workflow"), _workflow(run)),
        Fact(_("About"), subject and subject.link),
        Fact(_("Event"), _event(run, event)),
        Fact(_("Started by"), _started_by(run)),
        Fact(_("Queued"), run.created_at),
        Fact(_("Started"), run.started_at),
        Fact(_("Ended"), run.completed_at),
        Fact(_("Took"), duration(took)),
        Fact(_("Asked to cancel"), run.cancel_requested_at),
        Fact(_("Worker stopped in it"), run.crashes),
        Fact(_("Repeats"), _run_link(run.retried_from) if run.retried_from else ""),
        Fact(_("Run number"), format_html('<code class="sayr-id" dir="ltr">{}</code>', run.pk)),
    ]


def _workflow(run: WorkflowRun) -> SafeString:
    definition = reverse("admin:workflows_workflowdefinition_change", args=[run.definition_id])
    version = (
        WorkflowVersion.objects.filter(definition=run.definition_id, version=run.version)
        .values_list("pk", flat=True)
        .first()
    )
    named = _("version %(number)s") % {"number": run.version}
    if version is None:
        return format_html('<a href="{}">{}</a>, {}', definition, run.definition, named)
    url = reverse("admin:workflows_workflowversion_change", args=[version])
    return format_html(
        '<a href="{}">{}</a>, <a href="{}">{}</a>', definition, run.definition, url, named
    )


def _event(run: WorkflowRun, event: WorkflowEvent | None) -> Any:
    if event is None:
        return ""
    url = reverse("admin:workflows_workflowevent_change", args=[event.pk])
    return format_html('<a href="{}">{}</a>', url, label_of(event.type))


def _started_by(run: WorkflowRun) -> Any:
    words, cause = actor_words(run.actor), causing_run(run.actor)
    return _run_link(UUID(cause), words) if cause else words


def _run_link(run_id: UUID, words: str = "") -> SafeString:
    url = reverse("admin:workflows_workflowrun_change", args=[run_id])
    return format_html('<a href="{}" dir="ltr">{}</a>', url, words or run_id)
