"""Fire an event: write it, and the runs it starts, in the caller's transaction.

It only inserts. It never updates or locks a run, never calls out, and never raises because of what
a workflow contains. Rolled back, nothing happened; committed, it cannot be lost, workers or not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from uuid import UUID

from tenants.core.database.ids import uuid7
from tenants.core.json import Json
from tenants.core.json.jsontext import storable
from tenants.core.json.strict_json import check
from tenants.core.text.names import MAX_EVENT_TYPE, refuse_unfit
from tenants.facts import TenantFacts
from tenants.models.tenant import Tenant
from tenants.tracking.actor import current_actor
from workflows.runtime.database import rows
from workflows.runtime.runs import statements
from workflows.runtime.runs.cause import Cause, acting_run
from workflows.runtime.waits.notify import wake_workers
from workflows.services.events.drafts import EventDraft, normalise_object
from workflows.services.events.evaluation import Chain, Clock, Evaluation, Listener, evaluate
from workflows.services.events.search_keys import search_keys

# Of an event that code fires; a caller of the API has less.
MAX_PAYLOAD_BYTES: Final = 1024 * 1024

# Of one statement. An update of 90,000 records fires more than PostgreSQL takes as one JSON value.
MAX_STATEMENT_BYTES: Final = 1_000_000


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
    initiator: str = "",
    source: str = "code",
) -> Fired:
    """Fire one event of `tenant`. Decimals, dates and UUIDs in `payload` become text.

    `initiator` is the person behind an actor who is none: they count as having asked.

    Raises TypeError for a payload that holds something else than JSON values, BadName and BadJson
    (both are ValueErrors, with a code) for what is beyond the limits of every door.
    """
    refuse_unfit(type, MAX_EVENT_TYPE)
    normal = normalise_object(payload)
    check(normal, max_bytes=MAX_PAYLOAD_BYTES, any_text=True)
    draft, facts = EventDraft(type, normal, subject=subject), tenant.facts()
    return fire_all(facts, [draft], actor=actor, initiator=initiator, source=source)[0]


def emit(tenant: TenantFacts, event: Mapping[str, Json]) -> Json:
    """Fire the event that a step describes; return what the step keeps of it."""
    subject = (event["subject_type"] or "", event["subject_id"] or "")
    draft = EventDraft(event["type"], event["payload"], subject=subject)
    fired = fire_all(tenant, [draft], source="step")[0]
    return {"event_id": str(fired.event_id), "runs": [str(run_id) for run_id in fired.run_ids]}


def fire_all(
    tenant: TenantFacts,
    drafts: Sequence[EventDraft],
    *,
    actor: str = "",
    initiator: str = "",
    source: str = "code",
) -> list[Fired]:
    """Fire many events of `tenant`, in as few statements as hold them. Their payloads are JSON."""
    if not drafts:
        return []
    types = sorted({draft.type for draft in drafts})
    listeners = remembered_listeners(tenant.id, types)
    fired: list[Fired] = []
    starts_runs = False
    while left := drafts[len(fired) :]:
        batch = _batch(tenant, left, listeners, _Origin(actor, source, initiator=initiator))
        if not batch.is_inserted(types):
            listeners = listeners_now(tenant.id, types)
            continue
        fired += batch.fired
        starts_runs = starts_runs or bool(batch.runs)
    if starts_runs:
        wake_workers()
    return fired


def fire_at(
    tenant: TenantFacts,
    aim: tuple[UUID, str],  # a workflow, and which of its events these stand for
    drafts: Sequence[EventDraft],
    *,
    actor: str,
    word: str,  # they are found by it
) -> list[Fired]:
    """Fire events that one workflow alone hears, if it is active."""
    definition_id, trigger_type = aim
    heard = frozenset(draft.type for draft in drafts)
    found_by = search_keys(tenant.id, "", word)
    fired: list[Fired] = []
    while left := drafts[len(fired) :]:
        listeners = listeners_now(tenant.id, [trigger_type])
        aimed_at = tuple(
            replace(one, types=heard) for one in listeners.all if one.definition_id == definition_id
        )
        only = Listeners(listeners.fingerprint, aimed_at)
        batch = _batch(tenant, left, only, _Origin(actor, "manual", found_by))
        if batch.is_inserted([trigger_type]):
            fired += batch.fired
    if any(one.run_ids for one in fired):
        wake_workers()
    return fired


@dataclass(frozen=True, slots=True)
class Listeners:
    """The workflows of a tenant that listen to some types of event.

    Remembered by each process, and compared by every insert.
    """

    fingerprint: str  # ids and versions, as the statement FIRE compares them
    all: tuple[Listener, ...]


# Holds what was seen last, nothing that is trusted: FIRE inserts only if it is still true.
@lru_cache(maxsize=1000)
def _place_for(tenant_id: UUID, types: tuple[str, ...]) -> list[Listeners]:
    return []


def remembered_listeners(tenant_id: UUID, types: Sequence[str]) -> Listeners:
    """Return who listened when this process last looked; it looks if it never did."""
    place = _place_for(tenant_id, tuple(types))
    return place[0] if place else listeners_now(tenant_id, types)


def listeners_now(tenant_id: UUID, types: Sequence[str]) -> Listeners:
    """Return who listens, and remember it."""
    found = rows(statements.LISTENING_DEFINITIONS, {"tenant": tenant_id, "types": list(types)})
    fingerprint = " ".join(f"{row[0]}:{row[1]}" for row in found)
    who = Listeners(
        fingerprint, tuple(Listener(row[0], row[1], row[2], frozenset(row[3])) for row in found)
    )
    _place_for(tenant_id, tuple(types))[:] = [who]
    return who


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where events come from."""

    actor: str  # "" for whoever acts in this thread
    source: str
    found_by: Sequence[str] = ()  # more search keys of each
    initiator: str = ""  # the person behind an actor who is none

    @property
    def of_events(self) -> dict[str, Json]:
        behind = {"initiator": self.initiator} if self.initiator else {}
        return {"source": self.source, **behind}


