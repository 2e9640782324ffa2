"""Retry a run: go on from the step it failed in, or start a new run from an earlier step."""

from uuid import UUID

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.engine.advance import pending_retry
from workflows.engine.entries import stopping_entry
from workflows.engine.statuses import RunStatus, StepStatus
from workflows.models.run import WorkflowRun
from workflows.runtime import store
from workflows.runtime.programs import program_of
from workflows.runtime.wakeup import wake_workers
from workflows.services.refusals import NotRetryable


def retry_failed_step(tenant: Tenant, run_id: UUID) -> None:
    """Let a failed run go on from its failed step: same row, version, payload, same key.

    Raises NotRetryable: `not_failed` (or changed meanwhile), `nothing_failed` (no step did).
    """
    with tenant_scope(tenant):
        run = _run(tenant, run_id)
        if run.status != RunStatus.FAILED:
            raise NotRetryable(run_id, "not_failed")
        failed = stopping_entry(run.step_results)
        if failed is None:
            raise NotRetryable(run_id, "nothing_failed")
        pending = pending_retry(run.current_step, failed)
        # What was done about the failure stays: it was done.
        results = [entry for entry in run.step_results if entry is not failed]
        if not store.retry_failed_step(tenant.id, (run_id, run.lease_token), pending, results):
            raise NotRetryable(run_id, "not_failed")
        wake_workers()


def start_again(
    tenant: Tenant, run_id: UUID, actor: str, *, from_step: str = "", newest: bool = False
) -> UUID:
    """Start a new run with the same event; return its id. Its external calls carry new keys.

    `from_step` names the first step to do; the results of the steps before it are taken over,
    marked as reused. `newest`: on the version published now, not on the run's own.
    Raises NotRetryable: `still_running`, `unknown_step`, `results_missing`.
    """
    with tenant_scope(tenant):
        run = _run(tenant, run_id)
        if not RunStatus(run.status).has_ended:
            raise NotRetryable(run_id, "still_running")
        version = run.definition.version if newest else run.version
        step, results = _starting_point(run, version, from_step)
        new = store.start_again((tenant.id, run_id), version, (step, results), actor)
        wake_workers()
        return new


def _starting_point(
    run: WorkflowRun, version: int, from_step: str
) -> tuple[int, list[dict[str, object]]]:
    if not from_step:
        return 0, []
    instructions = program_of(run.definition_id, version).program.instructions
    found = next((one for one in instructions if one.name == from_step), None)
    if found is None:
        raise NotRetryable(run.pk, "unknown_step")
    results = {entry["step_name"]: entry for entry in run.step_results}
    earlier = [one.name for one in instructions[: found.index]]
    if any(name not in results for name in earlier):
        raise NotRetryable(run.pk, "results_missing")
    return found.index, [_reused(results[name]) for name in earlier]


def _reused(entry: dict[str, object]) -> dict[str, object]:
    if entry["status"] != StepStatus.COMPLETED:
        return entry
    return {**entry, "status": StepStatus.REUSED}


def _run(tenant: Tenant, run_id: UUID) -> WorkflowRun:
    try:
        return WorkflowRun.objects.select_related("definition").get(tenant=tenant, pk=run_id)
    except WorkflowRun.DoesNotExist:
        raise NotRetryable(run_id, "unknown_run") from None
