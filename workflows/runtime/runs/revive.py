"""What people make of a run that has ended: it goes on, ends otherwise, or is done again."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from tenants.core.database.ids import uuid7
from tenants.core.json import Json
from tenants.core.json.jsontext import storable
from workflows.definition.programs.program import Program
from workflows.engine.history import folding, resuming
from workflows.engine.history.results import Results
from workflows.engine.history.resuming import Ending, Fresh, Resumption
from workflows.engine.progress import Progress
from workflows.engine.statuses import RunStatus
from workflows.runtime.database import rows
from workflows.runtime.runs.claims import Claim
from workflows.runtime.runs.store import LeaseLost, error_columns

# Let a run that failed, or was cancelled, go on from the step it ended in; or let one that was
# completed with errors do a step alone that had failed. The entry of the failure leaves
# the results and becomes an earlier attempt of the step, so that nothing of it is lost and nothing
# is done twice.
RETRY_FAILED_STEP: Final = """
UPDATE workflow_runs
SET status = 'queued', due_at = now(), wake_reason = 'person', completed_at = NULL, crashes = 0,
    step_results = %(results)s::jsonb, current_step = %(step)s,
    pending = %(pending)s::jsonb, lease_token = lease_token + 1,
    deadline_at = NULL, -- a person took over
    retried_by = CASE WHEN %(actor)s::text = '' THEN retried_by
        ELSE array_append(array_remove(retried_by, %(actor)s::text), %(actor)s::text) END,
    cancel_requested_at = NULL, error_step = NULL, error_code = NULL, error_message = NULL,
    error_fingerprint = NULL
WHERE id = %(id)s AND tenant_id = %(tenant)s AND lease_token = %(token)s
    AND (status IN ('failed', 'cancelled')
        OR (status = 'completed_with_errors' AND %(pending)s::jsonb ? 'alone'))
RETURNING id
"""

# A child run that a person has settled, or chosen: it goes on once its parent does.
SETTLE_CHILD: Final = """
UPDATE workflow_runs
SET step_results = %(results)s::jsonb, lease_token = lease_token + 1,
    pending = jsonb_build_object('resume', %(kept)s::jsonb)
WHERE id = %(id)s AND tenant_id = %(tenant)s AND status IN ('failed', 'completed_with_errors')
    AND lease_token = %(token)s
RETURNING id
"""

# The worker that claims a revived child has worked out where it goes on.
REWIND: Final = """
UPDATE workflow_runs
SET step_results = %(results)s::jsonb, current_step = %(step)s, pending = %(pending)s::jsonb
WHERE id = %(id)s AND lease_token = %(token)s AND status = 'running'
RETURNING false
"""

# A person said that the step which failed was done, and nothing follows it: the run, which has
# ended and holds nothing any more, gets another end.
END_OTHERWISE: Final = """
UPDATE workflow_runs
SET status = %(status)s, step_results = %(results)s::jsonb, current_step = %(step)s,
    pending = NULL, lease_token = lease_token + 1, error_step = %(error_step)s,
    error_code = %(error_code)s, error_message = %(error_message)s,
    error_fingerprint = %(error_fingerprint)s
WHERE id = %(id)s AND tenant_id = %(tenant)s AND status IN ('failed', 'completed_with_errors')
    AND lease_token = %(token)s
RETURNING id
"""

# Run again from the start, or from a chosen step with the results before it: a new run. With an
# event of its own if a person corrected the payload.
START_AGAIN: Final = """
INSERT INTO workflow_runs (id, tenant_id, definition_id, version, event_id, trigger_payload,
    subject_type, subject_id, actor, status, due_at, wake_reason, retried_from, step_results,
    current_step, lane, deadline_at, entries_numbered)
SELECT %(new)s, tenant_id, definition_id, %(version)s, coalesce(%(event)s::uuid, event_id),
    coalesce(%(payload)s::jsonb, trigger_payload),
    subject_type, subject_id, %(actor)s, 'queued', now(), 'person', id, %(results)s::jsonb,
    %(step)s, %(lane)s::text, now() + %(deadline)s::interval, %(numbered)s
