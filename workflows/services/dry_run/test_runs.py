"""Try a document out on one input, again and again, with answers that a person gives in between."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from tenants.core.json import Json
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.definition.errors import Problem
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.rehearsal import DryRunKind, DryRunStatus, WorkflowRehearsal
from workflows.runtime.dry_run.context import Answer, Limits
from workflows.services.dry_run.run import DryRun, dry_run
from workflows.services.dry_run.samples import outputs_for, sample_payload
from workflows.services.events.search import Scope, search_events

# Somebody sits before the page, and the result is kept in a row.
LIMITS: Final = Limits(steps=2_000, runs=500, seconds=10, result_bytes=2 * 1024 * 1024)
SHOWN_EVENTS: Final = 20
KEPT_DAYS: Final = 7


def prepare(
    tenant: Tenant,
    actor: str,
    document: Json,
    definition: WorkflowDefinition | None,
    kind: DryRunKind = DryRunKind.TEST,
) -> WorkflowRehearsal:
    """Keep a document as it stands in the form, to be tried out."""
    with tenant_scope(tenant):
        return WorkflowRehearsal.objects.create(
            tenant=tenant,
            definition=definition,
            kind=kind,
            document=document,
            version=definition.version if definition else 0,
            actor=actor,
        )


def sample_input(tenant: Tenant, document: Json) -> dict[str, Json]:
    """Return what a test begins with: the newest real event, or a sample of one."""
    newest = past_events(tenant, document).first()
    if newest is not None:
        return event_input(newest)
    kind = str(document.get("trigger_type") or "") if isinstance(document, dict) else ""
    return {"source": "sample", "payload": sample_payload(tenant, kind), "previous": None}


def event_input(event: WorkflowEvent) -> dict[str, Json]:
    """Return a past event as the input of a test."""
    known = {"payload": event.payload, "previous": event.previous}
    return {"source": "event", "event_id": str(event.pk), **known}


def past_events(tenant: Tenant, document: Json, term: str = "") -> Any:
    """Return the events on which a document could have started, the newest first."""
    found = WorkflowEvent.objects.of(tenant).filter(type__in=types_of(document))
    if term.strip():
        found = found.filter(pk__in=search_events([tenant], term.strip(), Scope(found)).ids)
    return found.order_by("-id")


def types_of(document: Json) -> list[str]:
    """Return the event types that start a document, finished or not."""
    if not isinstance(document, dict):
        return []
    also = document.get("also_on")
    named = [document.get("trigger_type"), *(also if isinstance(also, list) else [])]
    return [name for name in named if isinstance(name, str) and name]


def try_out(trial: WorkflowRehearsal, given: Mapping[str, Json]) -> DryRun:
    """Rehearse the document of `trial` on an input, and keep the result in it.

    `given` has `payload` and `previous`, and `answers`: by step, what was said each time it asked.
    """
    found = dry_run(
        trial.tenant,
        trial.document,
        given["payload"],
        previous=given.get("previous"),
        answers=given.get("answers") or {},
        definition=trial.definition,
        outputs=outputs_for(trial.tenant, trial.definition_id, trial.document),
        asks=True,
        limits=LIMITS,
    )
    with tenant_scope(trial.tenant):
        trial.input, trial.result = dict(given), as_json(found)
        trial.status, trial.completed_at = DryRunStatus.DONE, timezone.now()
        trial.save(update_fields=["input", "result", "status", "completed_at"])
    return found


def answered(given: Mapping[str, Json], step: str, answer: Answer) -> dict[str, Json]:
    """Return the input with one more answer to a step."""
    answers = dict(given.get("answers") or {})
    return {**given, "answers": {**answers, step: [*answers.get(step, []), dict(answer)]}}


def as_json(found: DryRun) -> dict[str, Json]:
    """Return a dry run as its row keeps it."""
    kept = {name: getattr(found, name) for name in _KEPT}
    problems = [asdict(one) for one in found.problems]
    verdict = found.verdict
    why = {"reason": verdict.reason, "details": dict(verdict.details)} if verdict else None
    lists = {name: list(kept[name]) for name in ("entries", "would_send")}
    return {**kept, **lists, "problems": problems, "verdict": why}


def problems_in(result: Mapping[str, Json]) -> list[Problem]:
    """Return the problems of a document as a row keeps them."""
    return [Problem(**one) for one in result.get("problems") or ()]


def forget_old() -> int:
    """Delete the test runs and backtests nobody comes back to; return how many."""
    old = WorkflowRehearsal.objects.filter(created_at__lt=Now() - timedelta(days=KEPT_DAYS))
    deleted, _by_model = old.delete()
    return deleted


def answers_in(results: Iterable[Mapping[str, Json]]) -> dict[str, list[Answer]]:
    """Return what people said, and which events came, in a real run."""
    found: dict[str, list[Answer]] = {}
    for entry in results:
        answer = _ANSWERS.get(str(entry.get("action")))
        output = entry.get("output")
        if answer and isinstance(output, dict) and "timed_out" in output:
            kept = {key: output[key] for key in answer if key in output}
            said = {"timed_out": True} if output["timed_out"] else kept
            found.setdefault(entry["step_name"], []).append(said)
    return found


def event_of(tenant: Tenant, event_id: UUID) -> WorkflowEvent | None:
    """Return an event of `tenant`."""
    return WorkflowEvent.objects.of(tenant).filter(pk=event_id).first()


_KEPT: Final = ("status", "entries", "would_send", "error", "halt", "waiting", "skipped_seconds")
_ANSWERS: Final = {"approval": ("choice", "answers", "decided_by"), "wait_for_event": ("payload",)}
