"""Take over the runs of workers that died or went silent."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
from django.utils import translation

from workflows.engine.decide import MAX_CRASHES, POISONED, wait_after_crash
from workflows.runtime import statements
from workflows.runtime.database import Row
from workflows.runtime.families import CHILD_ENDED, WAKE_NEXT_CHILD
from workflows.runtime.lanes import GIVE_ROOM, WAKE_NEXT_OF_KEY, WAKE_NEXT_OF_WORKFLOW
from workflows.wording import errors as wording

# So often did its workers die that not even reading the run is survived.
UNREADABLE_CRASHES = MAX_CRASHES + 3

NO_WORKER: Final = 0  # their numbers begin at 1

logger = logging.getLogger(__name__)


def take_over_from_the_dead(
    session: "psycopg.Connection[Row]",
    lease: timedelta | None,
    *,
    sweep: bool,
    own: int = NO_WORKER,
    held: Sequence[UUID] = (),
) -> int:
    """Put the runs of dead workers back; return how many.

    Cheap when nobody died: it then reads a table of a few rows. With `sweep` it also looks for runs
    that nobody holds although no worker died. `own` is the worker that asks, and `held` what it
    knows to hold; who is no worker takes every run whose lease has ended. With `lease` None, a
    worker's silence is not taken for its death.
    """
    facts = {"own": own, "silence": lease, "class": statements.WORKER_LOCK_CLASS}
    dead = [row[0] for row in session.execute(statements.DEAD_WORKERS, facts).fetchall()]
    if not dead and not sweep:
        return 0
    whose = {"workers": dead, "own": own, "held": list(held)}
    left = session.execute(statements.RUNS_LEFT_BEHIND, whose).fetchall()
    taken = sum(_is_taken_over(session, {**whose, "id": row[0]}) for row in left)
    # While one of their runs is locked they stay known as dead, and it is tried again in a second.
    if dead and taken == len(left):
        session.execute(statements.FORGET_WORKERS, {"workers": dead})
        logger.warning("workers_taken_over", extra={"workers": dead, "runs": taken})
    return taken


def _is_taken_over(session: "psycopg.Connection[Row]", which: dict[str, Any]) -> bool:
    """Put one run back, in a transaction of its own: trouble with it keeps no other waiting."""
    try:
        with session.transaction():
            found = session.execute(statements.LOCK_RUN_LEFT_BEHIND, which).fetchone()
            if found is not None:
                _take_over(session, found)
    except psycopg.Error:
        if session.closed:
            raise
        logger.warning("run_not_taken_over", extra={"run": str(which["id"])}, exc_info=True)
        return False
    return found is not None


def _take_over(session: "psycopg.Connection[Row]", run: Row) -> None:
    run_id, crashes, parent, item_index, definition_id, lane, holds_lane = run
    wait = wait_after_crash(crashes)
    if wait is not None or crashes < UNREADABLE_CRASHES:
        # The worker that claims a poisoned run ends it, before anything of it is done.
        values = {"id": run_id, "crashes": crashes, "wait": wait or timedelta(0)}
        session.execute(statements.TAKE_OVER, values)
        return
    with translation.override("en"):
        message = wording.sentence(POISONED, {"crashes": crashes})
    session.execute(
        statements.BURY,
        {"id": run_id, "crashes": crashes, "error_code": POISONED, "error_message": message},
    )
    if parent is not None:
        session.execute(CHILD_ENDED, {"parent": parent, "number": 1, "tells": True})
        session.execute(WAKE_NEXT_CHILD, {"parent": parent, "item_index": item_index})
    if holds_lane:
        facts = {"definition": definition_id, "lane": lane, "id": run_id}
        session.execute(GIVE_ROOM, {**facts, "keys": sorted({"", lane})})
        session.execute(WAKE_NEXT_OF_KEY, facts)
        session.execute(WAKE_NEXT_OF_WORKFLOW, facts)
