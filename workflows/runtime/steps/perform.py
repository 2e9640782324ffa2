"""Perform one action and say, in the engine's words, what became of it."""

import logging
from asyncio import CancelledError
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Final

from django.db import DatabaseError, connections

from actions.errors import ActionFailure, PartialResult, PermanentFailure, TemporaryFailure
from actions.spec import ActionContext, ActionSpec, Effect
from tenants.core.json import Json
from tenants.core.json.faults import BadJson, facts_of
from tenants.core.json.jsontext import dumps, storable_text
from tenants.core.json.strict_json import keep
from tenants.facts import TenantFacts
from workflows.definition.errors import ExpressionError
from workflows.definition.templates import render_text
from workflows.engine.interruptions import Interrupted, WalkAbandoned
from workflows.engine.outcomes import Doubt, Outcome, StepCompleted, StepFailed, StepUnknown
from workflows.engine.progress import Job
from workflows.runtime.database import is_trouble
from workflows.runtime.emitting import emit
from workflows.runtime.runs.cause import Cause, acting
from workflows.runtime.runs.claims import Claim

logger = logging.getLogger(__name__)


# JSON that one step may leave in the run's row: more would make every later checkpoint slow.
MAX_OUTPUT_BYTES: Final = 256 * 1024
# What a failure tells is for people: a sentence, an excerpt of an answer.
MAX_CODE_CHARACTERS: Final = 100
MAX_FACT_CHARACTERS: Final = 4000

# What the code of an action may raise by mistake. SystemExit comes from management commands and
# argument parsers; it would end the slot's thread, and nothing else. Groups of tasks wrap it, and
# what cancels them, in a group of their own. KeyboardInterrupt is meant.
CRASHES: Final = (Exception, SystemExit, GeneratorExit, CancelledError, BaseExceptionGroup)

# Failures that say themselves why it is not known what was done.
_DOUBTS: Final = {
    "timed_out": Doubt.NO_ANSWER,
    "mail_timed_out": Doubt.NO_ANSWER,
    "connection_lost": Doubt.CONNECTION_LOST,
    "mail_connection_lost": Doubt.CONNECTION_LOST,
}
# An answer came, and said nothing: the request was received.
_UNREAD: Final = frozenset({"answer_unreadable", "answer_too_large"})


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


def perform(  # noqa: PLR0913  # each part is named where it is used
    spec: ActionSpec,
    job: Job,
    claim: Claim,
    tenant: TenantFacts,
    *,
    guard: AbstractContextManager[object] | None = None,
    rendered: Callable[[], None] = lambda: None,
) -> Outcome:
    """Run the action with the step's params; translate whatever it raises.

    Raises WalkAbandoned; and DatabaseError only where the database went away under an action that
    writes to it: that is no failure of the step. It was rolled back, and is done again.

    `guard` is a savepoint for who goes on in the same transaction after a failure. The live
    executor needs none: it rolls back all that a failed database action has written, and records
    the failure in a transaction of its own. `rendered` is called when a stored text has been filled
    in: what follows may take its time.
    """
    cause = Cause(claim.run_id, claim.definition_id, claim.depth)
    try:
        with acting(cause), guard or nullcontext():
            output = spec.run(job.input, _context(spec, job, claim, tenant, rendered))
        return _checked(output)
    except WalkAbandoned:
        raise
    except CRASHES as problem:
        return _after(problem, spec, {"run": str(claim.run_id), "action": spec.name})


def _after(problem: BaseException, spec: ActionSpec, ids: Mapping[str, str]) -> Outcome:
    match problem:
        case Interrupted():
            return problem.outcome
        case ExpressionError():
            return _kept(StepFailed(problem.code, dict(problem.params)))
        case ActionFailure():
            outcome = _failed(spec, problem)
            if isinstance(outcome, StepUnknown):
                logger.warning("outcome_unknown", extra={**ids, "reason": outcome.reason})
            return outcome
        case DatabaseError():
            return _kept(_refused(problem, spec))
    # The worker's edge: an action's bug is a failed step, not a dead worker.
    logger.error("action_crashed", extra=dict(ids), exc_info=problem)
    reason = f"{type(problem).__name__}: {_said(problem)}"
    return _kept(StepFailed("action_crashed", {"reason": reason}))


def _refused(trouble: DatabaseError, spec: ActionSpec) -> StepFailed:
    if spec.effect is Effect.DATABASE and _is_cut_off():
        raise trouble
    if is_trouble(trouble):
        reason = first_line(trouble)
        return StepFailed("database_trouble", {"reason": reason}, is_temporary=True)
    return StepFailed("refused_by_database", {"reason": first_line(trouble)})


