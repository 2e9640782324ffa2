"""Execute one claimed run: find what it needs, let the interpreter work, take care of trouble."""

import logging

from django.db import Error as DatabaseTrouble
from django.utils import translation

from tenants.facts import TenantFacts
from tenants.known import facts_of
from workflows.definition.errors import InvalidProgram
from workflows.engine.advance import Progress
from workflows.engine.statuses import RunStatus
from workflows.runtime import store
from workflows.runtime.claims import Claim
from workflows.runtime.database import released
from workflows.runtime.interpreter import interpret
from workflows.runtime.live import LiveHands
from workflows.runtime.programs import LoadedProgram, VersionMissing, program_of
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
                loaded, tenant = _needed_by(claim)
            except (VersionMissing, InvalidProgram) as problem:
                return _fail_unread(claim, problem)
        with translation.override(tenant.language):
            hands = LiveHands(claim, loaded, tenant, watch)
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


def _needed_by(claim: Claim) -> tuple[LoadedProgram, TenantFacts]:
    loaded = program_of(claim.definition_id, claim.version)
    return loaded, facts_of(claim.tenant_id)
