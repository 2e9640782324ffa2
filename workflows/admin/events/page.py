"""What the page of one event shows: what listened, and why it did or did not start."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenants.core.database.ids import uuid_or_none
from tenants.core.json import Json
from workflows.addresses import page_of, path_to
from workflows.event_types import label_of
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.presentation import values
from workflows.presentation.actors import actor_words
from workflows.presentation.documents import comparisons
from workflows.presentation.runs import evaluations
from workflows.presentation.runs.evaluations import EvaluationOutcome
from workflows.services.runs.summaries import RunSummary, plans_of, subject_of, told


@dataclass(frozen=True, slots=True)
class SubscriptionAnswer:
    """What one workflow made of the event."""

    name: str
    url: str  # "" if the workflow is gone
    version: int | str
    outcome: EvaluationOutcome
    why: str  # "" if it started, or if the rows below say it
    wanted: str  # of a start condition: what would have had to be
    actual: str  # and what was
    runs: tuple[RunSummary, ...]


@dataclass(frozen=True, slots=True)
class Deaf:
    """A workflow for this kind of event that was not asked: off, archived, or later than it."""

    definition: WorkflowDefinition
    url: str


@dataclass(frozen=True, slots=True)
class ChangedField:
    """A field, before and after."""

    label: str
    before: values.ShownValue
    after: values.ShownValue


def event_page(event: WorkflowEvent) -> dict[str, Any]:
    """Return the page's context."""
    # Whatever the columns hold, the page comes up: what none of their kind can be is left out.
    event.previous = event.previous if isinstance(event.previous, dict) else None
    event.evaluations = evaluations.readable(event.evaluations)
    cause, fields = event.caused_by_run, values.payload_fields(event.type)
    words = values.payload_words(event.type)
    answers = _answers(event)
    return {
        "event": event,
        "kind": label_of(event.type),
        "subject": subject_of(event),
        "source": evaluations.source_words(event.source),
        "actor": actor_words(event.actor),
        "cause": path_to("workflows_workflowrun", cause) if cause else "",
        "answers": answers,
        "started": sum(answer.outcome is EvaluationOutcome.STARTED for answer in answers),
        "deaf": _deaf(event),
        "payload": values.show(event.payload, labels=fields, words=words),
        "raw_payload": values.raw(event.payload),
        "is_change": event.previous is not None,
        "changes": _changes(event, fields),
        "raw_previous": values.raw(event.previous),
    }


def _changes(event: WorkflowEvent, fields: Mapping[str, str]) -> list[ChangedField]:
    """Return the fields of a changed record that hold another value than before."""
    before = event.previous or {}
    now = event.payload if isinstance(event.payload, dict) else {}
    keys = [key for key in (*fields, *before) if key in before]
    words = values.payload_words(event.type)
    return [
        ChangedField(
            fields.get(key) or values.spelt_out(key),
            values.show(called.get(str(before[key]), before[key])),
            values.show(called.get(str(now.get(key)), now.get(key))),
        )
        for key in dict.fromkeys(keys)
        for called in [words.get(key, {})]
        if before[key] != now.get(key)
    ]


def _answers(event: WorkflowEvent) -> list[SubscriptionAnswer]:
    roots: Any = event.runs
    runs = list(roots.filter(parent_run=None).select_related("definition", "tenant"))
    plans = plans_of(runs)
    started: dict[str, list[RunSummary]] = {}
    for run in runs:
        started.setdefault(str(run.definition_id), []).append(told(run, plans))
    found = event.evaluations
    known = _known(event, (one.get("definition_id", "") for one in found))
    return [_answer(event.type, one, known, started) for one in found]


def _answer(
    event_type: str,
    evaluation: Mapping[str, Json],
    known: Mapping[str, str],
    started: Mapping[str, Sequence[RunSummary]],
) -> SubscriptionAnswer:
    key = str(evaluation.get("definition_id", ""))
    details = evaluation.get("details") or {}
    compared = evaluation.get("reason") == "filtered_out" and "field" in details
    return SubscriptionAnswer(
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
    return {str(one.pk): page_of(one) for one in own.only("id")}


def _deaf(event: WorkflowEvent) -> list[Deaf]:
    """Return the workflows that somebody may have expected to start."""
    asked = [uuid_or_none(one.get("definition_id", "")) for one in event.evaluations]
    found = WorkflowDefinition.objects.filter(
        tenant=event.tenant_id, trigger_types__contains=[event.type]
    ).exclude(pk__in=[key for key in asked if key is not None])
    return [Deaf(definition, page_of(definition)) for definition in found.order_by("name")[:10]]
