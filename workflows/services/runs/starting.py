"""Where a run may be started again, and what the new run takes over.

A run begins at no step that the run it is taken from did not come to: not inside a branch that was
not taken, nor behind a step that was not passed. And nobody's decision is carried to where it was
not given: to another payload, to another question, or to a second time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from tenants.core.json import Json
from workflows.definition.errors import InvalidProgram
from workflows.definition.programs.instructions import Approval, Instruction
from workflows.definition.programs.program import Program, reachable_from, where_runs_may_start
from workflows.definition.scope import NameScope
from workflows.engine.history.entries import is_wrong
from workflows.engine.history.replay import StepVisit, passed, visits
from workflows.engine.history.results import Results
from workflows.engine.history.taking_over import (
    ASKS_OTHERWISE,
    Side,
    asks_people,
    block_asks,
    objection,
)
from workflows.engine.statuses import RunStatus, StepStatus
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.runtime.database import database_now
from workflows.runtime.runs.programs import VersionMissing, error_told, preview_budget, program_of
from workflows.services.approvals.spent import Spending, without_stops
from workflows.services.definitions.asking import calls_of
from workflows.services.events.drafts import EventDraft
from workflows.services.events.evaluation import judge, scope_at_start
from workflows.services.refusals import NotRetryable
from workflows.services.runs.entries import entries_of

Entry = Mapping[str, Json]
Payload = Mapping[str, Json] | None

ENDED_WELL: Final = frozenset({RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS})
FILTERED_OUT: Final = "filtered_out"
ON_VALUES_OF_THE_RUN: Final = "asks_on_values_of_the_run"


def starting_point(
    run: WorkflowRun,
    version: int,
    from_step: str,
    payload: Payload = None,
    *,
    lock: bool = False,
) -> tuple[int, list[dict[str, Json]]]:
    """Return the index at which to begin, and the results that are taken over.

    It is the step's, or that of a question before it that has to be asked again. `lock`: what was
    done on decisions stays as it is until the transaction ends.
    Raises NotRetryable: `unknown_step`, `inside_a_step`, `results_missing`, `not_reached`,
    `decided_on_other_values`, `decided_otherwise`, `asks_otherwise`, `never_published`; and
    `decision_used`, `already_under_way` (a run that shares a decision).
    """
    program = program_published(run, version)
    if not from_step:
        return 0, []
    found = next((one for one in program.instructions if one.name == from_step), None)
    if found is None:
        raise NotRetryable(run.pk, "unknown_step")
    if found.index not in where_runs_may_start(program.instructions):
        raise NotRetryable(run.pk, "inside_a_step")
    entries = _passed(run)
    way = list(visits(program, entries))
    arrived = next((one for one in way if one.instruction.index == found.index), None)
    if arrived is None:
        raise NotRetryable(run.pk, _why_not(program, way, found.index))
    spending = Spending(run, calls_of(run), is_locked=lock)
    taken = without_stops(entries[: arrived.before])
    if payload is not None or version != run.version:
        code = _objection(run, program, taken, payload)
        if code:
            raise NotRetryable(run.pk, code)
    begin, code = spending.beginning(program, way, arrived, entries)
    if code:
        raise NotRetryable(run.pk, code)
    taken = without_stops(entries[: begin.before])
    return begin.instruction.index, [_reused(entry) for entry in taken]


def start_problems(run: WorkflowRun) -> dict[str, str]:
    """Return for each step of a run's version why the run cannot start there; "" if it can.

    On its own version, with its own payload.
    """
    return {name: problem for name, (_begin, problem) in _beginnings(run).items()}


def asked_again(run: WorkflowRun) -> dict[str, str]:
    """Return the steps before which a question is asked again, with the name of that question.

    Whoever starts the run there again starts it at the question.
    """
    found = {name: begin for name, (begin, problem) in _beginnings(run).items() if not problem}
    return {name: begin for name, begin in found.items() if begin != name}


def steps_to_start_at(run: WorkflowRun) -> frozenset[str]:
    """Return the names of the steps of a run's version from which it can be started again."""
    return frozenset(name for name, problem in start_problems(run).items() if not problem)


