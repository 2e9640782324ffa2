"""The writer of a live run's status. What a worker writes is fenced by the lease token.

A checkpoint is one statement, and so is the end of a run that concerns nobody else. Where a parent,
children, a lane or a question hang together with it, all is one transaction.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from hashlib import md5
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import translation

from tenants.core.json import Json
from tenants.core.json.jsontext import storable, storable_text
from tenants.tenant_cache import facts_of
from workflows.definition.programs.program import RunSettings
from workflows.engine.history.folding import Fold
from workflows.engine.outcomes import WalkAbandoned
from workflows.engine.progress import AwaitedEvent, Progress, WaitType, WakeReason
from workflows.engine.statuses import RunStatus
from workflows.presentation.runs import errors as wording
from workflows.runtime.database import as_json, is_timeout, is_trouble, rows
from workflows.runtime.hooks import FailedRun, tell_failed
from workflows.runtime.runs import children, concurrency, locks, statements
from workflows.runtime.runs.children import Callee
from workflows.runtime.runs.claims import Claim
from workflows.runtime.runs.locks import Member
from workflows.runtime.waits import approval_store, look_back, matching
from workflows.runtime.waits.notify import wake_workers

logger = logging.getLogger(__name__)

REPLACED: Final = "replaced_by_newer"
MAX_CHARACTERS: Final = 100  # of the error columns, but for the message


class LeaseLost(WalkAbandoned):
    """The run was taken over, or ended, by somebody else: this worker must not touch it again."""

    def __init__(self, run_id: UUID) -> None:
        super().__init__(f"run {run_id} is no longer held by this worker")
        self.run_id = run_id


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
    return _finish(claim, progress)


def stands(claim: Claim, progress: Progress) -> bool | None:
    """Return what `write` would have, if it wrote this and its answer was lost; None: it did not.

    `claim` is as `write` was given it.
    """
    found = rows(statements.STANDS, {"id": claim.run_id, "token": claim.token})
    if not found:
        return None
    status, begun, cancel_asked = found[0]
    if progress.status is RunStatus.RUNNING:
        is_written = status == RunStatus.RUNNING and as_json(begun) == claim.written + 1
    else:
        # Only this worker ends the status `running` under this token.
        is_written = status != RunStatus.RUNNING
    return bool(cancel_asked) if is_written else None


def is_held(claim: Claim) -> bool:
    """Whether the run is this worker's. Who is about to take it over is waited for."""
    found = rows(statements.STANDS, {"id": claim.run_id, "token": claim.token})
    return bool(found) and found[0][0] == RunStatus.RUNNING


def is_given_back(claim: Claim) -> bool | None:
    """Whether this worker's run is in the queue again, or parked, or ended; None: it is not."""
    found = rows(statements.STANDS, {"id": claim.run_id, "token": claim.token})
    return True if found and found[0][0] != RunStatus.RUNNING else None


def _checkpoint(claim: Claim, progress: Progress) -> bool:
    pending = {**_pending_of(progress), "begun": claim.written + 1}
    values = {**_values(claim, progress), "pending": storable(pending)}
    if not _has_company(claim, progress):
        return _fenced(statements.CHECKPOINT, values)

    def act() -> bool:
        cancel_asked = _fenced(statements.CHECKPOINT, values)
        _end_visit(claim, progress)
        return cancel_asked

    return _together(claim, progress, act)


def _announce(claim: Claim, progress: Progress, awaited: AwaitedEvent) -> bool:
    """Say in a run's row for which event it is about to wait.

    It is committed before the run parks: whoever matches leaves events to it from then on.
    """
    form, match = matching.question(awaited)
    begun = {"begun": claim.written + 1}
    pending = {**_pending_of(progress), **look_back.bounds(rows, claim, awaited), **begun}
    asked = {"wait_type": form, "wait_match": match, "pending": _stored(pending)}
    values = {**_values(claim, progress), **asked}
    if not _has_company(claim, progress):
        return _fenced(statements.ANNOUNCE, values)

    def act() -> bool:
        cancel_asked = _fenced(statements.ANNOUNCE, values)
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
        return _fenced(statements.PARK, {**values, "pending": _stored(pending)})
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
    cancel_asked = _fenced(statements.PARK, {**values, "pending": _stored(pending)})
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
        _fenced(statements.HOLD, values)
        event = look_back.look_back(rows, claim, pending, awaited)
        found = {}
        if event is not None:
            pending["event"] = event["event_id"]
            found = {"at_once": WakeReason.EVENT, "wait_match": None}
            wake_workers()
        parked = {**values, **found, "pending": _stored(pending)}
        cancel_asked = _fenced(statements.PARK, parked)
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