def first_line(error: BaseException) -> str:
    """Return what an error says, without the details that databases add below."""
    said = _said(error).strip()
    return said.splitlines()[0] if said else type(error).__name__


def _failed(spec: ActionSpec, failure: ActionFailure) -> Outcome:
    is_temporary = isinstance(failure, TemporaryFailure)
    may_have_arrived = is_temporary and failure.params.get("may_have_arrived", True)
    # A second call might be a second message, and so might one after an error: a gateway gives it
    # for a request that it has passed on. Only what was not acted on for certain is tried again.
    if spec.effect is Effect.NOT_REPEATABLE and (may_have_arrived or failure.code in _UNREAD):
        known = {**failure.params, "code": failure.code}
        so_far = failure.part.so_far if failure.part else None
        return StepUnknown(_doubt(failure), _facts(known), so_far)
    wait = failure.retry_after if isinstance(failure, TemporaryFailure) else None
    failed = StepFailed(failure.code, failure.params, is_temporary=is_temporary, retry_after=wait)
    # What an action wrote to this database is rolled back with its failure: nothing is done of it.
    part = failure.part if spec.effect is not Effect.DATABASE else None
    return _kept(failed if part is None else _with_part(failed, part))


def _with_part(failed: StepFailed, part: PartialResult) -> StepFailed:
    """Return the failure with what was done all the same, where that can be kept."""
    kept = _checked({"so_far": part.so_far, "output": part.output})
    return replace(failed, **kept.output) if isinstance(kept, StepCompleted) else kept


def _doubt(failure: ActionFailure) -> Doubt | None:
    if failure.code in _DOUBTS:
        return _DOUBTS[failure.code]
    if failure.code == f"http_{failure.params.get('status')}":
        return Doubt.GATEWAY_ERROR
    came = failure.code in _UNREAD or "answer" in failure.params
    return Doubt.UNCLEAR_ANSWER if came else None


def _kept(failed: StepFailed) -> StepFailed:
    """Return a failure whose code and facts can be kept, whatever an action put into them."""
    code = storable_text(str(failed.code))[:MAX_CODE_CHARACTERS]
    if not code:
        # A mistake of the action's own. Without a code nothing would say that the step failed.
        reason = "its failure has no code"
        return replace(
            failed, code="action_crashed", params={**_facts(failed.params), "reason": reason}
        )
    return replace(failed, code=code, params=_facts(failed.params))


def _facts(params: Mapping[str, Json]) -> dict[str, Json]:
    return {storable_text(str(name)): _fact(value) for name, value in params.items()}


def _fact(value: Json) -> Json:
    try:
        kept, size = keep(value)
    except BadJson:
        return storable_text(_said(value)[:MAX_FACT_CHARACTERS])
    if size <= MAX_FACT_CHARACTERS:
        return kept
    return (kept if isinstance(kept, str) else dumps(kept))[:MAX_FACT_CHARACTERS]


def _said(value: object) -> str:
    """Return the value as text. An error's own `__str__` may be what is broken."""
    try:
        return str(value)
    except CRASHES:
        return f"<{type(value).__name__}>"


def _checked(output: Json) -> StepCompleted | StepFailed:
    """Refuse an output that cannot be kept, before it is state."""
    try:
        kept, size = keep(output)
    except BadJson as problem:
        return _kept(StepFailed("output_not_json", {"reason": str(problem), **facts_of(problem)}))
    if size > MAX_OUTPUT_BYTES:
        return StepFailed("output_too_large", {"bytes": size, "limit_bytes": MAX_OUTPUT_BYTES})
    return StepCompleted(kept)


def _context(
    spec: ActionSpec, job: Job, claim: Claim, tenant: TenantFacts, rendered: Callable[[], None]
) -> ActionContext:
    timeout = job.instruction.timeout
    return ActionContext(
        tenant=tenant,
        run_id=claim.run_id,
        step_name=job.instruction.name,
        idempotency_key=f"{claim.run_id}-{job.key}",
        timeout_seconds=timeout.total_seconds() if timeout else spec.default_timeout_seconds,
        render_text=partial(_render, job, rendered),
        budget=job.scope.budget,
        attempt=job.attempt,
        so_far=job.marks.get("so_far"),
    )


def _render(job: Job, rendered: Callable[[], None], source: str, *, html: bool = False) -> str:
    try:
        return render_text(source, job.scope, html=html)
    except ExpressionError as problem:
        raise PermanentFailure(problem.code, **problem.params) from None
    finally:
        rendered()


def _is_cut_off() -> bool:
    """Whether this thread's connection to the database is lost."""
    raw = connections["default"].connection
    return raw is None or bool(raw.closed)
