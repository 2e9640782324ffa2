"""The writer of a live run's status. What a worker writes is fenced by the lease token.

A checkpoint is one statement, and so is the end of a run that concerns nobody else. Where a parent,
children, a lane or a question hang together with it, all is one transaction.
"""

import logging
from collections.abc import Callable, Mapping
from hashlib import md5
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import translation

from tenants.core.json import Json
from tenants.core.json.jsontext import storable, storable_text
from workflows.engine.progress import AwaitedEvent, Progress, WaitType, WakeReason
from workflows.engine.statuses import RunStatus
from workflows.presentation.runs import errors as wording
from workflows.runtime.database import rows
from workflows.runtime.hooks import tell_of_failure
from workflows.runtime.runs import children, locks, statements
from workflows.runtime.runs.children import Callee
from workflows.runtime.runs.claims import Claim
from workflows.runtime.runs.fence import fenced
from workflows.runtime.runs.locks import Member
from workflows.runtime.waits import approval_store, look_back, matching
from workflows.runtime.waits.notify import wake_workers

logger = logging.getLogger(__name__)

MAX_CHARACTERS: Final = 100  # of the error columns, but for the message


def write(claim: Claim, progress: Progress, callee: Callee | None = None) -> bool:
    """Write how far a run has come; return whether somebody asked to cancel it meanwhile.

    `callee` is the workflow that a child run carries out. Raises LeaseLost, having changed nothing,
    if the run is not this worker's any more.
    """
    if progress.announces and progress.awaited is not None:
        return _announce(claim, progress, progress.awaited)
    if progress.status is RunStatus.RUNNING:
        return _checkpoint(claim, progress)
    if progress.status is RunStatus.WAITING:
        return _park(claim, progress, callee)
    return finish(claim, progress)


def _checkpoint(claim: Claim, progress: Progress) -> bool:
    pending = {**_pending_of(progress), "begun": claim.written + 1}
    values = {**_values(claim, progress), "pending": storable(pending)}
    return _write_visit(claim, progress, statements.CHECKPOINT, values)


def _announce(claim: Claim, progress: Progress, awaited: AwaitedEvent) -> bool:
    """Say in a run's row for which event it is about to wait.

    It is committed before the run parks: whoever matches leaves events to it from then on.
    """
    form, match = matching.question(awaited)
    begun = {"begun": claim.written + 1}
    pending = {**_pending_of(progress), **look_back.bounds(rows, claim, awaited), **begun}
    asked = {"wait_type": form, "wait_match": match, "pending": stored_json(pending)}
    values = {**_values(claim, progress), **asked}
    return _write_visit(claim, progress, statements.ANNOUNCE, values)


def _write_visit(
    claim: Claim, progress: Progress, statement: str, values: Mapping[str, Any]
) -> bool:
    """Write a statement, and end with it what belonged to a step that is over."""
    if not _has_company(claim, progress):
        return fenced(statement, values)

    def act() -> bool:
        cancel_asked = fenced(statement, values)
        _end_visit(claim, progress)
        return cancel_asked

    return _together(claim, progress, act)


def _park(claim: Claim, progress: Progress, callee: Callee | None) -> bool:
    """Let a run wait. Whom it waits for is asked, or started, in the same transaction."""
    if progress.awaited is not None:
        return _park_for_event(claim, progress, progress.awaited)
    pending = _pending_of(progress) or None
    values = {**_values(claim, progress), **_due(progress), "wait_match": None}
    if not _has_company(claim, progress):
        return fenced(statements.PARK, {**values, "pending": stored_json(pending)})
    return _together(
        claim,
        progress,
        lambda: _park_with_others(claim, progress, {**values, "pending": pending}, callee),
    )


def _park_with_others(
    claim: Claim, progress: Progress, values: dict[str, Any], callee: Callee | None
) -> bool:
    pending = values["pending"]
    if progress.spawn is not None:
        pending = {**(pending or {}), "children": _started(claim, progress, callee)}
        wake_workers()
    if progress.question is not None:
        asked = approval_store.ask(claim, progress.question, progress.entries)
        pending = {**(pending or {}), **asked}
    cancel_asked = fenced(statements.PARK, {**values, "pending": stored_json(pending)})
    if progress.revival is not None:
        children.revive(claim.run_id, progress.revival)
        wake_workers()
    _end_visit(claim, progress, asked=(pending or {}).get("approval_id"))
    if progress.wait_type is WaitType.APPROVAL and progress.question is None:
        # It may have been decided while the steps of a reminder were under way.
        approval_store.wake_if_decided(claim, pending or {})
    return cancel_asked


def _park_for_event(claim: Claim, progress: Progress, awaited: AwaitedEvent) -> bool:
    """Let a run wait for an event; it is due at once if that is there already."""
    form, match = matching.question(awaited)
    pending = {**_pending_of(progress), **look_back.bounds(rows, claim, awaited)}
    pending.pop("looks_back", None)
    values = {**_values(claim, progress), **_due(progress), "wait_type": form, "wait_match": match}

    def act() -> bool:
        fenced(statements.HOLD, values)
        event = look_back.look_back(rows, claim, pending, awaited)
        found = {}
        if event is not None:
            pending["event"] = event["event_id"]
            found = {"at_once": WakeReason.EVENT, "wait_match": None}
            wake_workers()
        parked = {**values, **found, "pending": stored_json(pending)}
        cancel_asked = fenced(statements.PARK, parked)
        _end_visit(claim, progress)
        return cancel_asked

    return _together(claim, progress, act)


