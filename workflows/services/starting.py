"""Where a run may be started again, and what the new run takes over.

A run begins at no step that the run it is taken from did not come to: not inside a branch that was
not taken, nor behind a step that was not passed. And nobody's decision is carried to where it was
not given: to another payload, or to another question.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from workflows.definition.errors import InvalidProgram
from workflows.definition.instructions import Approval, RunWorkflow
from workflows.definition.program import Program
from workflows.definition.scope import Scope
from workflows.engine.entries import has_stopped, is_wrong
from workflows.engine.reach import reachable_from, where_runs_may_start
from workflows.engine.replay import Visit, passed, visits
from workflows.engine.results import Results
from workflows.engine.statuses import RunStatus, StepStatus
from workflows.engine.taking_over import (
    ASKS_OTHERWISE,
    Asks,
    Side,
    asks_people,
    block_asks,
    objection,
)
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.runtime.budgets import preview_budget
from workflows.runtime.database import database_now, rows
from workflows.runtime.programs import VersionMissing, program_of
from workflows.runtime.scopes import error_told
from workflows.services.fire import EventDraft
from workflows.services.listening import judge, scope_at_start
from workflows.services.refusals import NotRetryable
from workflows.services.run_entries import entries_of

Json = Any
Entry = Mapping[str, Json]
Payload = Mapping[str, Json] | None

ENDED_WELL: Final = frozenset({RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS})
FILTERED_OUT: Final = "filtered_out"
ON_VALUES_OF_THE_RUN: Final = "asks_on_values_of_the_run"

# Whether anything was asked in the runs that a run has started, or in those it was taken from.
ASKED_BENEATH: Final = """
WITH RECURSIVE taken_from AS (
    SELECT id, retried_from FROM workflow_runs WHERE id = %(run)s AND tenant_id = %(tenant)s
    UNION
    SELECT run.id, run.retried_from FROM workflow_runs run
    JOIN taken_from ON run.id = taken_from.retried_from AND run.tenant_id = %(tenant)s
), beneath AS (
    SELECT run.id FROM workflow_runs run JOIN taken_from ON run.parent_run = taken_from.id
    UNION
    SELECT run.id FROM workflow_runs run JOIN beneath ON run.parent_run = beneath.id
)
SELECT EXISTS (SELECT 1 FROM workflow_approvals asked JOIN beneath ON asked.run_id = beneath.id)
"""


def starting_point(
    run: WorkflowRun, version: int, from_step: str, payload: Payload = None
) -> tuple[int, list[dict[str, Json]]]:
    """Return the index at which to begin, and the results that are taken over.

    Raises NotRetryable: `unknown_step`, `inside_a_step`, `results_missing`, `not_reached`,
    `decided_on_other_values`, `decided_otherwise`, `asks_otherwise`, `never_published`.
    """
    program = program_published(run, version)
    if not from_step:
        return 0, []
    found = next((one for one in program.instructions if one.name == from_step), None)
    if found is None:
        raise NotRetryable(run.pk, "unknown_step")
    if found.index not in where_runs_may_start(program):
        raise NotRetryable(run.pk, "inside_a_step")
    entries = _passed(run)
    way = list(visits(program, entries))
    arrived = next((one for one in way if one.instruction.index == found.index), None)
    if arrived is None:
        raise NotRetryable(run.pk, _why_not(program, way, found.index))
    # The step that stopped the run left nothing that a later one could rest on. It did not stop the
    # new one, either: there it would be taken for what a retry has to begin with.
    taken = [entry for entry in entries[: arrived.before] if not has_stopped(entry)]
    if payload is not None or version != run.version:
        code = _objection(run, program, taken, payload)
        if code:
            raise NotRetryable(run.pk, code)
    return found.index, [_reused(entry) for entry in taken]


def start_problems(run: WorkflowRun) -> dict[str, str]:
    """Return for each step of a run's version why the run cannot start there; "" if it can.

    On its own version, with its own payload.
    """
    try:
        program = program_of(run.definition_id, run.version).program
    except (VersionMissing, InvalidProgram):
        return {}
    way = list(visits(program, _passed(run)))
    came_to = {one.instruction.index for one in way}
    may_start = where_runs_may_start(program)

    def problem(index: int) -> str:
        if index not in may_start:
            return "inside_a_step"
        return "" if index in came_to else _why_not(program, way, index)

    return {one.name: problem(one.index) for one in program.instructions}


def steps_to_start_at(run: WorkflowRun) -> frozenset[str]:
    """Return the names of the steps of a run's version from which it can be started again."""
    return frozenset(name for name, problem in start_problems(run).items() if not problem)


def was_decided_before(run: WorkflowRun, step: str) -> bool:
    """Whether a decision was taken before a run came to a step: it holds for its payload alone."""
    program = program_published(run, run.version)
    entries = _passed(run)
    way = (one for one in visits(program, entries) if one.instruction.name == step)
    before = next((one.before for one in way), 0)
    named = {one.name: one for one in program.instructions}
    done = {one["step_name"] for one in entries[:before] if one["status"] != StepStatus.SKIPPED}
    calls = _calls_of(run)
    steps = [named[name] for name in done if name in named]
    return any(isinstance(one, Approval) or block_asks(program, one, calls) for one in steps)


