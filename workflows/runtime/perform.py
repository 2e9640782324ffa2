"""Perform one action and say, in the engine's words, what became of it."""

import logging
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Final

from django.db import DatabaseError, IntegrityError, connections

from actions.errors import ActionFailure, PermanentFailure, TemporaryFailure
from actions.spec import ActionContext, ActionSpec, Effect
from tenants.facts import TenantFacts
from tenants.jsontext import dumps
from workflows.definition.errors import ExpressionError
from workflows.definition.templates import render_text
from workflows.engine.outcomes import Outcome, StepCompleted, StepFailed, StepUnknown
from workflows.engine.progress import Job
from workflows.runtime.cause import Cause, acting
from workflows.runtime.claims import Claim
from workflows.runtime.emitting import emit

logger = logging.getLogger(__name__)

Json = Any

# JSON that one step may leave in the run's row: more would make every later checkpoint slow.
MAX_OUTPUT_BYTES: Final = 256 * 1024


def _emit_event(params: Json, context: ActionContext) -> Json:
    return emit(context.tenant, params)


# Control flow, so not in the library; performed like an action, in its checkpoint's transaction.
EMIT_EVENT: Final = ActionSpec(
    name="emit_event",
    label="",
    description="",
    effect=Effect.DATABASE,
    params={},
    output=None,
    run=_emit_event,
)


def perform(
    spec: ActionSpec,
    job: Job,
    claim: Claim,
    tenant: TenantFacts,
    guard: AbstractContextManager[object] | None = None,
) -> Outcome:
    """Run the action with the step's params; translate whatever it raises.

    Raises DatabaseError only where the database went away under an action that writes to it: that
    is no failure of the step. It was rolled back, and is done again as after a crash.

    `guard` is a savepoint for who goes on in the same transaction after a failure. The live hands
    need none: they roll back all that a failed database action has written, and record the failure
    in a transaction of its own.
    """
    cause = Cause(claim.run_id, claim.definition_id, claim.depth)
    try:
        with acting(cause), guard or nullcontext():
            output = spec.run(job.input, _context(spec, job, claim, tenant))
        return _checked(output)
    except ActionFailure as failure:
        return _failed(spec, failure)
    except IntegrityError as refusal:
        return StepFailed("refused_by_database", {"reason": _first_line(refusal)})
    except DatabaseError as trouble:
        if spec.effect is Effect.DATABASE and _is_cut_off():
            raise
        return StepFailed("database_trouble", {"reason": _first_line(trouble)}, is_temporary=True)
    except Exception as bug:
        # The worker's edge: an action's bug is a failed step, not a dead worker.
        ids = {"run": str(claim.run_id), "action": spec.name}
        logger.exception("action_crashed", extra=ids)
        return StepFailed("action_crashed", {"reason": f"{type(bug).__name__}: {bug}"})


def _failed(spec: ActionSpec, failure: ActionFailure) -> Outcome:
    # No answer came back: a second call might be a second message. An answer that says "error" is
    # taken at its word.
    lost = isinstance(failure, TemporaryFailure) and failure.params.get("may_have_arrived", True)
    if lost and "status" not in failure.params and spec.effect is Effect.NOT_REPEATABLE:
        return StepUnknown()
    is_temporary = isinstance(failure, TemporaryFailure)
    wait = failure.retry_after if isinstance(failure, TemporaryFailure) else None
    return StepFailed(failure.code, failure.params, is_temporary=is_temporary, retry_after=wait)


def _checked(output: Json) -> Outcome:
    """Refuse an output that cannot be kept, before it is state."""
    try:
        size = len(dumps(output))
    except (TypeError, ValueError) as problem:
        return StepFailed("output_not_json", {"reason": str(problem)})
    if size > MAX_OUTPUT_BYTES:
        return StepFailed("output_too_large", {"bytes": size, "limit_bytes": MAX_OUTPUT_BYTES})
    return StepCompleted(output)


def _context(spec: ActionSpec, job: Job, claim: Claim, tenant: TenantFacts) -> ActionContext:
    timeout = job.instruction.timeout
    return ActionContext(
        tenant=tenant,
        run_id=claim.run_id,
        step_name=job.instruction.name,
        idempotency_key=f"{claim.run_id}-{job.key}",
        timeout_seconds=timeout.total_seconds() if timeout else spec.default_timeout_seconds,
        render_text=partial(_render, job),
    )


def _render(job: Job, source: str, *, html: bool = False) -> str:
    try:
        return render_text(source, job.scope, html=html)
    except ExpressionError as problem:
        raise PermanentFailure(problem.code, **problem.params) from None


def _is_cut_off() -> bool:
    """Whether this thread's connection to the database is lost."""
    raw = connections["default"].connection
    return raw is None or bool(raw.closed)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