def retry_problem(run: WorkflowRun, *, lock: bool = False) -> str:
    """Return why a run that failed cannot go on with what was decided in it; "" if it can.

    Another run has taken the decisions over: `decision_used` by it, or `already_under_way`.
    """
    program = _own_program(run)
    if program is None:
        return ""  # it cannot go on anyway
    spending = Spending(run, calls_of(run), is_locked=lock)
    return spending.problem(program, entries_of(run), is_retry=True)


def was_decided_before(run: WorkflowRun, step: str) -> bool:
    """Whether a decision was taken before a run came to a step: it holds for its payload alone."""
    program = program_published(run, run.version)
    entries = _passed(run)
    way = (one for one in visits(program, entries) if one.instruction.name == step)
    before = next((one.before for one in way), 0)
    named = {one.name: one for one in program.instructions}
    done = {one["step_name"] for one in entries[:before] if one["status"] != StepStatus.SKIPPED}
    calls = calls_of(run)
    steps = [named[name] for name in done if name in named]
    return any(isinstance(one, Approval) or block_asks(program, one, calls) for one in steps)


def refuse_to_mix(run: WorkflowRun) -> None:
    """Raise NotRetryable (`asks_on_values_of_the_run`) if anybody may be asked in a run.

    What people decide on, and what is done then, has one set of values: a single step that reads
    others would be done, or asked, on values that nobody was shown.
    """
    program = _own_program(run)  # None: it cannot go on anyway
    if program is not None and asks_people(program, calls_of(run)):
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


def _beginnings(run: WorkflowRun) -> dict[str, tuple[str, str]]:
    """Return for each step where a run that is to begin there begins, and why it cannot."""
    program = _own_program(run)
    if program is None:
        return {}
    entries, spending = _passed(run), Spending(run, calls_of(run))
    way = list(visits(program, entries))
    came_to = {one.instruction.index: one for one in reversed(way)}
    may_start = where_runs_may_start(program.instructions)

    def beginning(step: Instruction) -> tuple[str, str]:
        if step.index not in may_start:
            return step.name, "inside_a_step"
        if step.index not in came_to:
            return step.name, _why_not(program, way, step.index)
        begin, problem = spending.beginning(program, way, came_to[step.index], entries)
        return begin.instruction.name, problem

    return {one.name: beginning(one) for one in program.instructions}


def _own_program(run: WorkflowRun) -> Program | None:
    """Return the program of a run's version; None if it cannot be read."""
    try:
        return program_of(run.definition_id, run.version).program
    except (VersionMissing, InvalidProgram):
        return None


def _passed(run: WorkflowRun) -> Sequence[dict[str, Json]]:
    """Return the entries of a run that it got past; all of them, if its version is unreadable."""
    entries, own = entries_of(run), _own_program(run)
    if own is None:
        return entries
    return passed(own, entries, ended_well=RunStatus(run.status) in ENDED_WELL)


def _why_not(program: Program, way: Iterable[StepVisit], index: int) -> str:
    """Return the code of why a run did not come to a step."""
    *_others, last = way
    is_stuck = last.entry is None or is_wrong(last.entry)
    leads_there = is_stuck and index in reachable_from(program.instructions, last.instruction.index)
    return "results_missing" if leads_there else "not_reached"


def _objection(
    run: WorkflowRun, program: Program, taken: Sequence[dict[str, Json]], payload: Payload
) -> str:
    calls = calls_of(run)
    own = _own_program(run)
    if own is None:
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

    def scope_for(results: Results) -> NameScope:
        seen = {**told, **error_told(results)}
        return replace(start, steps=dict(results.steps), run=seen, language=program.language)

    return Side(program, scope_for)


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
