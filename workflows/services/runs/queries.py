"""Find runs and events of a tenant, newest first, a page at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform

from tenants.core.database.ids import lowest_id_at
from tenants.core.json import Json
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.engine.statuses import RunStatus
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.models.run import RunQuerySet, WorkflowRun
from workflows.services.runs.entries import entries_of

# Takes a page of runs, beginning at the newest. Below the id nobody has looked for more of them.
TakePage = Callable[[RunQuerySet, UUID | None], Sequence[WorkflowRun]]

# No index names the status or the event's type. A page that filters by them looks at so many runs,
# then says how far it came: a rare status never reads a whole history in one request.
LOOKED_AT = 10_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_SHOWN_IN_LISTS: Final = (
    "id",
    "version",
    "status",
    "event_id",
    "subject_type",
    "subject_id",
    "actor",
    "error_step",
    "error_code",
    "error_message",
    "created_at",
    "started_at",
    "completed_at",
    "definition__key",
    "definition__name",
    "event__type",
)


@dataclass(frozen=True, slots=True)
class RunQuestion:
    """Which runs are asked for. None and "" ask for any."""

    status: RunStatus | None = None
    workflow: str = ""  # its key
    trigger_type: str = ""
    order_id: str = ""
    subject: tuple[str, str] | None = None  # kind and id
    event_id: UUID | None = None
    parent_run: UUID | None = None  # None: whole runs, not the parts of one
    created_after: datetime | None = None  # that moment included
    created_before: datetime | None = None  # that moment excluded
    before: UUID | None = None  # only runs with a smaller id: where the last page ended


@dataclass(frozen=True, slots=True)
class RunHistory:
    """A run with everything support asks for."""

    run: WorkflowRun
    trigger_type: str
    payload: Json
    entries: Sequence[dict[str, Json]]
    pending: dict[str, Json] | None
    labels: dict[str, str]  # of the steps, by name
    item: Json = None  # of a child run: what it works on


@dataclass(frozen=True, slots=True)
class EventHistory:
    """An event, and the runs it started."""

    event: WorkflowEvent
    payload: Json
    previous: Json
    runs: Sequence[WorkflowRun]


def find_runs(tenant: Tenant, question: RunQuestion, page: TakePage) -> Sequence[WorkflowRun]:
    """Return the runs that `question` asks for, whole ones or the parts of one; of them a page."""
    with tenant_scope(tenant):
        indexed = _indexed(tenant, question)
        floor: UUID | None = None
        found = indexed.filter(parent_run=question.parent_run)
        if question.status or question.trigger_type:
            # Parts are counted too: then an index alone answers.
            ids = indexed.order_by("-id").values_list("id", flat=True)
            floor = ids[LOOKED_AT : LOOKED_AT + 1].first()
            found = _not_indexed(found if floor is None else found.filter(id__gte=floor), question)
        return page(_for_lists(found), floor)


def run_history(tenant: Tenant, run_id: UUID) -> RunHistory | None:
    """Return a run of `tenant`, or None."""
    with tenant_scope(tenant):
        run = (
            _runs(tenant)
            .filter(pk=run_id)
            .select_related("definition", "event")
            .defer("event__payload", "event__previous", "event__evaluations")
            .first()
        )
        if run is None:
            return None
        return RunHistory(
            run=run,
            trigger_type=run.event.type if run.event else "",
            payload=run.trigger_payload,
            entries=entries_of(run),
            pending=run.pending,
            labels=_labels(tenant, run),
            item=run.item,
        )


def event_history(tenant: Tenant, event_id: UUID) -> EventHistory | None:
    """Return an event of `tenant`, or None."""
    with tenant_scope(tenant):
        event = (
            WorkflowEvent.objects.filter(tenant=tenant, pk=event_id).defer("search_keys").first()
        )
        if event is None:
            return None
        runs = _for_lists(_runs(tenant).filter(event_id=event_id, parent_run=None))
        return EventHistory(event, event.payload, event.previous, list(runs))


def _runs(tenant: Tenant) -> RunQuerySet:
    runs: RunQuerySet = WorkflowRun.objects.get_queryset().of(tenant)  # type: ignore[attr-defined]
    return runs


def _for_lists(runs: RunQuerySet) -> RunQuerySet:
    return runs.select_related("definition", "event").only(*_SHOWN_IN_LISTS).order_by("-id")


def _indexed(tenant: Tenant, question: RunQuestion) -> RunQuerySet:
    """Return what the indexes find: all that is asked but the status and the event's type."""
    runs = _in_time(_runs(tenant), question)
    if question.workflow:
        # Looked up first: with the id the planner takes the index by workflow.
        definition = WorkflowDefinition.objects.filter(tenant=tenant, key=question.workflow)
        runs = runs.filter(definition_id=definition.values_list("id", flat=True).first())
    if question.order_id:
        order_id = KeyTextTransform("order_id", "trigger_payload")
        runs = runs.annotate(order=order_id).filter(order=question.order_id)
    if question.subject:
        kind, subject_id = question.subject
        runs = runs.filter(subject_type=kind, subject_id=subject_id)
    if question.event_id:
        runs = runs.filter(event_id=question.event_id)
    return _by_partial_index(runs, question.status)


def _in_time(runs: RunQuerySet, question: RunQuestion) -> RunQuerySet:
    # By id, never by created_at: see tenants.core.database.ids.lowest_id_at.
    if question.created_after:
        runs = runs.filter(id__gte=lowest_id_at(max(question.created_after, _EPOCH)))
    if question.created_before:
        runs = runs.filter(id__lt=lowest_id_at(max(question.created_before, _EPOCH)))
    if question.before:
        runs = runs.filter(id__lt=question.before)
    return runs


def _by_partial_index(runs: RunQuerySet, status: RunStatus | None) -> RunQuerySet:
    if status in {RunStatus.FAILED, RunStatus.COMPLETED_WITH_ERRORS}:
        return runs.with_errors()
    if status is not None and not status.has_ended:
        return runs.unfinished()
    return runs


def _not_indexed(runs: RunQuerySet, question: RunQuestion) -> RunQuerySet:
    if question.status:
        runs = runs.filter(status=question.status)
    if question.trigger_type:
        # A subquery that cannot become a join: the planner would begin with all events of the type.
        event = WorkflowEvent.objects.filter(pk=OuterRef("event_id"))
        fired_by = Subquery(event.values("type")[:1])
        runs = runs.alias(fired_by=fired_by).filter(fired_by=question.trigger_type)
    return runs


def _labels(tenant: Tenant, run: WorkflowRun) -> dict[str, str]:
    """Return the steps' labels in the version that the run executes."""
    programs = WorkflowVersion.objects.filter(
        tenant=tenant, definition_id=run.definition_id, version=run.version
    ).values_list("program", flat=True)
    program: Json = programs.first() or {}
    return {step["name"]: step.get("label", "") for step in program.get("instructions", ())}
