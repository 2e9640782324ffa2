"""What the page of one event shows: what listened, and why it did or did not start."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse

from tenants.core.database.ids import uuid_or_none
from tenants.core.json import Json
from workflows.admin.readable import readable_event
from workflows.event_types import label_of
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.presentation import values
from workflows.presentation.actors import actor_words
from workflows.presentation.documents import comparisons
from workflows.presentation.runs import evaluations
from workflows.presentation.runs.evaluations import Outcome
from workflows.services.runs.subjects import subjects_of
from workflows.services.runs.summaries import Told, plans_of, told


@dataclass(frozen=True, slots=True)
class Answer:
    """What one workflow made of the event."""

    name: str
    url: str  # "" if the workflow is gone
    version: int | str
    outcome: Outcome
    why: str  # "" if it started, or if the rows below say it
    wanted: str  # of a start condition: what would have had to be
    actual: str  # and what was
    runs: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Deaf:
    """A workflow for this kind of event that was not asked: off, archived, or later than it."""

    definition: WorkflowDefinition
    url: str


@dataclass(frozen=True, slots=True)
class Change:
    """A field, before and after."""

    label: str
    before: values.Shown
    after: values.Shown


def event_page(event: WorkflowEvent) -> dict[str, Any]:
    """Return the page's context."""
    event = readable_event(event)
    cause, fields = event.caused_by_run, values.payload_fields(event.type)
    answers = _answers(event)
    return {
        "event": event,
        "kind": label_of(event.type),
        "subject": subjects_of([event]).get((event.subject_type, event.subject_id)),
        "source": evaluations.source_words(event.source),
        "actor": actor_words(event.actor),
        "cause": reverse("admin:workflows_workflowrun_change", args=[cause]) if cause else "",
        "answers": answers,
        "started": sum(answer.outcome is Outcome.STARTED for answer in answers),
        "deaf": _deaf(event),
        "payload": values.show(event.payload, labels=fields),
        "raw_payload": values.raw(event.payload),
        "is_change": event.previous is not None,
        "changes": _changes(event, fields),
        "raw_previous": values.raw(event.previous),
    }


def _changes(event: WorkflowEvent, fields: Mapping[str, str]) -> list[Change]:
    """Return the fields of a changed record that hold another value than before."""
    before = event.previous or {}
    now = event.payload if isinstance(event.payload, dict) else {}
    keys = [key for key in (*fields, *before) if key in before]
    return [
        Change(
            fields.get(key) or values.spelt_out(key),
            values.show(before[key]),
            values.show(now.get(key)),
        )
        for key in dict.fromkeys(keys)
        if before[key] != now.get(key)
    ]


def _answers(event: WorkflowEvent) -> list[Answer]:
    roots: Any = event.runs
    runs = list(roots.filter(parent_run=None).select_related("definition", "tenant"))
    plans = plans_of(runs)
    started: dict[str, list[Told]] = {}
    for run in runs:
        started.setdefault(str(run.definition_id), []).append(told(run, plans))
    found = event.evaluations
    known = _known(event, (one.get("definition_id", "") for one in found))
    return [_answer(event.type, one, known, started) for one in found]


def _answer(
    event_type: str,
    evaluation: Mapping[str, Json],
    known: Mapping[str, str],
    started: Mapping[str, Sequence[Told]],
) -> Answer:
    key = str(evaluation.get("definition_id", ""))
    details = evaluation.get("details") or {}
    compared = evaluation.get("reason") == "filtered_out" and "field" in details
    return Answer(
        name=str(evaluation.get("name", "")),
        url=known.get(key, ""),
        version=evaluation.get("version", ""),
        outcome=evaluations.outcome(evaluation),
        why="" if compared else evaluations.why(evaluation, event_type),
        wanted=comparisons.comparison(details, event_type) if compared else "",
        actual=comparisons.quoted(details.get("actual")) if compared else "",
        runs=tuple(started.get(key, ())),
    )


def _known(event: WorkflowEvent, ids: Iterable[str]) -> Mapping[str, str]:
    """Return the pages of the workflows that are still there."""
    wanted = [key for key in map(uuid_or_none, ids) if key is not None]
    own = WorkflowDefinition.objects.filter(tenant=event.tenant_id, pk__in=wanted)
    return {str(key): _page(key) for key in own.values_list("pk", flat=True)}


def _deaf(event: WorkflowEvent) -> list[Deaf]:
    """Return the workflows that somebody may have expected to start."""
    asked = [uuid_or_none(one.get("definition_id", "")) for one in event.evaluations]
    found = WorkflowDefinition.objects.filter(
        tenant=event.tenant_id, trigger_types__contains=[event.type]
    ).exclude(pk__in=[key for key in asked if key is not None])
    return [Deaf(definition, _page(definition.pk)) for definition in found.order_by("name")[:10]]


def _page(key: UUID) -> str:
    return reverse("admin:workflows_workflowdefinition_change", args=[key])
