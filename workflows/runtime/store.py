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
from workflows.engine.progress import AwaitedEvent, Progress, WaitType, WakeReason
from workflows.engine.statuses import RunStatus
from workflows.runtime import decisions, families, lanes, look_back, matching, statements
from workflows.runtime.claims import Claim
from workflows.runtime.database import rows
from workflows.runtime.failures import FailedRun, tell_failed
from workflows.runtime.families import Callee
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
    with transaction.atomic():
        cancel_asked = _fenced(statements.CHECKPOINT, values)
        families.cancel_children(claim.run_id)
    return cancel_asked


def announce(claim: Claim, progress: Progress) -> bool:
    """Say in a run's row for which event it is about to wait; as `write`.

    To be committed before `write` parks it: whoever matches leaves events to it from then on.
    """
    if progress.awaited is None:
        raise ValueError("it waits for no event")
    form, match = matching.question(progress.awaited)
    pending = {**(progress.pending or {}), **look_back.bounds(rows, claim, progress.awaited)}
    asked = {"wait_type": form, "wait_match": match, "pending": _stored(pending)}
    return _fenced(statements.ANNOUNCE, {**_values(claim, progress), **asked})


def _park(claim: Claim, progress: Progress, callee: Callee | None) -> bool:
    """Let a run wait. Whom it waits for is asked, or started, in the same transaction."""
    if progress.awaited is not None:
        return _park_for_event(claim, progress, progress.awaited)
    pending = progress.pending
    values = {**_values(claim, progress), **_due(progress), "wait_match": None}
    if not (progress.spawn or progress.wait_type is WaitType.APPROVAL or progress.cancels_children):
        return _fenced(statements.PARK, {**values, "pending": _stored(pending)})
    with transaction.atomic():
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


def _park_for_event(claim: Claim, progress: Progress, awaited: AwaitedEvent) -> bool:
    """Let a run wait for an event; it is due at once if that is there already."""
    form, match = matching.question(awaited)
    pending = {**(progress.pending or {}), **look_back.bounds(rows, claim, awaited)}
    pending.pop("looks_back", None)  # of a worker that died before it had
    values = {**_values(claim, progress), **_due(progress), "wait_type": form, "wait_match": match}
    with transaction.atomic():
        _fenced(statements.HOLD, values)
        event = look_back.look_back(rows, claim, pending, awaited)
        if event is not None:
            pending["event"] = event["event_id"]
            values |= {"at_once": WakeReason.EVENT, "wait_match": None}
            wake_workers()
        if progress.cancels_children:
            families.cancel_children(claim.run_id)
        return _fenced(statements.PARK, {**values, "pending": _stored(pending)})


def _due(progress: Progress) -> dict[str, Any]:
    """Return what says when a run that parks is due, and why."""
    is_retry = progress.wait_type is WaitType.RETRY
    return {
        "due": progress.due_at,
        "wait": progress.due_in,
        "reason": WakeReason.RETRY if is_retry else WakeReason.TIME,
        "has_failed": progress.has_failed,
        "wait_type": progress.wait_type,
        "spawned": len(progress.spawn.children) if progress.spawn else None,
        "at_once": None,
    }


def _finish(claim: Claim, progress: Progress) -> bool:
    """End a run; let those hear of it whom it concerns: parent, children, lane, other workflows."""
    errors = error_columns(claim.definition_id, progress.error)
    output = storable(progress.ended.as_json()) if claim.parent_run else None
    values = {**_values(claim, progress), "status": progress.status, "output": output, **errors}
    if not claim.has_ties and progress.status is not RunStatus.FAILED:
        return _fenced(statements.FINISH, values)
    with transaction.atomic():
        _lock_ties(claim.parent_run, claim.definition_id, claim.lane if claim.holds_lane else None)
        _fenced(statements.FINISH, values)
        if claim.children_open:
            families.cancel_children(claim.run_id)
        if claim.parent_run is not None:
            tells = progress.ended.tells_at_once
            families.child_ended(claim.parent_run, claim.item_index, tells=tells, goes_on=not tells)
        elif progress.status is RunStatus.FAILED:
            _tell_failed(claim, errors)
        if claim.holds_lane:
            lanes.leave(claim.definition_id, claim.lane or "", claim.run_id)
        if claim.has_ties:
            wake_workers()
    return False


def _lock_ties(parent: UUID | None, definition_id: UUID, lane: str | None) -> None:
    """Lock what a run hangs together with, before the run: always in this order."""
    if parent is not None:
        families.lock_parent(parent)
    if lane is not None:
        lanes.lock(definition_id, lane)


def _values(claim: Claim, progress: Progress) -> dict[str, Any]:
    return {
        "id": claim.run_id,
        "token": claim.token,
        "entries": storable(list(progress.entries)),
        "step": progress.next_step,
    }


def _stored(pending: Json) -> str | None:
    return storable(pending) if pending is not None else None


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
    """Let a claimed run into its lanes before its first step; False: it waits, or was replaced."""
    pending = _stored(claim.pending)
    with transaction.atomic():
        room = lanes.room_for(claim, settings)
        if settings.when_busy == "replace" and claim.lane:
            older, newer = lanes.others(claim)
            if newer:
                _skip(claim.tenant_id, claim.run_id)
                return False
            for run_id in older:
                if not _skip(claim.tenant_id, run_id):
                    _cancel(claim.tenant_id, run_id)
                    rows(statements.SAY_WHY_CANCELLED, _replaced(claim.tenant_id, run_id))
            room = lanes.room_for(claim, settings)
        if lanes.enter(claim, room):
            return True
        lanes.wait_for_room(claim, settings, pending)
        return False


def _skip(tenant_id: UUID, run_id: UUID) -> bool:
    """End a run that a newer one replaces before it has begun anything."""
    found = rows(statements.SKIP, _replaced(tenant_id, run_id))
    if found and found[0][0] is not None:
        families.child_ended(*found[0], tells=True, goes_on=True)
    return bool(found)


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
    with transaction.atomic():
        return _cancel(tenant_id, run_id)


def _cancel(tenant_id: UUID, run_id: UUID) -> RunStatus | None:
    ties = rows(statements.TIES, {"id": run_id, "tenant": tenant_id})
    if not ties:
        return None
    parent, item_index, definition_id, lane = ties[0]
    _lock_ties(parent, definition_id, lane)
    done = rows(statements.CANCEL, {"id": run_id, "tenant": tenant_id})
    if not done or done[0][0] != RunStatus.CANCELLED:
        return RunStatus(done[0][0]) if done else None
    families.cancel_children(run_id)
    if parent is not None:
        families.child_ended(parent, item_index, tells=True, goes_on=True)
    if done[0][1]:
        lanes.leave(definition_id, lane or "", run_id)
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
