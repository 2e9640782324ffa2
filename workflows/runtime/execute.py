"""Execute one claimed run: find what it needs, let the interpreter work, take care of trouble."""

import logging
from dataclasses import replace

from django.db import Error as DatabaseTrouble
from django.utils import translation

from tenants.known import facts_of
from workflows.definition.errors import InvalidProgram
from workflows.engine.decide import MAX_CRASHES
from workflows.engine.progress import Progress
from workflows.engine.statuses import RunStatus
from workflows.runtime import store
from workflows.runtime.claims import Claim
from workflows.runtime.database import released
from workflows.runtime.interpreter import interpret
from workflows.runtime.live import LiveHands
from workflows.runtime.programs import VersionMissing, program_of
from workflows.runtime.scopes import Needed
from workflows.runtime.surroundings import surroundings_of
from workflows.runtime.watch import Watch

logger = logging.getLogger(__name__)

UNREADABLE = "program_unreadable"


def execute(claim: Claim, watch: Watch) -> RunStatus | None:
    """Carry a claimed run as far as it goes; None if it could not be carried to a checkpoint.

    Never raises for what a run does. Database trouble and lost leases end the work on it: the run
    stays as its last checkpoint left it, and is taken over when its lease ends.
    """
    ids = {"run": str(claim.run_id), "workflow": str(claim.definition_id)}
    try:
        with released():
            try:
                needed = _needed_by(claim)
            except (VersionMissing, InvalidProgram) as problem:
                return _fail_unread(claim, problem)
            entered = _in_its_lane(claim, needed)
            if entered is None:
                return RunStatus.QUEUED
            claim = entered
        with translation.override(needed.tenant.language):
            hands = LiveHands(claim, needed, watch)
            if claim.crashes >= MAX_CRASHES:
                return _bury(claim, hands)
            return interpret(hands, claim.step, claim.pending)
    except store.LeaseLost:
        logger.warning("lease_lost", extra=ids)
    except DatabaseTrouble:
        logger.warning("database_trouble", extra=ids, exc_info=True)
    except Exception:
        logger.exception("run_not_executed", extra=ids)
    return None


def _fail_unread(claim: Claim, problem: Exception) -> RunStatus:
    """End a run whose program this installation cannot execute."""
    error = {"step_name": "", "error": {"code": UNREADABLE, "params": {"reason": str(problem)}}}
    failed = Progress(RunStatus.FAILED, (), claim.step, None, error=error)
    store.write(claim, failed)
    return failed.status


def _bury(claim: Claim, hands: LiveHands) -> RunStatus:
    """End a run that ended its worker too often, before it ends this one."""
    progress = hands.walker().poisoned(claim.step, claim.pending, claim.crashes)
    hands.write(progress)
    return progress.status


def _in_its_lane(claim: Claim, needed: Needed) -> Claim | None:
    """Return the claim once the run has its room, before its first step; None: there is none."""
    if claim.lane is None or claim.holds_lane or claim.cancel_asked:
        return claim
    if claim.deadline_at is not None and claim.claimed_at >= claim.deadline_at:
        store.go_without(claim)
        return claim
    if not store.enter_lanes(claim, needed.loaded.program.settings):
        return None
    # Only now it begins: whoever claimed it before and died had not.
    pending = {key: kept for key, kept in (claim.pending or {}).items() if key != "begun"}
    started_at = claim.claimed_at if claim.has_done_nothing else claim.started_at
    return replace(claim, holds_lane=True, pending=pending or None, started_at=started_at)


def _needed_by(claim: Claim) -> Needed:
    loaded = program_of(claim.definition_id, claim.version)
    return Needed(loaded, facts_of(claim.tenant_id), surroundings_of(claim))
