"""The writer of a live run's status. What a worker writes is fenced by the lease token.

A checkpoint is one statement, and so is the end of a run that concerns nobody else. Where a parent,
children, a lane or a question hang together with it, all is one transaction.
"""

import logging
from collections.abc import Mapping
from hashlib import md5
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import translation

from tenants.jsontext import storable
from tenants.known import facts_of
from workflows.definition.program import RunSettings
from workflows.engine.progress import AwaitedEvent, Progress, WaitType
from workflows.engine.statuses import RunStatus
from workflows.runtime import decisions, families, lanes, locks, matching, statements
from workflows.runtime.claims import Claim
from workflows.runtime.database import rows
from workflows.runtime.failures import FailedRun, tell_failed
from workflows.runtime.families import Callee
from workflows.runtime.locks import Member
from workflows.runtime.wakeup import wake_workers
from workflows.wording import errors as wording

logger = logging.getLogger(__name__)

Json = Any

REPLACED: Final = "replaced_by_newer"


class LeaseLost(Exception):
    """The run was taken over, or ended, by somebody else: this worker must not touch it again."""

    def __init__(self, run_id: UUID) -> None:
        super().__init__(f"run {run_id} is no longer held by this worker")
        self.run_id = run_id


def write(claim: Claim, progress: Progress, callee: Callee | None = None) -> bool:
    """Write how far a run has come; return whether somebody asked to cancel it meanwhile.

    `callee` is the workflow that a child run carries out. Raises LeaseLost, having changed nothing,
    if the run is not this worker's any more.
    """
    if progress.status is RunStatus.RUNNING:
        return _checkpoint(claim, progress)
    if progress.status is RunStatus.WAITING:
        return _park(claim, progress, callee)
    return _finish(claim, progress)


def _checkpoint(claim: Claim, progress: Progress) -> bool:
    pending = {**(progress.pending or {}), "begun": True}
    values = {**_values(claim, progress), "pending": storable(pending)}
    if not progress.cancels_children:
        return _fenced(statements.CHECKPOINT, values)

    def act(_member: Member | None) -> bool:
        cancel_asked = _fenced(statements.CHECKPOINT, values)
        families.cancel_children(claim.run_id)
        return cancel_asked

    return locks.with_family(claim.run_id, act)


def _park(claim: Claim, progress: Progress, callee: Callee | None) -> bool:
    """Let a run wait. Whom it waits for is asked, or started, in the same transaction."""
    pending = progress.pending
    values = {
        **_values(claim, progress),
        "wait": progress.due_in,
        "wait_type": progress.wait_type,
        "wait_match": None,
        "spawned": len(progress.spawn.children) if progress.spawn else None,
    }
    if progress.awaited is not None:
        form, match = matching.question(progress.awaited)
        pending = {**(pending or {}), **_bounds(claim, progress.awaited)}
        values |= {"wait_type": form, "wait_match": match}
    if not (progress.spawn or progress.wait_type is WaitType.APPROVAL or progress.cancels_children):
        return _fenced(statements.PARK, {**values, "pending": _stored(pending)})

    def act(_member: Member | None) -> bool:
        return _park_with_others(claim, progress, {**values, "pending": pending}, callee)

    if progress.cancels_children:
        return locks.with_family(claim.run_id, act)
    with transaction.atomic():
        return act(None)


def _park_with_others(
    claim: Claim, progress: Progress, values: dict[str, Any], callee: Callee | None
) -> bool:
    pending = values["pending"]
    if progress.spawn is not None:
        pending = {**(pending or {}), "children": _started(claim, progress, callee)}
        wake_workers()
    if progress.question is not None:
        pending = {**(pending or {}), **decisions.ask(claim, progress.question)}
    cancel_asked = _fenced(statements.PARK, {**values, "pending": _stored(pending)})
    if progress.cancels_children:
        families.cancel_children(claim.run_id)
    if progress.wait_type is WaitType.APPROVAL and progress.question is None:
        # It may have been decided while the steps of a reminder were under way.
        decisions.wake_if_decided(claim, pending or {})
    return cancel_asked


def _finish(claim: Claim, progress: Progress) -> bool:
    """End a run; let those hear of it whom it concerns: parent, children, lane, other workflows."""
    errors = error_columns(claim.definition_id, progress.error)
    output = storable(progress.ended.as_json()) if claim.parent_run else None
    values = {**_values(claim, progress), "status": progress.status, "output": output, **errors}
    if not claim.has_ties and progress.status is not RunStatus.FAILED:
        return _fenced(statements.FINISH, values)

    def act(_member: Member | None) -> bool:
        _fenced(statements.FINISH, values)
        if claim.parent_run is None and progress.status is RunStatus.FAILED:
            _tell_failed(claim, errors)
        if claim.children_open:
            families.cancel_children(claim.run_id)
        families.ended(_member_of(claim), tells=progress.ended.tells_at_once)
        if claim.has_ties:
            wake_workers()
        return False

    if claim.children_open:
        return locks.with_family(claim.run_id, act)
    with transaction.atomic():
        if claim.has_ties:
            locks.lock([_member_of(claim)])
        return act(None)


def _member_of(claim: Claim) -> Member:
    return Member(claim.run_id, claim.parent_run, claim.item_index, claim.definition_id, claim.lane)


def _values(claim: Claim, progress: Progress) -> dict[str, Any]:
    return {
        "id": claim.run_id,
        "token": claim.token,
        "entries": storable(list(progress.entries)),
        "step": progress.next_step,
    }


def _stored(pending: Json) -> str | None:
    return storable(pending) if pending is not None else None


