"""Retry a run: go on from the step it failed in, or start a new run from an earlier step."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from tenants.core.database.ids import uuid7
from tenants.core.json import Json
from tenants.core.json.jsontext import storable
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from tenants.tracking.actor import current_actor
from workflows.definition.errors import InvalidProgram
from workflows.definition.programs.program import Program
from workflows.engine.history.resuming import Ending, Fresh, Resumption, RetryScope, resumption
from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.runtime.database import database_now, execute
from workflows.runtime.runs import revive, statements
from workflows.runtime.runs.concurrency import lane_of
from workflows.runtime.runs.programs import VersionMissing, program_of
from workflows.runtime.waits.notify import wake_workers
from workflows.services.events.drafts import EventDraft
from workflows.services.events.evaluation import STARTED, Evaluation, scope_at_start
from workflows.services.events.search_keys import search_keys
from workflows.services.refusals import NotRetryable
from workflows.services.runs.record_values import record_values, refuse_for_called
from workflows.services.runs.starting import (
    event_of,
    program_published,
    refuse_to_mix,
    refuse_unless_it_starts,
    retry_problem,
    starting_point,
    steps_to_start_at,
)

__all__ = [
    "program_to_resume",
    "resumption_of",
    "retry_failed_step",
    "run_of",
    "start_again",
    "starting_point",
    "steps_to_start_at",
    "whole_run",
]


_GOES_ON: Final = frozenset(
    {RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.COMPLETED_WITH_ERRORS}
)
MANUAL: Final = "manual"  # the source of an event that a person made


def retry_failed_step(
    tenant: Tenant, run_id: UUID, *, actor: str = "", with_record: bool = False
) -> None:
    """Let a run that failed, or was cancelled, go on in the step it ended in.

    Of one that was completed with errors the first step that failed is done again: it alone, and
    not what it has got done already. For another of its steps see `one_step.do_again`.

    Same row, version and payload; what is called again has the key and the content it had. Of a
    step with child runs, those that did not end well go on, each in its own step; see
    `engine.history.resuming`. `with_record`: that step, and it alone, reads what the run's record
    says today instead of the payload; its call then has another key, and its entry says so.
    `actor`, or else whoever acts in this thread, counts from now on among those who ask for what
    the run does.

    Raises NotRetryable: `not_failed` (or changed meanwhile), `nothing_failed` (no step did),
    `program_unreadable`, `is_a_part`, `unknown_run`; `already_under_way` and `decision_used` of
    what was decided in it, by a run that was started from it; with the record also
    `not_from_a_record`, `record_gone`, `values_handed_over` (a called workflow failed),
    `asks_on_values_of_the_run`.
    """
    with tenant_scope(tenant):
        run = whole_run(tenant, run_id, lock=True)
        if run.status not in _GOES_ON:
            raise NotRetryable(run_id, "not_failed")
        if code := retry_problem(run, lock=True):
            raise NotRetryable(run_id, code)
        fresh = None
        if with_record:
            fresh = record_values(tenant, run_id).as_fresh()
            refuse_for_called(run)
            refuse_to_mix(run)
        onward = resumption_of(run, fresh=fresh)
        if onward is None and run.status == RunStatus.COMPLETED_WITH_ERRORS:
            raise NotRetryable(run_id, "not_failed")
        if onward is None:
            raise NotRetryable(run_id, "nothing_failed")
        held = (run_id, run.lease_token)
        if not revive.resume(tenant.id, held, onward, actor or current_actor()):
            raise NotRetryable(run_id, "not_failed")
        wake_workers()


def resumption_of(
    run: WorkflowRun,
    scope: RetryScope = RetryScope.ALL,
    fresh: Fresh | None = None,
    only: str = "",
) -> Resumption | None:
    """Return where a run that has ended goes on; None: nothing in it failed.

    `only`: the step that is done alone, of a run that went on behind it.
    Raises NotRetryable: `program_unreadable`.
    """
    program = program_to_resume(run)
    kept = (run.pending or {}).get("resume")
    # A run that has ended has an end.
    ended_at = run.completed_at or run.created_at
    ending = Ending(RunStatus(run.status), run.error_code, ended_at)
    if kept is not None and "retry" in kept:
        # It was let go on, and ended before it did.
        ending, kept = Ending.as_marked(kept["retry"]), kept["retry"]["kept"]
    stood = (run.current_step, kept)
    return resumption(program, run.step_results, stood, ending, scope=scope, fresh=fresh, only=only)


def program_to_resume(run: WorkflowRun) -> Program:
    """Return what the run carries out. Raises NotRetryable: `program_unreadable`."""
    try:
        return program_of(run.definition_id, run.version).program
    except (VersionMissing, InvalidProgram):
        raise NotRetryable(run.pk, "program_unreadable") from None


def start_again(  # noqa: PLR0913  # each part is named where it is used
    tenant: Tenant,
    run_id: UUID,
    actor: str,
    *,
    from_step: str = "",
    newest: bool = False,
    payload: Mapping[str, Json] | None = None,
) -> UUID:
    """Start a new run with the same event; return its id. Its external calls carry new keys.

    `from_step` names the first step to do; the results of the steps before it are taken over,
    marked as reused. A decision is good for one time: where one of them has been acted on, the run
    begins at that question, unless other steps would be done again with it. `newest`: on the
    version published now, not on the run's own. With `payload`, which a person corrected, the new
    run has an event of its own, by that person. It takes the lane and the deadline of its version,
    which begins anew.
    Raises NotRetryable: `still_running`, `already_under_way` (a run that was started again is not
    finished), `filtered_out` (the workflow does not start with the payload), `is_a_part`,
    `unknown_run`, and what `starting_point` does.
    """
    with tenant_scope(tenant):
        # Two clicks take turns here: the second finds the first one's run.
        run = whole_run(tenant, run_id, lock=True)
        if not RunStatus(run.status).has_ended:
            raise NotRetryable(run_id, "still_running")
        if _unfinished_repeat(run) is not None:
            raise NotRetryable(run_id, "already_under_way")
        version = run.definition.version if newest else run.version
        start = starting_point(run, version, from_step, payload, lock=True)
        if payload is not None:
            refuse_unless_it_starts(run, version, payload)
        place, problem = _place(run, version, payload)
        why = {"without_lane": problem} if problem else {}
        evaluation = Evaluation(
            run.definition_id,
            version,
            run.definition.name,
            started=True,
            reason=STARTED,
            details=why,
        )
        corrected = None if payload is None else _corrected(run, evaluation, actor, payload)
        new = revive.start_again((tenant.id, run_id), version, start, actor, corrected, place=place)
        wake_workers()
        return new


def whole_run(tenant: Tenant, run_id: UUID, *, lock: bool = False) -> WorkflowRun:
    """Return a run of `tenant`. Raises NotRetryable: `unknown_run`, `is_a_part`."""
    run = run_of(tenant, run_id, lock=lock)
    if run.parent_run is not None:
        raise NotRetryable(run_id, "is_a_part")
    return run


def run_of(tenant: Tenant, run_id: UUID, *, lock: bool = False) -> WorkflowRun:
    """Return a run of `tenant`, or a part of one. Raises NotRetryable: `unknown_run`."""
    runs = WorkflowRun.objects.select_related("definition", "tenant")
    rows = runs.select_for_update(of=("self",)) if lock else runs
    try:
        return rows.get(tenant=tenant, pk=run_id)
    except WorkflowRun.DoesNotExist:
        raise NotRetryable(run_id, "unknown_run") from None


def _place(
    run: WorkflowRun, version: int, payload: Mapping[str, Json] | None
) -> tuple[revive.NewRunSettings, Json]:
    """Return the lane and the deadline of a run that starts again; with why it has no key.

    A run of the same version and payload keeps the lane it had.
    """
    program = program_published(run, version)
    deadline = program.settings.deadline
    if payload is None and version == run.version:
        return revive.NewRunSettings(run.lane, deadline), None
    event = event_of(run)
    draft = EventDraft(
        event.type if event else run.definition.trigger_type,
        run.trigger_payload if payload is None else payload,
        event.previous if event else None,
    )
    scope = scope_at_start(program, run.tenant.facts(), draft, database_now())
    lane, problem = lane_of(program, scope)
    return revive.NewRunSettings(lane, deadline), problem


def _corrected(
    run: WorkflowRun, evaluation: Evaluation, actor: str, payload: Mapping[str, Json]
) -> tuple[UUID, Mapping[str, Json]]:
    """Write the event that says who started the run with which payload; return both."""
    original = event_of(run)
    event_id = uuid7()
    facts = run.tenant.facts()
    draft = EventDraft(
        original.type if original else run.definition.trigger_type,
        payload,
        original.previous if original else None,
        (run.subject_type, run.subject_id),
    )
    row = draft.row(
        event_id,
        source=MANUAL,
        actor=actor,
        caused_by_run=None,
        depth=original.depth if original else 0,
        # The others that listen were asked about the event as it came.
        evaluations=[evaluation.as_json()],
        search_keys=search_keys(
            facts.id, facts.country, payload, [str(event_id), run.subject_id or None]
        ),
    )
    execute(
        statements.INSERT_EVENTS_AND_RUNS,
        {"tenant": facts.id, "events": storable([row]), "runs": storable([])},
    )
    return event_id, payload


def _unfinished_repeat(run: WorkflowRun) -> WorkflowRun | None:
    """Return a run that repeats `run` and has not ended, if there is one."""
    live = WorkflowRun.objects.filter(
        tenant=run.tenant_id, due_at__isnull=False, retried_from=run.pk
    )
    return live.only("id").first()
