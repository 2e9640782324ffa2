"""Settle a step of which nobody knew whether it was done: a person looked, and says so."""

from typing import Any
from uuid import UUID

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.engine.entries import error_to_tell, has_errors, stopping_entry
from workflows.engine.progress import Progress
from workflows.engine.statuses import RunStatus, StepStatus
from workflows.models.run import WorkflowRun
from workflows.runtime import revive
from workflows.runtime.programs import program_of
from workflows.runtime.wakeup import wake_workers
from workflows.services.refusals import NotRetryable
from workflows.services.retry import retry_failed_step, whole_run

Json = Any
Entry = dict[str, Json]


def settle_unknown(tenant: Tenant, run_id: UUID, actor: str, *, done: bool) -> None:
    """Go on with a run that an `unknown` step stopped: behind the step if it was done.

    If it was not, it is done now: with the same input and the same key. Raises NotRetryable:
    `went_on` (the run did not stop for it, and has ended), `not_failed`, `nothing_unclear`,
    `is_a_part`, `unknown_run`.
    """
    with tenant_scope(tenant):
        run = whole_run(tenant, run_id)
        unclear = _unclear_entry(run)
        if not done:
            retry_failed_step(tenant, run_id)
            return
        entry = _settled(unclear, actor)
        results = [entry if one is unclear else one for one in run.step_results]
        if not _go_on(run, results):
            raise NotRetryable(run_id, "not_failed")
        wake_workers()


def _unclear_entry(run: WorkflowRun) -> Entry:
    if run.status == RunStatus.COMPLETED_WITH_ERRORS:
        raise NotRetryable(run.pk, "went_on")
    if run.status != RunStatus.FAILED:
        raise NotRetryable(run.pk, "not_failed")
    stopped = stopping_entry(run.step_results)
    if stopped is None or stopped["status"] != StepStatus.UNKNOWN:
        raise NotRetryable(run.pk, "nothing_unclear")
    return stopped


def _settled(unclear: Entry, actor: str) -> Entry:
    """Return the step's entry as done. What was not clear about it stays among its tries."""
    kept = {key: value for key, value in unclear.items() if key not in {"error", "then"}}
    last = {key: unclear[key] for key in ("started_at", "duration_ms", "error") if key in unclear}
    tries = unclear.get("attempts") or [last]
    said = {"status": StepStatus.COMPLETED, "output": None, "settled_by": actor}
    return {**kept, **said, "attempts": tries}


def _go_on(run: WorkflowRun, results: list[Entry]) -> bool:
    instructions = program_of(run.definition_id, run.version).program.instructions
    following = instructions[run.current_step].next
    held = (run.pk, run.lease_token)
    if following is not None:
        return revive.retry_failed_step(run.tenant_id, held, {"step": following}, results)
    wrong = has_errors(results)
    status = RunStatus.COMPLETED_WITH_ERRORS if wrong else RunStatus.COMPLETED
    error = error_to_tell(results, status)
    # The index behind the step: that of a run whose last step was done.
    ended = Progress(status, tuple(results), run.current_step + 1, None, error=error)
    return revive.end_otherwise(run.tenant_id, held, ended, run.definition_id)
