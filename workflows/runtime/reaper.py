"""Take over the runs of workers that died or went silent."""

import logging
from datetime import timedelta

import psycopg
from django.utils import translation

from workflows.engine.decide import POISONED, wait_after_crash
from workflows.runtime import statements
from workflows.runtime.database import Row
from workflows.wording import errors as wording

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
        for run_id, crashes in held:
            _take_over(session, run_id, crashes)
    if dead:
        session.execute(statements.FORGET_WORKERS, {"workers": dead})
        logger.warning("workers_taken_over", extra={"workers": dead, "runs": len(held)})
    return len(held)


def _take_over(session: "psycopg.Connection[Row]", run_id: object, crashes: int) -> None:
    wait = wait_after_crash(crashes)
    if wait is not None:
        session.execute(statements.TAKE_OVER, {"id": run_id, "crashes": crashes, "wait": wait})
        return
    with translation.override("en"):
        message = wording.sentence(POISONED, {"crashes": crashes})
    session.execute(
        statements.BURY,
        {"id": run_id, "crashes": crashes, "error_code": POISONED, "error_message": message},
    )
