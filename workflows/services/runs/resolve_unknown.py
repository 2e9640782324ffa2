"""Settle a step of which nobody knew whether it was done: a person looked, and says so."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from tenants.core.json import Json
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.definition.programs.program import Program
from workflows.engine.history.entries import error_to_tell, has_errors, stopping_entry
from workflows.engine.history.resuming import Resumption, RetryScope
from workflows.engine.progress import Progress
from workflows.engine.statuses import RunStatus, StepStatus
from workflows.models.run import WorkflowRun
from workflows.runtime.runs import revive
from workflows.runtime.waits.notify import wake_workers
from workflows.services.refusals import NotRetryable
from workflows.services.runs.retry import program_to_resume, resumption_of, run_of

Entry = dict[str, Json]


def settle_unknown(tenant: Tenant, run_id: UUID, actor: str, *, done: bool) -> None:
    """Go on with a run that an `unknown` step stopped: behind the step if it was done.

    If it was not, it is done now: with the same input and the same key. Of a child run, those that
    wait for it go on with it; its siblings that failed stay as they are. Raises NotRetryable:
    `went_on` (the run, or one above it, did not stop for it, and has ended), `not_failed`,
    `nothing_unclear`, `program_unreadable`, `unknown_run`.
    """
    with tenant_scope(tenant):
        with transaction.atomic():
            line = _line_of(run_of(tenant, run_id))
            above, run = line[:-1], line[-1]
            program = program_to_resume(run)
            unclear = _unclear_entry(run, program)
            for parent, child in zip(above, line[1:], strict=True):
                _refuse_unless_it_stopped(parent, child)
            results = run.step_results
            if done:
                entry = _settled(unclear, actor)
                results = [entry if one is unclear else one for one in results]
            following = _instruction(program, unclear["step_name"]).next
            if above:
                kept = _onward(following) if done else {}
                is_taken = _settle_part(above, (run, results, kept), actor)
            elif done:
                is_taken = _go_on(run, program, (results, following), actor)
            else:
                onward = resumption_of(run)
                is_taken = onward is not None and _resume(run, onward, actor)
            if not is_taken:
                raise NotRetryable(run_id, "not_failed")
        wake_workers()


def _line_of(run: WorkflowRun) -> list[WorkflowRun]:
    """Return a run with those above it, the whole run first, each locked in that order."""
    ids = [run.pk]
    parent = run.parent_run
    while parent is not None:
        ids.insert(0, parent)
        parent = WorkflowRun.objects.filter(pk=parent).values_list("parent_run", flat=True).first()
    return [run_of(run.tenant, one, lock=True) for one in ids]


def _unclear_entry(run: WorkflowRun, program: Program) -> Entry:
    if run.status == RunStatus.COMPLETED_WITH_ERRORS:
        raise NotRetryable(run.pk, "went_on")
    if run.status != RunStatus.FAILED:
        raise NotRetryable(run.pk, "not_failed")
    stopped = stopping_entry(run.step_results, program)
    if stopped is None or stopped["status"] != StepStatus.UNKNOWN:
        raise NotRetryable(run.pk, "nothing_unclear")
    return stopped


def _refuse_unless_it_stopped(parent: WorkflowRun, child: WorkflowRun) -> None:
    """Raise NotRetryable unless a retry of the parent would take up this child again."""
    if not RunStatus(parent.status).has_ended:
        raise NotRetryable(child.pk, "not_failed")
    if parent.status not in {RunStatus.FAILED, RunStatus.CANCELLED}:
        raise NotRetryable(child.pk, "went_on")
    onward = resumption_of(parent)
    children = (onward.pending.get("children") if onward else None) or {}
    if not children or not UUID(children["oldest"]) <= child.pk <= UUID(children["last"]):
        raise NotRetryable(child.pk, "went_on")


def _settle_part(
    above: Sequence[WorkflowRun], part: tuple[WorkflowRun, list[Entry], Entry], actor: str
) -> bool:
    """Let the whole run go on, and in it the runs down to the one that was settled."""
    parts = [part]
    # One that was cancelled goes on anyway.
    parts += [(one, one.step_results, {}) for one in above[1:] if one.status == RunStatus.FAILED]
    root = above[0]
    onward = resumption_of(root, RetryScope.SETTLED)
    marked = [revive.settle_child(one.tenant_id, _held(one), *said) for one, *said in parts]
    return all(marked) and onward is not None and _resume(root, onward, actor)


def _onward(following: int | None) -> Entry:
    return {"step": following} if following is not None else {"hands_over": True}


def _instruction(program: Program, name: str) -> Any:
    return next(one for one in program.instructions if one.name == name)


def _resume(run: WorkflowRun, onward: Resumption, actor: str) -> bool:
    return revive.resume(run.tenant_id, _held(run), onward, actor)


def _held(run: WorkflowRun) -> tuple[UUID, int]:
    return run.pk, run.lease_token


def _settled(unclear: Entry, actor: str) -> Entry:
    """Return the step's entry as done. What was not clear about it stays among its tries."""
    kept = {key: value for key, value in unclear.items() if key not in {"error", "then"}}
    last = {key: unclear[key] for key in ("started_at", "duration_ms", "error") if key in unclear}
    tries = unclear.get("attempts") or [last]
    said = {"status": StepStatus.COMPLETED, "output": None, "settled_by": actor}
    return {**kept, **said, "attempts": tries}


def _go_on(
    run: WorkflowRun, program: Program, done: tuple[list[Entry], int | None], actor: str
) -> bool:
    results, following = done
    if following is not None:
        return _resume(run, Resumption(following, {"step": following}, results), actor)
    wrong = has_errors(results, program)
    status = RunStatus.COMPLETED_WITH_ERRORS if wrong else RunStatus.COMPLETED
    error = error_to_tell(results, status, program)
    # The index behind the step: that of a run whose last step was done.
    ended = Progress(status, tuple(results), run.current_step + 1, None, error=error)
    return revive.end_otherwise(run.tenant_id, _held(run), ended, run.definition_id)