def _together(claim: Claim, progress: Progress, act: Callable[[], bool]) -> bool:
    """Do `act` in a transaction; the runs that end with it, and their lanes, are locked before."""
    if progress.cancels_children:
        return locks.with_family(claim.run_id, lambda _member: act())
    with transaction.atomic():
        return act()


def _due(progress: Progress) -> dict[str, Any]:
    reasons = {WaitType.RETRY: WakeReason.RETRY, WaitType.PLACE: WakeReason.PLACE}
    reason = reasons.get(progress.wait_type, WakeReason.TIME) if progress.wait_type else None
    return {
        "due": progress.due_at,
        "wait": progress.due_in,
        "reason": reason or WakeReason.TIME,
        "has_failed": progress.has_failed,
        "wait_type": progress.wait_type,
        "spawned": _started_by(progress),
        "at_once": None,
    }


def finish(claim: Claim, progress: Progress) -> bool:
    """End a run; let those hear of it whom it concerns: parent, children, lane, other workflows."""
    errors = error_columns(claim.definition_id, progress.error)
    output = storable(progress.ended.as_json()) if claim.parent_run else None
    values = {**_values(claim, progress), "status": progress.status, "output": output, **errors}
    values["pending"] = stored_json(_resume(claim, progress.pending))
    closes = progress.closes_question and claim.may_have_asked
    if not claim.has_ties and not closes and progress.status is not RunStatus.FAILED:
        return fenced(statements.FINISH, values)

    def act(_member: Member | None) -> bool:
        fenced(statements.FINISH, values)
        if claim.parent_run is None and progress.status is RunStatus.FAILED:
            tell_of_failure(claim, errors)
        return _end_with_others(claim, progress, closes=closes)

    if claim.children_open:
        return locks.with_family(claim.run_id, act)
    with transaction.atomic():
        if claim.has_ties:
            locks.lock([member_of(claim)])
        return act(None)


def _resume(claim: Claim, pending: Json) -> Json:
    """Return what the row of a run keeps of the step that it ended in the middle of."""
    if pending is None:
        return None
    # As in the statements: when the very first step was rendered, if it may have been called.
    is_rendered_again = claim.was_begun and not claim.results and "input" not in pending
    first = {"rendered_at": claim.started_at.isoformat()} if is_rendered_again else {}
    return {"resume": {**first, **pending}}


def _end_with_others(claim: Claim, progress: Progress, *, closes: bool) -> bool:
    """Do what else belongs to the end of a run; nobody's wish to cancel it matters any more."""
    if claim.children_open:
        children.cancel_children(claim.run_id)
    if closes:
        approval_store.close_questions([claim.run_id])
    children.ended(member_of(claim), tells=progress.ended.tells_at_once)
    if claim.has_ties:
        wake_workers()
    return False


def member_of(claim: Claim) -> Member:
    return Member(claim.run_id, claim.parent_run, claim.item_index, claim.definition_id, claim.lane)


def _has_company(claim: Claim, progress: Progress) -> bool:
    """Whether other rows have to be written together with the run's own."""
    asks = progress.wait_type is WaitType.APPROVAL
    ends = progress.cancels_children or (progress.closes_question and claim.may_have_asked)
    return bool(progress.spawn or progress.revival or asks or ends)


def _started_by(progress: Progress) -> int | None:
    """Return how many child runs a parking run waits for; None: as many as before."""
    if progress.revival is not None:
        return progress.revival.number
    return len(progress.spawn.children) if progress.spawn else None


def _end_visit(claim: Claim, progress: Progress, asked: str | None = None) -> None:
    """End what belonged to a step that is over: its child runs, its question.

    `asked` is the id of the question that the run waits for now.
    """
    if progress.cancels_children:
        children.cancel_children(claim.run_id)
    if progress.closes_question and claim.may_have_asked:
        approval_store.close_questions([claim.run_id], but=asked)


def _values(claim: Claim, progress: Progress) -> dict[str, Any]:
    return {
        "id": claim.run_id,
        "token": claim.token,
        "entries": storable(list(progress.entries)),
        "step": progress.next_step,
        "begun": claim.begun_mark,
        "fold": progress.fold,
    }


def _pending_of(progress: Progress) -> dict[str, Json]:
    """Return what the row of a live run keeps of the step under way."""
    failed = {"after_failure": True} if progress.has_failed else {}
    return {**(progress.pending or {}), **failed}


def stored_json(pending: Json) -> str | None:
    return storable(pending) if pending is not None else None


def _started(claim: Claim, progress: Progress, callee: Callee | None) -> dict[str, Json]:
    """Start child runs; return what the parent keeps of them."""
    if progress.spawn is None:
        raise ValueError("nothing to start")
    kept = (progress.pending or {})["children"]
    batch = children.start(claim, progress.spawn, callee)
    return {"oldest": batch["first"], **kept, **batch}


def error_columns(definition_id: UUID, entry: Json) -> dict[str, str | None]:
    """Return what the run's error columns say of `entry`, the first failed step, in English."""
    if entry is None:
        return dict.fromkeys(("error_step", "error_code", "error_message", "error_fingerprint"))
    # The columns are as long as a step's name, and as a code that an action of ours may give.
    code = storable_text(entry["error"]["code"])[:MAX_CHARACTERS]
    params, step_name = entry["error"]["params"], storable_text(entry["step_name"])
    with translation.override("en"):
        message = wording.sentence(code, params)
    # One fingerprint for the same mistake in the same place: what lists of failures group by.
    print_of = md5(f"{definition_id}{step_name}{code}".encode(), usedforsecurity=False)
    return {
        "error_step": step_name[:MAX_CHARACTERS],
        "error_code": code,
        "error_message": message,
        "error_fingerprint": print_of.hexdigest(),
    }
