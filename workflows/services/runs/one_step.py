"""What a person does about one step that failed: it is done again, or was done by hand.

The step may have stopped its run, or the run may have gone on behind it and ended; it may stand in
a part of a run, of which those above go on for it alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenants.core.json import Json
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.definition.programs.instructions import CallInstruction
from workflows.definition.programs.program import Program
from workflows.engine.history.entries import (
    error_to_tell,
    has_errors,
    stopping_entry,
    went_wrong,
)
from workflows.engine.history.resuming import Fresh, Resumption, can_be_done_alone
from workflows.engine.progress import Progress
from workflows.engine.statuses import RunStatus, StepStatus
from workflows.models.run import WorkflowRun
from workflows.runtime.database import database_now
from workflows.runtime.runs import revive
from workflows.runtime.waits.notify import wake_workers
from workflows.services.refusals import NotRetryable
from workflows.services.runs.corrections import Correction, fresh_with
from workflows.services.runs.parts import held, line_of, resume_line
from workflows.services.runs.retry import program_to_resume, resumption_of, run_of
from workflows.services.runs.starting import retry_problem

Entry = dict[str, Json]


@dataclass(frozen=True, slots=True)
class FailedStep:
    """The failure that a person saw, and wants to do something about."""

    name: str = ""  # "": the step that stopped the run, or else the first that failed
    seen: str = ""  # `mark_of` it, as the person saw it; "": whichever it is by now


ANY: FailedStep = FailedStep()


def do_again(  # noqa: PLR0913  # each part is named where it is used
    tenant: Tenant,
    run_id: UUID,
    actor: str,
    failure: FailedStep = ANY,
    *,
    with_record: bool = False,
    correction: Correction | None = None,
) -> None:
    """Do a step again that failed; where it had stopped its run, the run goes on behind it.

    It has the content and the key that it had. `with_record`: it reads what the run's record says
    today; `correction`: it reads the value that a person wrote. Its call has another key then. Of a
    step with child runs, those go on in which something failed.
    Raises NotRetryable: `not_failed`, `done_meanwhile` (it is another failure than `seen`),
    `failed_elsewhere` (something else stopped the run), `went_on` (the step cannot be done alone),
    `nothing_failed`, `program_unreadable`, `unknown_run`, and what `retry_failed_step` does of
    decisions and records. Raises BadCorrection.
    """
    with tenant_scope(tenant):
        line = line_of(run_of(tenant, run_id))
        root, run = line[0], line[-1]
        if code := retry_problem(root, lock=True):
            raise NotRetryable(run_id, code)
        program = program_to_resume(run)
        entry = _failed(run, program, failure)
        fresh = fresh_with(line, entry, actor, with_record=with_record, correction=correction)
        if not _done_again(line, entry, fresh, actor):
            raise NotRetryable(run_id, "not_failed")
    wake_workers()


def mark_done(tenant: Tenant, run_id: UUID, actor: str, failure: FailedStep = ANY) -> None:
    """Note that a step was done all the same: by hand, or by the call of which nobody knew.

    It is not done again, and has no result beyond what it had got done. Where it had stopped its
    run, the run goes on behind it; else the run ends as it would have without the failure.
    Raises NotRetryable as above, and `not_by_hand`: what the step does nobody does outside.
    """
    with tenant_scope(tenant):
        line = line_of(run_of(tenant, run_id))
        run = line[-1]
        program = program_to_resume(run)
        entry = _failed(run, program, failure)
        step = _instruction(program, entry["step_name"]) if entry else None
        if entry is None or not isinstance(step, CallInstruction):
            raise NotRetryable(run_id, "not_by_hand")
        done = _settled(entry, actor)
        results = [done if one is entry else one for one in run.step_results]
        following = step.next if run.status == RunStatus.FAILED else None
        if len(line) > 1:
            onward: Entry = {"hands_over": True} if following is None else {"step": following}
            is_taken = resume_line(line, (results, onward), actor)
        else:
            is_taken = _go_on(run, program, (results, following), actor)
        if not is_taken:
            raise NotRetryable(run_id, "not_failed")
    wake_workers()


def mark_of(run: WorkflowRun, entry: Mapping[str, Json] | None) -> str:
    """Return what tells a failure from the next one of the same step."""
    ended = run.completed_at.isoformat() if run.completed_at else ""
    return str((entry or {}).get("started_at") or ended)


def failures_of(run: WorkflowRun, program: Program) -> Sequence[Entry]:
    """Return the entries of the failed steps that can be done again, or said to be done, as it is.

    Of a run that failed it is the one that stopped it: what else failed waits until it went on.
    """
    results = run.step_results
    if run.status == RunStatus.COMPLETED_WITH_ERRORS:
        return [one for one in results if can_be_done_alone(program, results, one)]
    stopped = stopping_entry(results, program) if run.status == RunStatus.FAILED else None
    # A run whose workers died has no entry of the step in which they did.
    return [stopped] if stopped and stopped["step_name"] == run.error_step else []


def _failed(run: WorkflowRun, program: Program, failure: FailedStep) -> Entry | None:
    """Return the entry that is meant; None: the run failed in a step that has none."""
    if run.status not in {RunStatus.FAILED, RunStatus.COMPLETED_WITH_ERRORS}:
        raise NotRetryable(run.pk, "not_failed")
    found = failures_of(run, program)
    named = [one for one in found if failure.name in {"", one["step_name"]}]
    entry = named[0] if named else None
    if entry is None:
        _refuse_what_is_not_there(run, program, failure)
    if failure.seen not in {"", mark_of(run, entry)}:
        raise NotRetryable(run.pk, "done_meanwhile")
    return entry


def _refuse_what_is_not_there(run: WorkflowRun, program: Program, failure: FailedStep) -> None:
    """Raise NotRetryable, unless the run failed in a step that has no entry."""
    wrong = [
        one
        for one in run.step_results
        if went_wrong(one) and failure.name in {"", one["step_name"]}
    ]
    if run.status == RunStatus.COMPLETED_WITH_ERRORS:
        raise NotRetryable(run.pk, "went_on" if wrong else "done_meanwhile")
    if failure.name not in {"", run.error_step}:
        raise NotRetryable(run.pk, "failed_elsewhere" if wrong else "done_meanwhile")


def _done_again(
    line: Sequence[WorkflowRun], entry: Entry | None, fresh: Fresh | None, actor: str
) -> bool:
    run = line[-1]
    went_on = run.status == RunStatus.COMPLETED_WITH_ERRORS
    only = entry["step_name"] if went_on and entry else ""
    if len(line) > 1:
        kept = {"only": only} if only else {}
        return resume_line(line, (run.step_results, kept), actor, fresh)
    onward = resumption_of(run, fresh=fresh, only=only)
    if onward is None:
        raise NotRetryable(run.pk, "nothing_failed")
    return revive.resume(run.tenant_id, held(run), onward, actor)


def _instruction(program: Program, name: str) -> Any:
    return next((one for one in program.instructions if one.name == name), None)


def _settled(failed: Entry, actor: str) -> Entry:
    """Return the step's entry as done. What had been wrong with it stays among its tries."""
    kept = {key: value for key, value in failed.items() if key not in {"error", "then"}}
    last = {key: failed[key] for key in ("started_at", "duration_ms", "error") if key in failed}
    tries = failed.get("attempts") or [last]
    by = {"settled_by": actor, "settled_at": database_now().isoformat()}
    said = {"status": StepStatus.COMPLETED, "output": failed.get("output"), **by}
    return {**kept, **said, "attempts": tries}


def _go_on(
    run: WorkflowRun, program: Program, done: tuple[list[Entry], int | None], actor: str
) -> bool:
    results, following = done
    if following is not None:
        onward = Resumption(following, {"step": following}, results)
        return revive.resume(run.tenant_id, held(run), onward, actor)
    wrong = has_errors(results, program)
    status = RunStatus.COMPLETED_WITH_ERRORS if wrong else RunStatus.COMPLETED
    error = error_to_tell(results, status, program)
    # The index behind the step: that of a run whose last step was done.
    step = run.current_step + (run.status == RunStatus.FAILED)
    ended = Progress(status, tuple(results), step, None, error=error)
    return revive.end_otherwise(run.tenant_id, held(run), ended, run.definition_id)