FROM workflow_runs WHERE id = %(id)s AND tenant_id = %(tenant)s
RETURNING id
"""

# The earlier of the results that a new run takes over, if they are many.
TAKE_OVER_HISTORY: Final = """
INSERT INTO workflow_run_history (run_id, seq, tenant_id, entries)
SELECT %(run)s, chunk.seq, %(tenant)s, chunk.entries
FROM jsonb_to_recordset(%(chunks)s::jsonb) AS chunk (seq int, entries jsonb)
RETURNING 1
"""


@dataclass(frozen=True, slots=True)
class NewRunSettings:
    """What a new run has by the settings of its version."""

    lane: str | None = None
    deadline: timedelta | None = None  # from now on


def resume(tenant_id: UUID, run: tuple[UUID, int], onward: Resumption, actor: str = "") -> bool:
    """Let a run that failed or was cancelled go on; False if it is not as it was read any more.

    `run` is its id and the lease token it was read with, `actor` who wants it; "": nobody says.
    """
    run_id, token = run
    values = {"id": run_id, "tenant": tenant_id, "token": token, "actor": actor}
    texts = {"pending": storable(onward.pending), "results": storable(onward.results)}
    return bool(rows(RETRY_FAILED_STEP, {**values, **texts, "step": onward.step}))


def settle_child(tenant_id: UUID, run: tuple[UUID, int], results: Json, kept: Json) -> bool:
    """Write what a person said of a step in a failed child run; False as above.

    `kept` says where it goes on once its parent is retried.
    """
    run_id, token = run
    values = {"id": run_id, "tenant": tenant_id, "token": token}
    texts = {"kept": storable({**kept, "settled": True}), "results": storable(results)}
    return bool(rows(SETTLE_CHILD, {**values, **texts}))


def rewind(claim: Claim, program: Program) -> Claim:
    """Return the claim of a revived child as it goes on, once that is written.

    Raises LeaseLost.
    """
    mark = (claim.pending or {})["retry"]
    ending = Ending.as_marked(mark)
    stood = (claim.step, mark["kept"])
    scope, fresh = resuming.RetryScope(mark["scope"]), mark.get("fresh")
    onward = resuming.resumption(
        program,
        claim.results,
        stood,
        ending,
        scope=scope,
        fresh=Fresh(fresh["payload"], fresh["told"]) if fresh else None,
    )
    if onward is None and ending.status is RunStatus.COMPLETED_WITH_ERRORS:
        onward = resuming.as_it_was(program, claim.results, claim.step)
    elif onward is None:
        onward = Resumption(claim.step, {"step": claim.step}, list(claim.results))
    begun = {**onward.pending, "begun": True}
    texts = {"pending": storable(begun), "results": storable(onward.results)}
    values = {"id": claim.run_id, "token": claim.token, "step": onward.step}
    if not rows(REWIND, {**values, **texts}):
        raise LeaseLost(claim.run_id)
    return replace(claim, step=onward.step, pending=onward.pending, results=onward.results)


def end_otherwise(
    tenant_id: UUID, run: tuple[UUID, int], ended: Progress, definition_id: UUID
) -> bool:
    """Give a failed run, which nothing is left to do of, another end; False as above.

    The entries of `ended` take the place of the run's results.
    """
    run_id, token = run
    values = {"id": run_id, "tenant": tenant_id, "token": token, "step": ended.next_step}
    texts = {"status": ended.status, "results": storable(list(ended.entries))}
    errors = error_columns(definition_id, ended.error)
    return bool(rows(END_OTHERWISE, {**values, **texts, **errors}))


def start_again(  # noqa: PLR0913  # each part is named where it is used
    run: tuple[UUID, UUID],
    version: int,
    start: tuple[int, Json],
    actor: str,
    corrected: tuple[UUID, Json] | None = None,
    *,
    place: NewRunSettings = NewRunSettings(),
) -> UUID:
    """Start a copy of a run (tenant, id), at a step with the results before it; return its id.

    `corrected` is the event and the payload that take the place of the run's own.
    """
    tenant_id, run_id = run
    step, results = start
    event, payload = corrected or (None, None)
    fold = folding.fold(Results(results))
    kept, numbered = (fold.kept, fold.numbered) if fold else (results, 0)
    new = {"new": uuid7(), "version": version, "step": step, "results": storable(kept)}
    other = {"event": event, "payload": None if corrected is None else storable(payload)}
    who = {"id": run_id, "tenant": tenant_id, "actor": actor, "numbered": numbered}
    settings = {"lane": place.lane, "deadline": place.deadline}
    with transaction.atomic():
        made: UUID = rows(START_AGAIN, {**who, **new, **other, **settings})[0][0]
        if fold is not None:
            moved = {"run": made, "tenant": tenant_id, "chunks": storable(list(fold.chunks()))}
            rows(TAKE_OVER_HISTORY, moved)
    return made
