"""Whether a document would run: a dry run on a sample of what starts it, while it is edited.

The sample is the newest real event that would start it, else the newest record, else made up from
the declared fields. Nothing is sent and nothing stays; what was found is remembered for a minute.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from time import monotonic
from typing import Any, Final
from uuid import UUID

from django.core.cache import cache
from django.db import OperationalError

from tenants.core.json import Json
from tenants.core.json.jsontext import dumps
from tenants.core.values.paths import parse_path
from tenants.models.tenant import Tenant
from workflows.definition.errors import InvalidDocument
from workflows.engine.decide import STOPPED as STOPPED_ON_PURPOSE
from workflows.engine.statuses import RunStatus
from workflows.event_types import RecordEvent, all_event_types
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.runtime.dry_run.context import Limits
from workflows.runtime.dry_run.executor import NOTES
from workflows.runtime.waits.matching import MALFORMED
from workflows.services.dry_run.run import (
    NOT_STARTED,
    STOPPED,
    DryRun,
    Occasion,
    Script,
    in_dry_run,
    script_of,
)
from workflows.services.dry_run.samples import outputs_for, sample_payload
from workflows.services.dry_run.test_runs import past_events
from workflows.services.events.drafts import exact_object
from workflows.services.runs.summaries import subject_of

# Somebody is editing, and asks again with each change.
LIMITS: Final = Limits(steps=500, runs=200, seconds=1, result_bytes=1024 * 1024)
MAX_EVENTS: Final = 20  # that are asked whether they would start it
MAX_SECONDS: Final = 0.5  # for asking them
REMEMBERED_SECONDS: Final = 60
_ENDED_WELL: Final = (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS)


class TrialState(StrEnum):
    """What is known of a document after it was tried."""

    RAN = "ran"  # it came to its end
    FAILS = "fails"  # a step fails with real values
    UNKNOWN = "unknown"  # nobody can tell yet; `why` says what is missing
    INVALID = "invalid"  # it has problems, and was not tried


class Why(StrEnum):
    """Why it cannot be told whether a document would run."""

    NOT_STARTED = "not_started"  # none of the events that came would start it
    MADE_UP = "made_up"  # it fails, with values that nobody has ever sent
    ANSWER = "answer"  # a step reads what another system answers, which nobody knows yet
    STOPPED = "stopped"  # it was stopped: too long, or it waits for ever
    ENDS = "ends"  # a step of its own ends it as failed


class SampleSource(StrEnum):
    """Where the values come from."""

    EVENT = "event"
    RECORD = "record"
    MADE_UP = "made_up"


@dataclass(frozen=True, slots=True)
class TrialSample:
    """What a document is tried with."""

    source: SampleSource
    payload: Json
    previous: Json = None
    about: str = ""  # the record, as lists name it
    at: datetime | None = None
    subject: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of it."""

    state: TrialState
    source: SampleSource = SampleSource.MADE_UP
    about: str = ""
    at: datetime | None = None
    why: Why | None = None
    step: str = ""  # where it fails, or what failed and was gone on from
    code: str = ""
    params: Mapping[str, Json] = field(default_factory=dict)


def trial_of(tenant: Tenant, document: Json, definition: WorkflowDefinition | None) -> Trial:
    """Try a document, or return what was found out about the very same just now."""
    newest = past_events(tenant, document).values_list("id", flat=True).first()
    about = [str(tenant.pk), str(definition.pk if definition else ""), str(newest or "")]
    told = "\n".join([*about, dumps(document)]).encode("utf-8", "surrogatepass")
    key = f"workflow-trial-{hashlib.sha256(told).hexdigest()}"
    known: Trial | None = cache.get(key)
    if known is None:
        known = _tried(tenant, document, definition)
        cache.set(key, known, REMEMBERED_SECONDS)
    return known


def _tried(tenant: Tenant, document: Json, definition: WorkflowDefinition | None) -> Trial:
    try:
        script = script_of(tenant, document, definition)
    except InvalidDocument:
        return Trial(TrialState.INVALID)
    outputs = outputs_for(tenant, definition.pk if definition else None, document)
    try:
        return _first_that_starts(tenant, document, script, outputs)
    except OperationalError:
        # It waits neither for what a run has locked, nor for a slow question.
        facts: dict[str, Json] = {"limit": "seconds", "most": LIMITS.seconds}
        stopped: dict[str, Any] = {"why": Why.STOPPED, "code": "rehearsal_limit", "params": facts}
        return Trial(TrialState.UNKNOWN, **stopped)


