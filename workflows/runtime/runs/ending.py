"""Ends from outside: somebody cancels a run, or a newer one of its group takes its place."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import translation

from workflows.definition.programs.program import RunSettings
from workflows.engine.outcomes import FailureCode
from workflows.engine.progress import Progress
from workflows.engine.statuses import RunStatus
from workflows.presentation.runs import errors as wording
from workflows.runtime.database import rows
from workflows.runtime.runs import children, concurrency, locks, statements
from workflows.runtime.runs.claims import Claim
from workflows.runtime.runs.locks import Member
from workflows.runtime.runs.store import finish, member_of, stored_json
from workflows.runtime.waits.notify import wake_workers

REPLACED: Final = FailureCode.REPLACED_BY_NEWER


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
        return concurrency.enter(concurrency.Turn.of(claim, settings), stored_json(pending or None))


def go_without(claim: Claim) -> None:
    """Let a claimed run end without having been in its lanes: too late for them."""
    with transaction.atomic():
        locks.lock([member_of(claim)])
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
        locks.lock([member_of(claim)])
        if _skip(member_of(claim), facts):
            return
        if rows(statements.CANCEL, facts) and rows(statements.SAY_WHY_CANCELLED, facts):
            # What is stored of the step under way stays with it: a retry goes on there.
            finish(claim, Progress(RunStatus.CANCELLED, (), claim.step, claim.pending or {}))


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
