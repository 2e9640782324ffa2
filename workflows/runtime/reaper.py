"""Take over the runs of workers that died or went silent."""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.utils import translation

from workflows.engine.decide import MAX_CRASHES, POISONED, wait_after_crash
from workflows.runtime import families, locks, statements
from workflows.runtime.database import Row
from workflows.wording import errors as wording

# So often did its workers die that not even reading the run is survived.
UNREADABLE_CRASHES = MAX_CRASHES + 3

logger = logging.getLogger(__name__)


def take_over_from_the_dead(
    session: "psycopg.Connection[Row]", lease: timedelta, *, sweep: bool
) -> int:
    """Put the runs of dead workers back; return how many.

    Cheap when nobody died: it then reads a table of a few rows. With `sweep` it also looks for
    runs whose lease ended although their worker lives.
    """
    values = {"lease": lease, "class": statements.WORKER_LOCK_CLASS}
    dead = [row[0] for row in session.execute(statements.DEAD_WORKERS, values).fetchall()]
    if not dead and not sweep:
        return 0
    with session.transaction():
        held = session.execute(statements.RUNS_OF_DEAD_WORKERS, {"workers": dead}).fetchall()
        for run_id, crashes, _token in held:
            if crashes < UNREADABLE_CRASHES:
                # The worker that claims a poisoned run ends it, before anything of it is done.
                values = {"id": run_id, "crashes": crashes}
                wait = wait_after_crash(crashes) or timedelta(0)
                session.execute(statements.TAKE_OVER, {**values, "wait": wait})
    for run_id, crashes, token in held:
        if crashes >= UNREADABLE_CRASHES:
            _bury(session, run_id, crashes, token)
    if dead:
        session.execute(statements.FORGET_WORKERS, {"workers": dead})
        logger.warning("workers_taken_over", extra={"workers": dead, "runs": len(held)})
    return len(held)


def _bury(session: "psycopg.Connection[Row]", run_id: UUID, crashes: int, token: int) -> None:
    """End a run, and all that ends with it, in a transaction of its own: it waits for locks."""

    def run(statement: str, values: Mapping[str, Any]) -> Sequence[Row]:
        return session.execute(statement, values).fetchall()

    with translation.override("en"):
        message = wording.sentence(POISONED, {"crashes": crashes})
    why = {"error_code": POISONED, "error_message": message}
    with session.transaction():
        family = locks.family_of(run_id, run)
        locks.lock(family, run)
        if not set(locks.family_of(run_id, run)) <= set(family):
            raise psycopg.Rollback  # it has started others meanwhile: the next sweep finds it
        if run(statements.BURY, {"id": run_id, "crashes": crashes, "token": token, **why}):
            families.cancel_children(run_id, run)
            families.ended(family[0], tells=True, goes_on=True, run=run)
