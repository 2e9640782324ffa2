"""Fire an event: write it, and the runs it starts, in the caller's transaction.

It only inserts. It never updates or locks a run, never calls out, and never raises because of what
a workflow contains. Rolled back, nothing happened; committed, it cannot be lost, workers or not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from tenants.actor import current_actor
from tenants.facts import TenantFacts
from tenants.ids import uuid7
from tenants.jsontext import storable
from tenants.models.tenant import Tenant
from workflows.runtime import statements
from workflows.runtime.cause import Cause, acting_run
from workflows.runtime.database import execute, rows
from workflows.runtime.wakeup import wake_workers
from workflows.services.listening import Evaluation, Listener, evaluate
from workflows.services.payloads import normalise_object
from workflows.services.search_keys import search_keys

Json = Any

# How many runs may stand between an event and the first one of its chain. Then it is cut,
# visibly: a workflow that starts itself through others would otherwise never end.
MAX_DEPTH: Final = 5


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event about to be fired."""

    type: str
    payload: Mapping[str, Json]
    previous: Mapping[str, Json] | None = None  # before-values of a record change
    subject: tuple[str, str] | None = None  # kind and id of the record it is about


@dataclass(frozen=True, slots=True)
class Fired:
    """What became of an event."""

    event_id: UUID
    listeners: int  # workflows that listen to its type, whether or not they started
    run_ids: tuple[UUID, ...]
    evaluations: tuple[Evaluation, ...]


def fire(  # noqa: PLR0913  # the one door for events: each part is named where it is used
    tenant: Tenant,
    type: str,  # noqa: A002  # the word of the domain, and of the table
    payload: Mapping[str, Json],
    *,
    subject: tuple[str, str] | None = None,
    actor: str = "",
    source: str = "code",
) -> Fired:
    """Fire one event of `tenant`. Decimals, dates and UUIDs in `payload` become text.

    Raises TypeError for a payload that holds something else than JSON values.
    """
    draft = EventDraft(type, normalise_object(payload), subject=subject)
    return fire_all(tenant.facts(), [draft], actor=actor, source=source)[0]


def emit(tenant: TenantFacts, event: Mapping[str, Json]) -> Json:
    """Fire the event that a step describes; return what the step keeps of it."""
    subject = (event["subject_type"] or "", event["subject_id"] or "")
    draft = EventDraft(event["type"], event["payload"], subject=subject)
    fired = fire_all(tenant, [draft], source="step")[0]
    return {"event_id": str(fired.event_id), "runs": [str(run_id) for run_id in fired.run_ids]}


def fire_all(
    tenant: TenantFacts, drafts: Sequence[EventDraft], *, actor: str = "", source: str = "code"
) -> list[Fired]:
    """Fire many events of `tenant` in one statement. Their payloads are JSON already."""
    if not drafts:
        return []
    cause = acting_run()
    types = sorted({draft.type for draft in drafts})
    listeners = _listeners(tenant, types)
    event_rows: list[dict[str, Json]] = []
    run_rows: list[dict[str, Json]] = []
    fired = []
    for draft in drafts:
        listening = [listener for listener in listeners if draft.type in listener.types]
        event_id = uuid7()
        evaluations = tuple(evaluate(tenant, draft, listening, _guard(cause)))
        started = [(uuid7(), evaluation) for evaluation in evaluations if evaluation.started]
        event_rows.append(_event_row(tenant, draft, event_id, evaluations, cause))
        run_rows.extend(_run_row(draft, event_id, run_id, found) for run_id, found in started)
        fired.append(
            Fired(event_id, len(listening), tuple(run_id for run_id, _ in started), evaluations)
        )
    _stamp([*event_rows, *run_rows], actor or _acting(cause))
    for row in event_rows:
        row["source"] = source
    execute(
        statements.INSERT_EVENTS_AND_RUNS,
        {"tenant": tenant.id, "events": storable(event_rows), "runs": storable(run_rows)},
    )
    if run_rows:
        wake_workers()
    return fired


def _listeners(tenant: TenantFacts, types: list[str]) -> list[Listener]:
    # Read in every call: a workflow that was switched off a moment ago must not start.
    found = rows(statements.LISTENING_DEFINITIONS, {"tenant": tenant.id, "types": types})
    return [Listener(row[0], row[1], row[2], frozenset(row[3])) for row in found]


def _guard(cause: Cause | None) -> "tuple[UUID | None, bool]":
    """Return whose own doing this is, and whether the chain has become too long."""
    if cause is None:
        return None, False
    return cause.definition_id, cause.depth + 1 > MAX_DEPTH


def _event_row(
    tenant: TenantFacts,
    draft: EventDraft,
    event_id: UUID,
    evaluations: Iterable[Evaluation],
    cause: Cause | None,
) -> dict[str, Json]:
    kind, subject_id = draft.subject or ("", "")
    keys = search_keys(
        tenant.id, tenant.country, draft.payload, [str(event_id), subject_id or None]
    )
    return {
        "id": str(event_id),
        "type": draft.type,
        "payload": draft.payload,
        "previous": draft.previous,
        "subject_type": kind,
        "subject_id": subject_id,
        "caused_by_run": str(cause.run_id) if cause else None,
        "depth": cause.depth + 1 if cause else 0,
        "evaluations": [evaluation.as_json() for evaluation in evaluations],
        "search_keys": keys,
    }


def _run_row(draft: EventDraft, event_id: UUID, run_id: UUID, found: Evaluation) -> dict[str, Json]:
    kind, subject_id = draft.subject or ("", "")
    return {
        "id": str(run_id),
        "definition_id": str(found.definition_id),
        "version": found.version,
        "event_id": str(event_id),
        "trigger_payload": draft.payload,
        "subject_type": kind,
        "subject_id": subject_id,
        "lane": found.lane,
        "deadline_seconds": found.deadline.total_seconds() if found.deadline else None,
    }


def _acting(cause: Cause | None) -> str:
    return f"run:{cause.run_id}" if cause else current_actor()


def _stamp(new_rows: Iterable[dict[str, Json]], actor: str) -> None:
    for row in new_rows:
        row["actor"] = actor