def _finish(claim: Claim, progress: Progress) -> bool:
    """End a run; let those hear of it whom it concerns: parent, children, lane, other workflows."""
    errors = error_columns(claim.definition_id, progress.error)
    output = storable(progress.ended.as_json()) if claim.parent_run else None
    values = {**_values(claim, progress), "status": progress.status, "output": output, **errors}
    values["pending"] = _stored(_resume(claim, progress.pending))
    closes = progress.closes_question and claim.may_have_asked
    if not claim.has_ties and not closes and progress.status is not RunStatus.FAILED:
        return _fenced(statements.FINISH, values)

    def act(_member: Member | None) -> bool:
        _fenced(statements.FINISH, values)
        if claim.parent_run is None and progress.status is RunStatus.FAILED:
            _tell_failed(claim, errors)
        return _end_with_others(claim, progress, closes=closes)

    if claim.children_open:
        return locks.with_family(claim.run_id, act)
    with transaction.atomic():
        if claim.has_ties:
            locks.lock([_member_of(claim)])
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
    children.ended(_member_of(claim), tells=progress.ended.tells_at_once)
    if claim.has_ties:
        wake_workers()
    return False


def _member_of(claim: Claim) -> Member:
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


def _stored(pending: Json) -> str | None:
    return storable(pending) if pending is not None else None


def _started(claim: Claim, progress: Progress, callee: Callee | None) -> dict[str, Json]:
    """Start child runs; return what the parent keeps of them."""
    if progress.spawn is None:
        raise ValueError("nothing to start")
    kept = (progress.pending or {})["children"]
    batch = children.start(claim, progress.spawn, callee)
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
    except Exception as error:
        if is_trouble(error) and not is_timeout(error):
            raise  # all of it is written again
        # That the run has failed must be written, whatever the others make of it.
        logger.exception("failure_not_told", extra={"run": str(claim.run_id)})


def enter_lanes(claim: Claim, settings: RunSettings) -> bool:
    """Let a claimed run into its lanes before its first step; False: it sleeps, or was replaced.

    Where the newest run replaces the others, each of those ends in a transaction of its own: what
    hangs together with it is locked before this run's lanes are.
    """
    if settings.when_busy == "replace" and claim.lane:
        older, newer = concurrency.others(claim.run_id)
        if newer:
            _give_way(claim)
            return False
        for run_id in older:
            _replace(claim.tenant_id, run_id)
    left = {"begun", "left", "held"}  # by whoever claimed it before: it had not begun
    pending = {key: kept for key, kept in (claim.pending or {}).items() if key not in left}
    with transaction.atomic():
        return concurrency.enter(concurrency.Turn.of(claim, settings), _stored(pending or None))


def go_without(claim: Claim) -> None:
    """Let a claimed run end without having been in its lanes: too late for them."""
    with transaction.atomic():
        locks.lock([_member_of(claim)])
        concurrency.go_without(claim)


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
            # What is stored of the step under way stays with it: a retry goes on there.
            _finish(claim, Progress(RunStatus.CANCELLED, (), claim.step, claim.pending or {}))


def _skip(member: Member, facts: Mapping[str, Any]) -> bool:
    """End a run that a newer one replaces before anything of it was tried."""
    if not rows(statements.SKIP, facts):
        return False
    children.ended(member, tells=True, goes_on=True)
    wake_workers()
    return True


def _replaced(tenant_id: UUID, run_id: UUID) -> dict[str, Any]:
    with translation.override("en"):
        message = wording.sentence(REPLACED, {})
    return {"id": run_id, "tenant": tenant_id, "error_code": REPLACED, "error_message": message}


def put_down(claim: Claim) -> None:
    """Give a run back between two steps. Raises LeaseLost."""
    _fenced(statements.PUT_DOWN, {"id": claim.run_id, "token": claim.token})


def give_up(claim: Claim, note: Json, *, is_begun: bool, wait: timedelta = timedelta(0)) -> None:
    """Give back a run that this worker cannot carry on, although it lives. Raises LeaseLost.

    `is_begun`: its step may have been done. `note` is kept beside the step. It rests for `wait`.
    """
    values = {"id": claim.run_id, "token": claim.token, "begun": is_begun, "wait": wait}
    _fenced(statements.GIVE_UP, {**values, "note": storable(note)})


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
        wake_workers()  # one of them ends it
        return RunStatus(done[0][0]) if done else None
    children.end_with_all(member)
    wake_workers()
    return RunStatus.CANCELLED


def _fenced(statement: str, values: Mapping[str, Any]) -> bool:
    fold = values.get("fold")
    if fold is not None:
        return _folded(statement, values, fold)
    written = rows(statement, values)
    if not written:
        raise LeaseLost(values["id"])
    return bool(written[0][0])


def _folded(statement: str, values: Mapping[str, Any], fold: Fold) -> bool:
    """Write `statement` and move earlier entries to the run's history, as one.

    Nearly no write moves any, so that all others stay the single statement they are.
    """
    moves = {
        "kept": storable(fold.kept),
        "numbered": fold.numbered,
        "chunks": storable(list(fold.chunks())),
    }
    with transaction.atomic():
        fence = {key: values[key] for key in ("id", "token", "begun")}
        _fenced(statements.FOLD, {**fence, **moves})
        return _fenced(statement, {**values, "fold": None, "entries": "[]"})


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
