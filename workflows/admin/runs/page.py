"""The page of one run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tenants.admin import access
from tenants.core.text.listing import listed
from workflows.admin.runs import related
from workflows.admin.runs.choices import choices_for, taking
from workflows.admin.runs.error_links import ways_out
from workflows.admin.runs.recovery import Written, recoveries
from workflows.admin.runs.steps import Rounds, shown_parts, shown_steps
from workflows.engine.decide import DEADLINE_PASSED
from workflows.engine.progress import WaitType
from workflows.engine.statuses import RunStatus
from workflows.event_types import label_of
from workflows.models.run import WorkflowRun
from workflows.presentation import badges, values
from workflows.presentation.actors import actor_words, causing_run
from workflows.presentation.runs.entries import RunFacts
from workflows.presentation.runs.summary import summary
from workflows.presentation.runs.timeline import flow
from workflows.presentation.times import duration
from workflows.services.approvals.dropped import dropped_questions
from workflows.services.runs.children import ahead_in_lane
from workflows.services.runs.summaries import LoadedRun, subject_of


@dataclass(frozen=True, slots=True)
class LinkedRow:
    """What a page leads to: its name, its app and model, its key."""

    label: str
    model: str  # "" if there is no page
    key: object = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of a run."""

    label: str
    value: Any = ""
    things: tuple[LinkedRow, ...] = ()