@dataclass(frozen=True, slots=True)
class _Batch:
    """The rows of one statement as JSON texts, decided with some listeners in mind."""

    tenant: TenantFacts
    listening: str  # fingerprint
    events: list[str]
    runs: list[str]
    fired: list[Fired]

    def is_inserted(self, types: list[str]) -> bool:
        """Insert the rows, unless others listen by now."""
        asked = {"tenant": self.tenant.id, "types": types, "listening": self.listening}
        texts = {"events": _as_array(self.events), "runs": _as_array(self.runs)}
        return bool(rows(statements.FIRE, {**asked, **texts})[0][0])


def _as_array(texts: Iterable[str]) -> str:
    return f"[{','.join(texts)}]"


def _batch(
    tenant: TenantFacts, drafts: Sequence[EventDraft], listeners: Listeners, origin: _Origin
) -> _Batch:
    """Decide on as many of the drafts as one statement holds, and at least on the first."""
    cause = acting_run()
    words, clock = _SearchWords(tenant), Clock()
    batch, size = _Batch(tenant, listeners.fingerprint, [], [], []), 0
    chain = Chain(cause.definition_id, cause.depth + 1) if cause else Chain()
    from_whom = {"actor": origin.actor or _acting(cause)}
    of_all = {**from_whom, **origin.of_events, "depth": chain.depth}
    of_all["caused_by_run"] = str(cause.run_id) if cause else None
    for draft in drafts:
        if size >= MAX_STATEMENT_BYTES:
            break
        listening = [listener for listener in listeners.all if draft.type in listener.types]
        event_id = uuid7()
        evaluations = tuple(evaluate(tenant, draft, listening, chain, clock))
        started = [(uuid7(), evaluation) for evaluation in evaluations if evaluation.started]
        found_by = [*words.of(draft, event_id), *origin.found_by]
        told = [evaluation.as_json() for evaluation in evaluations]
        event = draft.row(event_id, evaluations=told, search_keys=found_by, **of_all)
        texts = [storable(event)]
        for run_id, found in started:
            texts.append(storable({**_run_row(draft, event_id, run_id, found), **from_whom}))
        batch.events.append(texts[0])
        batch.runs.extend(texts[1:])
        size += sum(map(len, texts))
        run_ids = tuple(run_id for run_id, _ in started)
        batch.fired.append(Fired(event_id, len(listening), run_ids, evaluations))
    return batch


class _SearchWords:
    """What each event of one call is found by; events of one change share their payload."""

    def __init__(self, tenant: TenantFacts) -> None:
        self._tenant = tenant
        self._last: tuple[Json, Json, str, list[str]] | None = None

    def of(self, draft: EventDraft, event_id: UUID) -> list[str]:
        own = str(event_id)
        if self._last and self._last[0] is draft.payload and self._last[1] == draft.subject:
            other, found = self._last[2:]
            return [word.replace(other, own) for word in found]
        _, subject_id = draft.subject or ("", "")
        found = search_keys(
            self._tenant.id, self._tenant.country, draft.payload, [own, subject_id or None]
        )
        self._last = (draft.payload, draft.subject, own, found)
        return found


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
