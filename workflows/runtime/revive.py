"""What people make of a run that has ended: it goes on, ends otherwise, or is done again."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tenants.ids import uuid7
from tenants.jsontext import storable
from workflows.engine.progress import Progress
from workflows.runtime.database import rows
from workflows.runtime.store import error_columns

Json = Any

# Let a run that failed go on from the step it failed in. The failed entry leaves the results and
# becomes an earlier attempt of the step, so that nothing of it is lost and nothing is done twice.
RETRY_FAILED_STEP: Final = """
UPDATE workflow_runs
SET status = 'queued', due_at = now(), completed_at = NULL, crashes = 0,
    step_results = %(results)s::jsonb, current_step = %(step)s,
    pending = %(pending)s::jsonb, lease_token = lease_token + 1,
    deadline_at = NULL, -- a person took over
    cancel_requested_at = NULL, error_step = NULL, error_code = NULL, error_message = NULL,
    error_fingerprint = NULL
WHERE id = %(id)s AND tenant_id = %(tenant)s AND status = 'failed'
    AND lease_token = %(token)s
RETURNING id
"""

# A person said that the step which stopped the run was done, and nothing follows it: the run, which
# has ended and holds nothing any more, gets another end.
END_OTHERWISE: Final = """
UPDATE workflow_runs
SET status = %(status)s, step_results = %(results)s::jsonb, current_step = %(step)s,
    pending = NULL, lease_token = lease_token + 1, error_step = %(error_step)s,
    error_code = %(error_code)s, error_message = %(error_message)s,
    error_fingerprint = %(error_fingerprint)s
WHERE id = %(id)s AND tenant_id = %(tenant)s AND status = 'failed'
    AND lease_token = %(token)s
RETURNING id
"""

# Run again from the start, or from a chosen step with the results before it: a new run. With an
# event of its own if a person corrected the payload.
START_AGAIN: Final = """
INSERT INTO workflow_runs (id, tenant_id, definition_id, version, event_id, trigger_payload,
    subject_type, subject_id, actor, status, due_at, retried_from, step_results, current_step,
    lane, deadline_at)
SELECT %(new)s, tenant_id, definition_id, %(version)s, coalesce(%(event)s::uuid, event_id),
    coalesce(%(payload)s::jsonb, trigger_payload),
    subject_type, subject_id, %(actor)s, 'queued', now(), id, %(results)s::jsonb, %(step)s,
    %(lane)s::text, now() + %(deadline)s::interval
FROM workflow_runs WHERE id = %(id)s AND tenant_id = %(tenant)s
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Place:
    """What a new run has by the settings of its version."""

    lane: str | None = None
    deadline: timedelta | None = None  # from now on


def retry_failed_step(tenant_id: UUID, run: tuple[UUID, int], pending: Json, results: Json) -> bool:
    """Let a failed run go on from its failed step; False if it is not as it was read any more.

    `run` is its id and the lease token it was read with, `results` what stays of its results.
    """
    run_id, token = run
    values = {"id": run_id, "tenant": tenant_id, "token": token, "step": pending["step"]}
    texts = {"pending": storable(pending), "results": storable(results)}
    return bool(rows(RETRY_FAILED_STEP, {**values, **texts}))


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
    place: Place = Place(),
) -> UUID:
    """Start a copy of a run (tenant, id), at a step with the results before it; return its id.

    `corrected` is the event and the payload that take the place of the run's own.
    """
    tenant_id, run_id = run
    step, results = start
    event, payload = corrected or (None, None)
    new = {"new": uuid7(), "version": version, "step": step, "results": storable(results)}
    other = {"event": event, "payload": None if corrected is None else storable(payload)}
    settings = {"lane": place.lane, "deadline": place.deadline}
    values = {"id": run_id, "tenant": tenant_id, "actor": actor, **new, **other, **settings}
    made: UUID = rows(START_AGAIN, values)[0][0]
    return made
