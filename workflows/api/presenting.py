"""What a run and an event look like from outside. `schemas` describes these shapes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.reverse import reverse

from tenants.core.json import Json
from workflows.engine.statuses import RunStatus, StepStatus
from workflows.models.run import WorkflowRun
from workflows.presentation.redaction import mask_links_in
from workflows.presentation.runs import errors as wording
from workflows.presentation.runs.summary import waits
from workflows.services.events.fire_once import Accepted
from workflows.services.operations.health import Health
from workflows.services.runs.queries import EventHistory, RunHistory
from workflows.services.runs.summaries import facts_of, is_put_off, plans_of


def accepted(request: Request, trigger_type: str, answer: Accepted) -> dict[str, Json]:
    """Return the answer to an event. The same when it is asked for again."""
    fired = answer.fired
    return {
        "event_id": str(fired.event_id),
        "trigger_type": trigger_type,
        "listeners": fired.listeners,
        "runs": [
            {"id": str(run_id), "url": _url(request, "api-run", run_id)}
            for run_id in sorted(fired.run_ids)
        ],
        "evaluations": [
            {"workflow": found.name, "started": found.started, "reason": found.reason}
            for found in fired.evaluations
        ],
    }


def run_summary(request: Request, run: WorkflowRun) -> dict[str, Json]:
    """Return a run as lists show it. The error's sentence is the stored one, in English."""
    error = None
    if run.error_code:
        error = {
            "step": run.error_step or None,
            "code": run.error_code,
            "message": run.error_message or "",
        }
    return {**_run(request, run, run.event.type if run.event else ""), "error": error}


def run_detail(request: Request, history: RunHistory) -> dict[str, Json]:
    """Return everything about a run, its sentences in the request's language."""
    run = history.run
    steps = [_step(entry, history.labels) for entry in history.entries]
    if history.pending and "step_name" in history.pending:
        steps.append(_step(_under_way(run, history.pending), history.labels))
    return {
        **_run(request, run, history.trigger_type),
        "trigger_payload": mask_links_in(history.payload),
        "steps": steps,
        "error": _run_error(history),
        "crashes": run.crashes,
        "due_at": None if is_put_off(run) else moment(run.due_at),
        "deadline_at": moment(run.deadline_at),
        "waits_for": _waits_for(history),
        "cancel_requested_at": moment(run.cancel_requested_at),
        "parent_run": _id(run.parent_run),
        "item_index": run.item_index,
        "item": mask_links_in(history.item),
        "retried_from": _id(run.retried_from),
    }


def run_brief(request: Request, run: WorkflowRun) -> dict[str, Json]:
    """Return what a key hears of a run that it may act on, and not read."""
    return {"id": str(run.id), "url": _url(request, "api-run", run.id), "status": run.status}


def event_detail(request: Request, history: EventHistory) -> dict[str, Json]:
    """Return an event, why each workflow that listens did or did not start, and its runs."""
    event = history.event
    return {
        "id": str(event.id),
        "url": _url(request, "api-event", event.id),
        "trigger_type": event.type,
        "payload": mask_links_in(history.payload),
        "previous": history.previous,
        "subject": _subject(event),
        "source": event.source,
        "actor": event.actor,
        "caused_by_run": _id(event.caused_by_run),
        "created_at": moment(event.created_at),
        "evaluations": [_evaluation(kept) for kept in event.evaluations],
        "runs": [run_summary(request, run) for run in history.runs],
    }


def health(found: Health) -> dict[str, Json]:
    """Return the numbers that monitoring reads."""
    oldest = found.oldest_due
    return {
        "status": "ok" if found.is_working else "degraded",
        "oldest_due_seconds": None if oldest is None else int(oldest.total_seconds()),
        "live_workers": found.live_workers,
        "last_beat_at": moment(found.last_beat),
    }


def moment(value: datetime | None) -> str | None:
    """Return a time in UTC, as RFC 3339 writes it."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


def _run(request: Request, run: WorkflowRun, trigger_type: str) -> dict[str, Json]:
    return {
        "id": str(run.id),
        "url": _url(request, "api-run", run.id),
        "workflow": {
            "key": run.definition.key,
            "name": run.definition.name,
            "version": run.version,
        },
        "status": run.status,
        "trigger_type": trigger_type,
        "event_id": _id(run.event_id),
        "subject": _subject(run),
        "actor": run.actor,
        "created_at": moment(run.created_at),
        "started_at": moment(run.started_at),
        "completed_at": moment(run.completed_at),
    }


def _waits_for(history: RunHistory) -> str | None:
    run = history.run
    if run.status not in {RunStatus.WAITING, RunStatus.QUEUED}:
        return None
    run.step_results, run.pending = list(history.entries), history.pending
    return waits(facts_of(run, plans_of([run]))) or None


def _under_way(run: WorkflowRun, pending: Mapping[str, Json]) -> dict[str, Json]:
    """Return the step that has no entry yet: it stands as the run does, running or waiting."""
    if not RunStatus(run.status).has_ended:
        return {**pending, "status": run.status}
    # Its workers died in it, until the run was given up.
    error = {"code": run.error_code, "params": {"crashes": run.crashes}}
    return {**pending, "status": StepStatus.FAILED, "error": error if run.error_code else None}


def _step(entry: Mapping[str, Json], labels: Mapping[str, str]) -> dict[str, Json]:
    name = entry["step_name"]
    return {
        "name": name,
        "label": labels.get(name) or name,
        "action": entry["action"],
        "status": entry["status"],
        "reason": entry.get("reason"),
        "input": mask_links_in(entry.get("input")),
        "output": mask_links_in(entry.get("output")),
        "error": _error(entry.get("error")),
        "started_at": entry.get("started_at"),
        "duration_ms": entry.get("duration_ms"),
        "record_values": entry.get("record_values"),
        "attempts": [
            {
                "started_at": attempt.get("started_at"),
                "duration_ms": attempt.get("duration_ms"),
                "error": _error(attempt.get("error")),
            }
            for attempt in entry.get("attempts", ())
        ],
    }


def _error(error: Mapping[str, Json] | None) -> dict[str, Json] | None:
    if not error:
        return None
    params = error.get("params") or {}
    return {
        "code": error["code"],
        "message": wording.sentence(error["code"], params),
        "params": params,
    }


def _run_error(history: RunHistory) -> dict[str, Json] | None:
    run = history.run
    if not run.error_code:
        return None
    errors = (
        entry["error"]
        for entry in reversed(history.entries)
        if entry["step_name"] == run.error_step and entry.get("error")
    )
    told = next((error for error in errors if error["code"] == run.error_code), None)
    # An error that no step made, like a worker's death, has the run's own figures.
    params = told.get("params") if told else {"crashes": run.crashes}
    message = wording.sentence(run.error_code, params)
    return {"step": run.error_step or None, "code": run.error_code, "message": message}


def _evaluation(kept: Mapping[str, Json]) -> dict[str, Json]:
    details = kept.get("details", {})
    message = None
    if kept["reason"] == "problem":
        message = wording.sentence(details.get("code", "problem"), details.get("params"))
    return {
        "workflow": kept["name"],
        "version": kept["version"],
        "started": kept["started"],
        "reason": kept["reason"],
        "message": message,
        "details": details,
    }


def _subject(row: Any) -> dict[str, str] | None:
    if not row.subject_type:
        return None
    return {"type": row.subject_type, "id": row.subject_id}


def _url(request: Request, name: str, row_id: UUID) -> str:
    return reverse(name, args=[row_id], request=request)


def _id(value: UUID | None) -> str | None:
    return str(value) if value else None