def refuse_to_mix(run: WorkflowRun) -> None:
    """Raise NotRetryable (`asks_on_values_of_the_run`) if anybody may be asked in a run.

    What people decide on, and what is done then, has one set of values: a single step that reads
    others would be done, or asked, on values that nobody was shown.
    """
    try:
        program = program_of(run.definition_id, run.version).program
    except (VersionMissing, InvalidProgram):
        return  # it cannot go on anyway
    if asks_people(program, _calls_of(run)):
        raise NotRetryable(run.pk, ON_VALUES_OF_THE_RUN)


def refuse_unless_it_starts(run: WorkflowRun, version: int, payload: Mapping[str, Json]) -> None:
    """Raise NotRetryable (`filtered_out`) if the workflow would not start with this payload.

    Another workflow may be there for such values, and may ask people about them.
    """
    program, draft = program_published(run, version), _draft(run, payload)
    if judge(program, run.tenant.facts(), draft).reason != "started":
        raise NotRetryable(run.pk, FILTERED_OUT)


def program_published(run: WorkflowRun, version: int) -> Program:
    """Return a version's program. Raises NotRetryable: `never_published`, `program_unreadable`."""
    try:
        return program_of(run.definition_id, version).program
    except VersionMissing:
        raise NotRetryable(run.pk, "never_published") from None
    except InvalidProgram:
        raise NotRetryable(run.pk, "program_unreadable") from None


def event_of(run: WorkflowRun) -> WorkflowEvent | None:
    """Return the event that started a run."""
    return WorkflowEvent.objects.filter(tenant=run.tenant_id, runs=run).first()


def _passed(run: WorkflowRun) -> Sequence[dict[str, Json]]:
    """Return the entries of a run that it got past; all of them, if its version is unreadable."""
    entries = entries_of(run)
    try:
        own = program_of(run.definition_id, run.version).program
    except (VersionMissing, InvalidProgram):
        return entries
    return passed(own, entries, ended_well=RunStatus(run.status) in ENDED_WELL)


def _why_not(program: Program, way: Iterable[Visit], index: int) -> str:
    """Return the code of why a run did not come to a step."""
    *_others, last = way
    is_stuck = last.entry is None or is_wrong(last.entry)
    leads_there = is_stuck and index in reachable_from(program, last.instruction.index)
    return "results_missing" if leads_there else "not_reached"


def _objection(
    run: WorkflowRun, program: Program, taken: Sequence[dict[str, Json]], payload: Payload
) -> str:
    calls = _calls_of(run)
    try:
        own = program_of(run.definition_id, run.version).program
    except (VersionMissing, InvalidProgram):
        # Nobody can say any more what was asked.
        return ASKS_OTHERWISE if asks_people(program, calls) else ""
    if not (asks_people(own, calls) or asks_people(program, calls)):
        return ""  # nobody's decision is concerned
    now, event = database_now(), event_of(run)
    old = _side(run, own, run.trigger_payload, event, now)
    new = _side(run, program, run.trigger_payload if payload is None else payload, event, now)
    return objection(taken, old, new, calls, same_payload=payload is None)


def _side(
    run: WorkflowRun, program: Program, payload: Json, event: WorkflowEvent | None, now: datetime
) -> Side:
    # All its conditions are asked again, for one page.
    draft, budget = _draft_of(run, payload, event), preview_budget()
    start = scope_at_start(program, run.tenant.facts(), draft, now, budget)
    told = {
        "id": str(run.pk),
        "workflow": run.definition.name,
        "version": run.version,
        "started_at": (run.started_at or run.created_at).isoformat(),
        "actor": run.actor,
    }

    def scope_for(results: Results) -> Scope:
        seen = {**told, **error_told(results)}
        return replace(start, steps=dict(results.steps), run=seen, language=program.language)

    return Side(program, scope_for)


def _calls_of(run: WorkflowRun) -> Asks:
    """Return a function that says whether a workflow asks people, or asked any in this run."""
    known: dict[str, bool] = {}

    def calls(key: str) -> bool:
        if not known:
            told = {"run": run.pk, "tenant": run.tenant_id}
            known[""] = bool(rows(ASKED_BENEATH, told)[0][0])  # no workflow has this key
        if key not in known:
            known[key] = known[""] or _published_asks(run, key)
        return known[key]

    return calls


def _published_asks(run: WorkflowRun, key: str) -> bool:
    """Whether a workflow, as it is published now, asks people, or calls one that does."""
    seen, waiting = set[str](), [key]
    while waiting:
        own = WorkflowDefinition.objects.filter(tenant=run.tenant_id, key=waiting.pop())
        found = own.filter(version__gt=0).values_list("pk", "version").first()
        if found is None:
            continue
        try:
            program = program_of(*found).program
        except (VersionMissing, InvalidProgram):
            return True  # nobody can say
        if asks_people(program, lambda _key: False):
            return True
        called = {one.workflow for one in program.instructions if isinstance(one, RunWorkflow)}
        waiting += called - seen
        seen |= called
    return False


def _draft(run: WorkflowRun, payload: Json) -> EventDraft:
    return _draft_of(run, payload, event_of(run))


def _draft_of(run: WorkflowRun, payload: Json, event: WorkflowEvent | None) -> EventDraft:
    name = event.type if event else run.definition.trigger_type
    return EventDraft(name, payload, event.previous if event else None)


def _reused(entry: Entry) -> dict[str, Json]:
    entry = {key: value for key, value in entry.items() if key != "number"}  # of the other run
    if entry["status"] != StepStatus.COMPLETED:
        return dict(entry)
    return {**entry, "status": StepStatus.REUSED}