class RunPage:
    """Put before the ModelAdmin of runs: the page of one, and the part of it that changes."""

    page_template = "admin/workflows/run.html"
    get_object: Any
    has_view_permission: Any

    def page_rows(self, rows: Any) -> Any:
        """Read with a run what its page tells of other rows."""
        return LoadedRun.rows(rows)

    def page(
        self, request: HttpRequest, obj: Any, written: Written | None = None
    ) -> dict[str, Any]:
        """Return what the page of a run shows; with what a person wrote that was refused."""
        view = LoadedRun.of(obj)
        may_edit = access.may_edit(request, obj.tenant_id)
        shown = _context(view, Rounds.read(request.GET.get("rounds", "")), written, may_edit)
        found = shown["recoveries"]
        return {
            **shown,
            "choices": choices_for(obj, has_recovery=bool(found)) if may_edit else None,
            "taking": taking(obj, access.actor_of(request), may_take=may_edit)
            if may_edit or obj.taken_by
            else None,
        }

    def page_title(self, obj: Any) -> str:
        """Name the workflow, and the record it was about."""
        subject = subject_of(obj)
        return _title(obj, related.part_of(obj), subject.label if subject else "")

    def live(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Return the changing part of a run's page, or nothing if it is as it was seen."""
        run = self.get_object(request, object_id)
        if run is None or not self.has_view_permission(request, run):
            raise Http404
        if request.GET.get("seen") == _seen_mark(run):
            return HttpResponse(status=204)
        context = self.page(request, run)
        html = render_to_string("admin/workflows/run_live.html", context, request)
        return JsonResponse({"seen": context["seen"], "ended": context["has_ended"], "html": html})


def _context(
    view: LoadedRun, rounds: Rounds, written: Written | None, may_edit: bool
) -> dict[str, Any]:
    run, subject, event = view.run, view.subject, view.event
    is_held = run.status == RunStatus.QUEUED and run.wait_type == WaitType.LANE
    ahead = ahead_in_lane(run) if is_held else []
    event_type = event.type if event else ""
    labels = values.payload_fields(event_type)
    facts = replace(_turn(view.facts, ahead), payload_labels=labels)
    told, family = flow(facts), partial(related.shown_family, run, view.plans)
    place = related.part_of(run) if run.parent_run else None
    took = run.completed_at - run.started_at if run.completed_at and run.started_at else None
    has_ended = RunStatus(run.status).has_ended
    # Nothing is wrong with most runs.
    was_tried = bool(run.pending and run.pending.get("attempts"))
    is_wrong = run.error_code or was_tried or any("error" in one for one in facts.results)
    helps = recoveries(view, told.lines, written) if is_wrong and may_edit else {}
    return {
        "run": run,
        "title": _title(run, place, subject.label if subject else ""),
        "seen": _seen_mark(run),
        "has_ended": has_ended,
        "status": badges.run_badge(run.status),
        "sentence": summary(facts, told),
        "ways_out": ways_out(run, facts.results, subject) if is_wrong else [],
        "links": [] if has_ended else related.links_of_wait(run, ahead),
        "part_of": place,
        "subject": subject,
        "event": event,
        "began_with": label_of(event_type) if event_type else "",
        "took": duration(took),
        "facts": [fact for fact in _facts(view) if fact.value or fact.things],
        "steps": shown_steps(told.lines, family, rounds, helps),
        "recoveries": list(helps.values()),
        "after_failure": shown_parts(told.after_failure, told.lines, family, rounds),
        "most_shown": view.most_shown,
        **_began_with(run, labels, values.payload_words(event_type)),
    }


def _title(run: WorkflowRun, place: related.PartOf | None, subject: str) -> str:
    if place is not None and not place.is_called:
        return place.words
    named = {"workflow": run.definition.name, "subject": subject}
    if not subject:
        return _("Run of “%(workflow)s”") % named
    return _("Run of “%(workflow)s” for %(subject)s") % named


def _turn(facts: RunFacts, ahead: Sequence[WorkflowRun]) -> RunFacts:
    """Return the facts of a run that waits for its turn, with what it really waits for."""
    if facts.lane is None or any(one.lane == facts.lane for one in ahead):
        return facts
    # Nobody holds its key: its workflow has no room for more runs.
    return replace(facts, lane="")


def _began_with(run: WorkflowRun, labels: Mapping[str, str], words: values.Words) -> dict[str, Any]:
    """Return the values with which the run began, and of a part what it handed back."""
    if run.parent_run is None:
        payload = values.show(run.trigger_payload, labels=labels, words=words)
        return {"payload": payload, "raw_payload": values.raw(run.trigger_payload)}
    result = (run.output or {}).get("result")
    return {
        "payload": None if run.item is None else values.show(run.item),
        "raw_payload": values.raw(run.item),
        "result": None if result is None else values.show(result),
        "raw_result": values.raw(result),
    }


def _seen_mark(run: WorkflowRun) -> str:
    """Return what changes whenever the run's page would look different."""
    pending = run.pending or {}
    tried = (pending.get("step_name"), len(pending.get("attempts") or ()))
    moments = (run.due_at, run.started_at, run.completed_at, run.cancel_requested_at)
    others = (run.children_open, run.wait_type)
    state = (run.status, run.current_step, run.lease_token, run.crashes, tried, moments, others)
    return sha256(repr(state).encode()).hexdigest()[:16]


def _facts(view: LoadedRun) -> Iterator[Fact]:
    run = view.run
    yield Fact(_("Workflow"), things=_workflow(view))
    if run.actor:
        yield _started_by(run)
    yield Fact(pgettext("since when", "Queued"), run.created_at)
    yield Fact(pgettext("since when", "Started"), run.started_at)
    yield Fact(_("Ended"), run.completed_at)
    yield Fact(_("Has to be done by"), _deadline(run))
    yield Fact(_("Asked to cancel"), run.cancel_requested_at)
    yield Fact(_("Worker stopped in it"), run.crashes)
    if run.retried_from:
        yield Fact(_("No longer asked"), _dropped(run))
        yield Fact(_("Repeats"), things=(_run(run.retried_from),))
    yield Fact(_("Started again as"), things=tuple(_run(one.pk) for one in view.repeats))


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


def _workflow(view: LoadedRun) -> tuple[LinkedRow, ...]:
    run, version = view.run, _("version %(number)s") % {"number": view.run.version}
    model = "workflows_workflowversion" if view.version_id else ""
    return (
        LinkedRow(run.definition.name, "workflows_workflowdefinition", run.definition_id),
        LinkedRow(version, model, view.version_id),
    )


def _started_by(run: WorkflowRun) -> Fact:
    words, cause = actor_words(run.actor), causing_run(run.actor)
    label = _("Started by")
    return Fact(label, things=(_run(UUID(cause), words),)) if cause else Fact(label, words)


def _run(run_id: UUID, words: str = "") -> LinkedRow:
    return LinkedRow(words or str(run_id), "workflows_workflowrun", run_id)
