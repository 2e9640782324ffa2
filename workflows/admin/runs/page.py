"""What the page of one run shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tenants.core.text.listing import listed
from workflows.admin.readable import readable_run
from workflows.admin.runs import related
from workflows.admin.runs.error_links import ways_out
from workflows.admin.runs.steps import Rounds, shown_parts, shown_steps
from workflows.engine.decide import DEADLINE_PASSED
from workflows.engine.statuses import RunStatus
from workflows.event_types import label_of
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.models.version import WorkflowVersion
from workflows.presentation import badges, values
from workflows.presentation.actors import actor_words, causing_run
from workflows.presentation.runs.facts import RunFacts
from workflows.presentation.runs.summary import summary
from workflows.presentation.runs.timeline import flow
from workflows.presentation.times import duration
from workflows.services.approvals.dropped import dropped_questions
from workflows.services.runs.entries import MAX_SHOWN
from workflows.services.runs.queries import run_history
from workflows.services.runs.repeats import repeats_of
from workflows.services.runs.subjects import Subject, subjects_of
from workflows.services.runs.summaries import facts_of, plans_of


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of a run."""

    label: str
    value: Any


def run_page(run: WorkflowRun, asked: str = "") -> dict[str, Any]:
    """Return the page's context. The story and the steps are told by `workflows.presentation`.

    `asked` says which rounds of a loop are shown, if not the last.
    """
    run = readable_run(run)
    plans, ahead, rounds = plans_of([run]), related.ahead_of(run), Rounds.read(asked)
    event = WorkflowEvent.objects.filter(tenant=run.tenant_id, runs=run).first()
    event_type = event.type if event else ""
    facts = _exactly(run, _turn(facts_of(run, plans), ahead))
    facts = replace(facts, payload_labels=values.payload_fields(event_type))
    told, families = flow(facts), related.families_of(run, plans)
    subject = subject_of(run)
    took = run.completed_at - run.started_at if run.completed_at and run.started_at else None
    return {
        "run": run,
        "seen": seen_mark(run),
        "has_ended": RunStatus(run.status).has_ended,
        "status": badges.run_badge(run.status),
        "sentence": summary(facts),
        "ways_out": ways_out(run, facts.results, subject),
        "links": related.links_of_wait(run, ahead),
        "part_of": related.part_of(run),
        "subject": subject,
        "event_url": _page("workflowevent", event.pk) if event else "",
        "began_with": label_of(event_type) if event_type else "",
        "took": duration(took),
        "facts": [fact for fact in _facts(run) if fact.value],
        "steps": shown_steps(told.lines, families, rounds),
        "after_failure": shown_parts(told.after_failure, told.lines, families, rounds),
        "most_shown": MAX_SHOWN if run.entries_numbered > MAX_SHOWN else 0,
        **_began_with(run, event_type),
    }


def _turn(facts: RunFacts, ahead: Sequence[WorkflowRun]) -> RunFacts:
    """Return the facts of a run that waits for its turn, with what it really waits for."""
    if facts.lane is None or any(one.lane == facts.lane for one in ahead):
        return facts
    # Nobody holds its key: its workflow has no room for more runs.
    return replace(facts, lane="")


def _began_with(run: WorkflowRun, event_type: str) -> dict[str, Any]:
    """Return the values with which the run began, and of a part what it handed back."""
    if run.parent_run is None:
        labels = values.payload_fields(event_type)
        payload = values.show(run.trigger_payload, labels=labels)
        return {"payload": payload, "raw_payload": values.raw(run.trigger_payload)}
    result = (run.output or {}).get("result")
    return {
        "payload": None if run.item is None else values.show(run.item),
        "raw_payload": values.raw(run.item),
        "result": None if result is None else values.show(result),
        "raw_result": values.raw(result),
    }


def subject_of(run: WorkflowRun) -> Subject | None:
    """Return the record the run is about."""
    return subjects_of([run]).get((run.subject_type, run.subject_id))


def seen_mark(run: WorkflowRun) -> str:
    """Return what changes whenever the run's page would look different."""
    pending = run.pending or {}
    tried = (pending.get("step_name"), len(pending.get("attempts") or ()))
    moments = (run.due_at, run.started_at, run.completed_at, run.cancel_requested_at)
    others = (run.children_open, run.wait_type)
    state = (run.status, run.current_step, run.lease_token, run.crashes, tried, moments, others)
    return sha256(repr(state).encode()).hexdigest()[:16]


def _exactly(run: WorkflowRun, facts: RunFacts) -> RunFacts:
    """Return the facts with the numbers as they are stored: Django reads 149.90 as 149.9."""
    history = run_history(run.tenant, run.pk, latest=MAX_SHOWN)
    if history is None:
        return facts
    run.trigger_payload = history.payload
    run.item, run.output = history.item, history.output
    return replace(facts, results=history.entries, pending=history.pending)


def _facts(run: WorkflowRun) -> Sequence[Fact]:
    return [
        Fact(_("Workflow"), _workflow(run)),
        Fact(_("Started by"), _started_by(run)),
        Fact(pgettext("since when", "Queued"), run.created_at),
        Fact(pgettext("since when", "Started"), run.started_at),
        Fact(_("Ended"), run.completed_at),
        Fact(_("Has to be done by"), _deadline(run)),
        Fact(_("Asked to cancel"), run.cancel_requested_at),
        Fact(_("Worker stopped in it"), run.crashes),
        Fact(_("No longer asked"), _dropped(run)),
        Fact(_("Repeats"), _run_link(run.retried_from) if run.retried_from else ""),
        Fact(_("Started again as"), _links(repeats_of(run))),
    ]


def _dropped(run: WorkflowRun) -> str:
    """Return which questions of an earlier version the run went on without."""
    said = (
        _("“%(question)s”, which version %(version)s asks: this one does not, or asks otherwise")
        % {"question": one.label, "version": one.version}
        for one in dropped_questions(run)
    )
    return listed(said)


def _deadline(run: WorkflowRun) -> datetime | None:
    """Return until when the run has to be done; of one that was done in time nobody asks."""
    is_over = RunStatus(run.status).has_ended and run.error_code != DEADLINE_PASSED
    return None if is_over else run.deadline_at


def _workflow(run: WorkflowRun) -> SafeString:
    definition = _page("workflowdefinition", run.definition_id)
    version = (
        WorkflowVersion.objects.filter(definition=run.definition_id, version=run.version)
        .values_list("pk", flat=True)
        .first()
    )
    named = _("version %(number)s") % {"number": run.version}
    if version is None:
        return format_html(
            '<bdi><a href="{}">{}</a></bdi>{}{}', definition, run.definition, _(", "), named
        )
    url = _page("workflowversion", version)
    return format_html(
        '<bdi><a href="{}">{}</a></bdi>{}<a href="{}">{}</a>',
        *(definition, run.definition, _(", "), url, named),
    )


def _started_by(run: WorkflowRun) -> Any:
    words, cause = actor_words(run.actor), causing_run(run.actor)
    return _run_link(UUID(cause), words) if cause else words


def _links(runs: Sequence[WorkflowRun]) -> SafeString:
    return format_html_join(_(", "), "{}", ((_run_link(run.pk),) for run in runs))


def _run_link(run_id: UUID, words: str = "") -> SafeString:
    url = _page("workflowrun", run_id)
    return format_html('<a href="{}" dir="ltr">{}</a>', url, words or run_id)


def _page(model: str, key: UUID) -> str:
    return reverse(f"admin:workflows_{model}_change", args=[key])
