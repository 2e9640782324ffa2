"""Rehearse a workflow: what it would do, step by step, while nothing is written and nothing sent.

A document or a stored version runs in one transaction that is always rolled back. Its steps see
what earlier steps wrote; nobody else ever does. Nothing of it stands among runs or events.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from django.utils import translation

from tenants.core.database.ids import uuid7
from tenants.core.json import Json
from tenants.models.tenant import Tenant
from workflows.definition.errors import InvalidDocument
from workflows.definition.problems import Problem
from workflows.definition.programs.compiler import compile_document
from workflows.definition.programs.program import load_program
from workflows.models.definition import WorkflowDefinition
from workflows.models.version import WorkflowVersion
from workflows.runtime.database import database_clock
from workflows.runtime.dry_run.context import Answer, DryRunContext, Limits
from workflows.runtime.dry_run.rollback import Rollback, undone
from workflows.runtime.dry_run.runner import Played, play
from workflows.runtime.dry_run.simulated_run import SimulatedRun
from workflows.runtime.runs.parent_scope import ParentScope
from workflows.runtime.runs.programs import LoadedProgram, program_of
from workflows.services.definitions.catalogue import validated
from workflows.services.dry_run.samples import sample_payload
from workflows.services.events.drafts import EventDraft, exact_object
from workflows.services.events.evaluation import Clock, StartVerdict, judge

INVALID: Final = "invalid"  # the document cannot be run
STOPPED: Final = "stopped"  # it did not come to its end; `halt` says why
NOT_STARTED: Final = "not_started"  # the event would not start it


@dataclass(frozen=True, slots=True)
class Script:
    """What is tried in a dry run, compiled once."""

    loaded: LoadedProgram
    definition_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a workflow is tried in a dry run on."""

    payload: Mapping[str, Json]
    previous: Mapping[str, Json] | None = None  # before-values of a record change
    subject: tuple[str, str] = ("", "")
    at: datetime | None = None  # when it happened; None: now
    answers: Mapping[str, Sequence[Answer]] = field(default_factory=dict)
    outputs: Mapping[str, Json] = field(default_factory=dict)  # see samples.outputs_in
    run_id: UUID = field(default_factory=uuid7)


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a workflow would have done."""

    status: str  # as of a run; or one of the three above
    entries: Sequence[Mapping[str, Json]] = ()  # as in step_results, child runs under "dry run"
    would_send: Sequence[Mapping[str, Json]] = ()  # in order: step_name, action, kind, to, content
    problems: Sequence[Problem] = ()  # of the document
    verdict: StartVerdict | None = None  # whether the event would start it
    error: Mapping[str, Json] | None = None  # the entry that says why it ended so
    halt: Mapping[str, Json] | None = None  # {"code", "params"}
    waiting: Mapping[str, Json] | None = None  # the step at which it stands
    skipped_seconds: int = 0  # what it would have waited, all in all


class Perform(Protocol):
    """Rehearses one script on one occasion, inside a transaction that is rolled back."""

    def __call__(self, script: Script, occasion: Occasion, *, whatever: bool = False) -> DryRun:
        """Return what it would do. `whatever`: also if the event would not start it."""


def dry_run(  # noqa: PLR0913  # each part is named where it is used
    tenant: Tenant,
    what: Json | WorkflowVersion,
    payload: Mapping[str, Json],
    *,
    previous: Mapping[str, Json] | None = None,
    answers: Mapping[str, Answer | Sequence[Answer]] | None = None,
    definition: WorkflowDefinition | None = None,
    outputs: Mapping[str, Json] | None = None,
    asks: bool = False,
    whatever: bool = True,
    limits: Limits | None = None,
) -> DryRun:
    """Rehearse a document or a stored version on one payload.

    `answers`, by step name: what is said to approvals, waits and calls (`runtime.dry_run.context`);
    where none is given the first choice is taken and a sample event comes, or, with `asks`, the
    dry run stops there. `whatever`: it goes on though the event would not start the workflow.
    A document that cannot be published gives its problems.
    """
    try:
        script = script_of(tenant, what, definition)
    except InvalidDocument as invalid:
        return DryRun(INVALID, problems=invalid.problems)
    occasion = Occasion(
        exact_object(payload),
        previous=None if previous is None else exact_object(previous),
        answers={name: _in_turn(given) for name, given in (answers or {}).items()},
        outputs=outputs or {},
    )
    with in_dry_run(tenant, asks=asks, limits=limits) as perform:
        return perform(script, occasion, whatever=whatever)


def script_of(
    tenant: Tenant, what: Json | WorkflowVersion, definition: WorkflowDefinition | None = None
) -> Script:
    """Compile a document, or load a stored version, of `tenant`. Raises InvalidDocument."""
    if isinstance(what, WorkflowVersion):
        if what.tenant_id != tenant.pk:
            raise WorkflowVersion.DoesNotExist(str(what.pk))
        loaded = program_of(what.definition_id, what.version)
        return Script(loaded, what.definition_id, what.version)
    key = definition.key if definition else ""
    program = load_program(compile_document(validated(tenant, what, key)))
    loaded = LoadedProgram(program, program.name, key)
    if definition is None:
        return Script(loaded, UUID(int=0), 0)
    return Script(loaded, definition.pk, definition.version)


@contextmanager
def in_dry_run(
    tenant: Tenant, *, asks: bool = False, limits: Limits | None = None
) -> Iterator[Perform]:
    """Open a transaction of which nothing stays; give what rehearses in it."""
    facts, rewind = tenant.facts(), Rollback()

    def perform(script: Script, occasion: Occasion, *, whatever: bool = False) -> DryRun:
        now = occasion.at or database_clock()
        draft = EventDraft("", occasion.payload, occasion.previous)
        verdict = judge(script.loaded.program, facts, draft, Clock(now))
        if verdict.reason != "started" and not whatever:
            return DryRun(NOT_STARTED, verdict=verdict)
        stage = DryRunContext(
            facts,
            now,
            lambda kind: sample_payload(tenant, kind),
            answers=occasion.answers,
            outputs=occasion.outputs,
            asks=asks,
            limits=limits or Limits(),
            rewind=rewind,
        )
        around = ParentScope(occasion.payload, occasion.previous)
        role = SimulatedRun(
            script.loaded,
            script.definition_id,
            script.version,
            around,
            subject=occasion.subject,
            actor="rehearsal",
            run_id=occasion.run_id,
        )
        try:
            return _told(play(stage, role), stage, verdict)
        finally:
            rewind.go_back()

    with undone(tenant), translation.override(tenant.language):
        yield perform


def _told(played: Played, stage: DryRunContext, verdict: StartVerdict) -> DryRun:
    return DryRun(
        STOPPED if played.halt else played.status,
        played.entries,
        stage.sent,
        verdict=verdict,
        error=played.error,
        halt=played.halt.as_json() if played.halt else None,
        waiting=played.waiting,
        skipped_seconds=round(stage.skipped.total_seconds()),
    )


def _in_turn(given: Answer | Sequence[Answer]) -> Sequence[Answer]:
    return [given] if isinstance(given, Mapping) else given