def _first_that_starts(
    tenant: Tenant, document: Json, script: Script, outputs: Mapping[str, Json]
) -> Trial:
    until, refused = monotonic() + MAX_SECONDS, False
    with in_dry_run(tenant, limits=LIMITS) as perform:
        for sample in _samples(tenant, document):
            try:
                occasion = Occasion(
                    exact_object(sample.payload),
                    None if sample.previous is None else exact_object(sample.previous),
                    subject=sample.subject,
                    outputs=outputs,
                )
            except MALFORMED:
                continue  # one event that cannot be read says nothing about the others
            is_real = sample.source is SampleSource.EVENT
            found = perform(script, occasion, whatever=not is_real)
            if found.status != NOT_STARTED:
                return _told(found, sample, outputs)
            refused = True
            if monotonic() > until:
                break
    return Trial(TrialState.UNKNOWN, why=Why.NOT_STARTED if refused else Why.MADE_UP)


def _samples(tenant: Tenant, document: Json) -> Iterator[TrialSample]:
    """Yield the events that came, the newest first; if there are none, one sample."""
    events: list[WorkflowEvent] = list(
        past_events(tenant, document).defer("search_keys", "evaluations")[:MAX_EVENTS]
    )
    for event in events:
        subject = subject_of(event)
        yield TrialSample(
            SampleSource.EVENT,
            event.payload,
            event.previous,
            subject.label if subject else "",
            event.created_at,
            (event.subject_type, event.subject_id),
        )
    if not events:
        yield _made(tenant, str(document.get("trigger_type") or ""))


def _made(tenant: Tenant, event_type: str) -> TrialSample:
    payload = sample_payload(tenant, event_type)
    known: Any = next((kind for kind in all_event_types() if kind.name == event_type), None)
    if not isinstance(known, RecordEvent):
        return TrialSample(SampleSource.MADE_UP, payload)
    key = next((name for name, column in known.payload.items() if column == "id"), "")
    row = _Row(tenant.pk, known.record, str(payload.get(key, "")))
    found = subject_of(row) if row.subject_id else None
    previous = dict(payload) if known.when == "changed" else None
    if found is None or not found.model:
        return TrialSample(SampleSource.MADE_UP, payload, previous)
    subject = (row.subject_type, row.subject_id)
    return TrialSample(SampleSource.RECORD, payload, previous, found.label, subject=subject)


@dataclass(frozen=True, slots=True)
class _Row:
    """What names a record."""

    tenant_id: UUID
    subject_type: str
    subject_id: str


def _told(found: DryRun, sample: TrialSample, outputs: Mapping[str, Json]) -> Trial:
    made = partial(Trial, source=sample.source, about=sample.about, at=sample.at)
    if found.status in _ENDED_WELL:
        failed = next((one for one in found.entries if "error" in one), None)
        return made(TrialState.RAN, **_failure(failed))
    if found.status == STOPPED:
        halt = found.halt or {}
        facts: dict[str, Any] = {
            "code": str(halt.get("code", "")),
            "params": halt.get("params") or {},
        }
        step = str((found.waiting or {}).get("step_name", ""))
        return made(TrialState.UNKNOWN, why=Why.STOPPED, step=step, **facts)
    entries, error = _innermost(found.entries, found.error)
    failure = _failure(error)
    if failure.get("code") == STOPPED_ON_PURPOSE:
        return made(TrialState.UNKNOWN, why=Why.ENDS, **failure)
    if answering := _guessed(entries, failure.get("params", {}), outputs):
        return made(TrialState.UNKNOWN, why=Why.ANSWER, **{**failure, "step": answering})
    if sample.source is SampleSource.MADE_UP:
        return made(TrialState.UNKNOWN, why=Why.MADE_UP, **failure)
    return made(TrialState.FAILS, **failure)


def _failure(entry: Mapping[str, Json] | None) -> dict[str, Any]:
    if entry is None:
        return {}
    error = entry.get("error") or {}
    return {
        "step": entry["step_name"],
        "code": str(error.get("code", "")),
        "params": error.get("params") or {},
    }


def _innermost(
    entries: Sequence[Mapping[str, Json]], error: Mapping[str, Json] | None
) -> tuple[list[Mapping[str, Json]], Mapping[str, Json] | None]:
    """Return the failure of the part that failed, in whose steps people find it, and what ran."""
    seen, here = list(entries), list(entries)
    while error is not None and error.get("action") != "run_workflow":
        notes = [one.get(NOTES) for one in here if one["step_name"] == error["step_name"]]
        runs = [run for one in notes if one for run in one.get("runs") or ()]
        here = [entry for run in runs for entry in run["entries"]]
        inner = next((entry for entry in here if "error" in entry), None)
        if inner is None:
            break
        seen += here
        error = inner
    return seen, error


def _guessed(
    entries: Sequence[Mapping[str, Json]], params: Mapping[str, Json], outputs: Mapping[str, Json]
) -> str:
    """Return the call whose answer the failed step reads, if nobody knows what it answers."""
    read = parse_path(str(params.get("path", ""))) or ()
    if read[:1] != ("steps",) or len(read) < 2:
        return ""
    guesses = [
        one["step_name"]
        for one in entries
        if (one.get(NOTES) or {}).get("is_guess")
        and f"{one['step_name']} {one['action']}" not in outputs
    ]
    return str(read[1]) if read[1] in guesses else ""