def _bounds(claim: Claim, awaited: AwaitedEvent) -> dict[str, str]:
    """Return which events count: none from before the run began, but for its look back."""
    not_before = {"not_before": (claim.created_at - awaited.look_back).isoformat()}
    return {**not_before, "behind": awaited.behind} if awaited.behind else not_before


def _started(claim: Claim, progress: Progress, callee: Callee | None) -> dict[str, Json]:
    """Start child runs; return what the parent keeps of them."""
    if progress.spawn is None:
        raise ValueError("nothing to start")
    kept = (progress.pending or {})["children"]
    batch = families.start(claim, progress.spawn, callee)
    return {"oldest": batch["first"], **kept, **batch}


def _tell_failed(claim: Claim, errors: Mapping[str, str | None]) -> None:
    run = FailedRun(
        run_id=claim.run_id,
        definition_id=claim.definition_id,
        version=claim.version,
        event_id=claim.event_id,
        depth=claim.depth,
        payload=claim.payload,
        subject=(claim.subject_type, claim.subject_id),
        started_at=claim.started_at,
        error_step=errors["error_step"] or "",
        error_code=errors["error_code"] or "",
        error_message=errors["error_message"] or "",
    )
    try:
        with transaction.atomic():
            tell_failed(facts_of(claim.tenant_id), run)
    except Exception:
        # That the run has failed must be written, whatever the others make of it.
        logger.exception("failure_not_told", extra={"run": str(claim.run_id)})


def enter_lanes(claim: Claim, settings: RunSettings) -> bool:
    """Let a claimed run into its lanes before its first step; False: it sleeps, or was replaced.

    Where the newest run replaces the others, each of those ends in a transaction of its own: what
    hangs together with it is locked before this run's lanes are.
    """
    if settings.when_busy == "replace" and claim.lane:
        older, newer = lanes.others(claim.run_id)
        if newer:
            _give_way(claim)
            return False
        for run_id in older:
            _replace(claim.tenant_id, run_id)
    pending = {key: kept for key, kept in (claim.pending or {}).items() if key != "begun"}
    with transaction.atomic():
        return lanes.enter(lanes.Turn.of(claim, settings), _stored(pending or None))


def go_without(claim: Claim) -> None:
    """Let a claimed run end without having been in its lanes: too late for them."""
    with transaction.atomic():
        locks.lock([_member_of(claim)])
        lanes.go_without(claim)


def _replace(tenant_id: UUID, run_id: UUID) -> None:
    """End an older run of a lane, or ask its worker to."""
    facts = _replaced(tenant_id, run_id)

    def act(member: Member | None) -> None:
        if member is not None and not _skip(member, facts):
            _cancel(tenant_id, member)
            rows(statements.SAY_WHY_CANCELLED, facts)

    locks.with_family(run_id, act)


def _give_way(claim: Claim) -> None:
    """End a claimed run of which a newer one lives. One that has begun was not skipped."""
    facts = _replaced(claim.tenant_id, claim.run_id)
    with transaction.atomic():
        locks.lock([_member_of(claim)])
        if _skip(_member_of(claim), facts):
            return
        if rows(statements.CANCEL, facts) and rows(statements.SAY_WHY_CANCELLED, facts):
            # What is stored of the step under way stays with it.
            _finish(claim, Progress(RunStatus.CANCELLED, (), claim.step, claim.pending))


def _skip(member: Member, facts: Mapping[str, Any]) -> bool:
    """End a run that a newer one replaces before anything of it was tried."""
    if not rows(statements.SKIP, facts):
        return False
    families.ended(member, tells=True, goes_on=True)
    wake_workers()
    return True


def _replaced(tenant_id: UUID, run_id: UUID) -> dict[str, Any]:
    with translation.override("en"):
        message = wording.sentence(REPLACED, {})
    return {"id": run_id, "tenant": tenant_id, "error_code": REPLACED, "error_message": message}


def put_down(claim: Claim) -> None:
    """Give a run back between two steps. Raises LeaseLost."""
    _fenced(statements.PUT_DOWN, {"id": claim.run_id, "token": claim.token})


def cancel(tenant_id: UUID, run_id: UUID) -> RunStatus | None:
    """Cancel a run, or ask its worker to; return its status now, None if it had ended before.

    With it end the runs it has started.
    """
    return locks.with_family(
        run_id, lambda member: None if member is None else _cancel(tenant_id, member)
    )


def _cancel(tenant_id: UUID, member: Member) -> RunStatus | None:
    done = rows(statements.CANCEL, {"id": member.run_id, "tenant": tenant_id})
    if not done or done[0][0] != RunStatus.CANCELLED:
        return RunStatus(done[0][0]) if done else None
    families.cancel_children(member.run_id)
    families.ended(member, tells=True, goes_on=True)
    wake_workers()
    return RunStatus.CANCELLED


def _fenced(statement: str, values: Mapping[str, Any]) -> bool:
    written = rows(statement, values)
    if not written:
        raise LeaseLost(values["id"])
    return bool(written[0][0])


def error_columns(definition_id: UUID, entry: Json) -> dict[str, str | None]:
    """Return what the run's error columns say of `entry`, the first failed step, in English."""
    if entry is None:
        return dict.fromkeys(("error_step", "error_code", "error_message", "error_fingerprint"))
    code, params = entry["error"]["code"], entry["error"]["params"]
    with translation.override("en"):
        message = wording.sentence(code, params)
    # One fingerprint for the same mistake in the same place: what lists of failures group by.
    print_of = md5(f"{definition_id}{entry['step_name']}{code}".encode(), usedforsecurity=False)
    return {
        "error_step": entry["step_name"],
        "error_code": code,
        "error_message": message,
        "error_fingerprint": print_of.hexdigest(),
    }
