"""Take over the runs of workers that died or went silent, or end those that no worker survives.

Whom the end of a dispatcher is put down to: a held interpreter is held by one thread, which uses
the processor meanwhile; all others wait for it. Its run is to blame, and no other. Nothing of the
row of a run is read here: that may be what its workers died of.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
from django.utils import translation
from psycopg.types.json import Jsonb

from actions import registry
from actions.spec import Effect
from tenants.core.json import Json
from tenants.core.json.jsontext import loads
from workflows.engine.decide import MAX_CRASHES, OUTCOME_UNKNOWN, POISONED, Then, wait_after_crash
from workflows.engine.outcomes import Doubt
from workflows.engine.statuses import StepStatus
from workflows.presentation.runs import errors as wording
from workflows.runtime.database import Row
from workflows.runtime.runs import children, locks, open_calls
from workflows.runtime.runs.claims import HELD_BY_ANOTHER, HELD_BY_ITSELF
from workflows.runtime.workers import statements
from workflows.runtime.workers.board import Cell, SlotState

# So often did its workers die that not even reading the run is survived.
UNREADABLE_CRASHES = MAX_CRASHES + 3
NO_WORKER: Final = 0  # their numbers begin at 1

logger = logging.getLogger(__name__)

# Of what the whole process used: from so much on, one thread has held the others up.
GUILTY_SHARE: Final = 0.5

# What the row of a worker keeps of each run: lease token, whether its step was called, its blame.
Left = dict[str, Json]

_KEPT_OF_EACH: Final = 3


@dataclass(frozen=True, slots=True)
class Fate:
    """How a run stands that a dead worker has left."""

    counts: bool  # a crash of its own
    was_begun: bool  # its step may have been done
    is_held: bool = False  # the worker was ended because something held it up


DIED: Final = Fate(counts=True, was_begun=True)  # nobody knows what it was in the middle of
UNTOUCHED: Final = Fate(counts=False, was_begun=False)


def left_by(cells: Sequence[Cell], used_seconds: Mapping[int, float]) -> Left:
    """Return what is to be kept of the runs of a dispatcher that is ended.

    `used_seconds` is the processor time of its threads while it was silent.
    """
    to_blame = _to_blame(cells, used_seconds)
    return {
        str(cell.run_id): [cell.token, cell.state != SlotState.WORKING, cell in to_blame]
        for cell in cells
    }


def kept_by(cells: Sequence[Cell], used_seconds: Mapping[int, float]) -> list[UUID]:
    """Return the runs that nobody else may go on with as long as their dispatcher is not ended.

    They are the one that holds it up, and those in a call that must not be made twice.
    """
    to_blame = _to_blame(cells, used_seconds)
    return [cell.run_id for cell in cells if cell.state is SlotState.CALLING or cell in to_blame]


def _to_blame(cells: Sequence[Cell], used_seconds: Mapping[int, float]) -> Sequence[Cell]:
    total = sum(used_seconds.values())
    guilty = {one for one, used in used_seconds.items() if used and used >= GUILTY_SHARE * total}
    if guilty:
        # It may be none of the slots' threads: then it was no run.
        return [cell for cell in cells if cell.thread in guilty]
    # Suspects are executed alone afterwards, which separates them. If nobody was counted, a run
    # that holds up each of its workers would do so for ever.
    working = [cell for cell in cells if cell.state is SlotState.WORKING]
    return working or [cell for cell in cells if cell.state is SlotState.CALLING_REPEATABLE]


def read(text: str | None) -> Left | None:
    """Return what a worker's row says of its end; None: nothing, or nothing that can be read."""
    if text is None:
        return None
    try:
        left = loads(text)
    except (ValueError, RecursionError):
        return None
    return left if isinstance(left, dict) else None


def fate_of(run_id: UUID, token: int, left: Left | None) -> Fate:
    """Return how a run stands. `left` is what its worker's row says; None: nothing."""
    if left is None:
        return DIED
    kept = left.get(str(run_id))
    if kept is None:
        return UNTOUCHED  # claimed, and not begun yet
    if not isinstance(kept, list) or len(kept) != _KEPT_OF_EACH:
        return DIED
    at, was_called, is_to_blame = kept
    if at != token:
        return UNTOUCHED
    return Fate(counts=bool(is_to_blame), was_begun=bool(was_called), is_held=True)


@dataclass(frozen=True, slots=True)
class Grave:
    """A run to be ended."""

    run_id: UUID
    crashes: int
    token: int
    fate: Fate  # after its last worker


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
    found = session.execute(statements.DEAD_WORKERS, facts).fetchall()
    ended: dict[int, Left | None] = {number: read(text) for number, text in found}
    dead = list(ended)
    if not dead and not sweep:
        return 0
    whose = {"workers": dead, "own": own, "held": list(held)}
    left = session.execute(statements.RUNS_LEFT_BEHIND, whose).fetchall()
    taken = sum(_is_taken_over(session, {**whose, "id": row[0]}, ended) for row in left)
    # While one of their runs is locked they stay known as dead, and it is tried again in a second.
    if dead and taken == len(left):
        session.execute(statements.FORGET_WORKERS, {"workers": dead})
        logger.warning("workers_taken_over", extra={"workers": dead, "runs": taken})
    return taken


def take_from_the_held(
    session: "psycopg.Connection[Row]", worker: int, left: Left, but: Sequence[UUID] = ()
) -> int:
    """Put the runs of a worker back that stands still meanwhile; return how many.

    `left` says what it is in the middle of. The runs `but` stay with it.
    """
    found = session.execute(statements.RUNS_HELD, {"worker": worker, "but": list(but)}).fetchall()
    whose = {"workers": [worker], "own": worker, "held": list(but)}
    return sum(_is_taken_over(session, {**whose, "id": row[0]}, {worker: left}) for row in found)


def _is_taken_over(
    session: "psycopg.Connection[Row]", which: dict[str, Any], ended: Mapping[int, Left | None]
) -> bool:
    """Put one run back, in a transaction of its own: trouble with it keeps no other waiting."""
    try:
        with session.transaction():
            found = session.execute(statements.LOCK_RUN_LEFT_BEHIND, which).fetchone()
            grave = _put_back(session, found, ended) if found else None
        return is_buried(session, grave) if grave else found is not None
    except psycopg.Error:
        if session.closed:
            raise
        logger.warning("run_not_taken_over", extra={"run": str(which["id"])}, exc_info=True)
        return False


def _put_back(
    session: "psycopg.Connection[Row]", found: Row, ended: Mapping[int, Left | None]
) -> Grave | None:
    """Put a locked run back into the queue; or return how it is to be ended."""
    run_id, crashes, token, worker, was_given_up = found
    # Of one that its worker could not carry on, nothing is known but its row.
    fate = DIED if was_given_up else fate_of(run_id, token, ended.get(worker))
    if fate.counts and crashes >= UNREADABLE_CRASHES:
        return Grave(run_id, crashes, token, fate)
    # Null says that it was not begun, which a crash alone leaves open.
    note: dict[str, Any] = {"left": None} if fate.counts else {}
    if fate.was_begun:
        note = {"left": Doubt.WORKER_DIED}
    if note and fate.is_held:
        note["held"] = HELD_BY_ITSELF if fate.counts else HELD_BY_ANOTHER
    values = {
        "id": run_id,
        "crashes": crashes if fate.counts else crashes - 1,
        # The worker that claims a poisoned run ends it, before anything of it is done.
        "wait": _wait_after(crashes, fate),
        "begun": fate.was_begun,
        "note": Jsonb(note),
    }
    session.execute(statements.TAKE_OVER, values)
    return None


def _wait_after(crashes: int, fate: Fate) -> timedelta | None:
    """Return how long the run rests; None: it is due as it was."""
    if not fate.counts:
        return None
    return wait_after_crash(crashes, is_known=fate.is_held) or timedelta(0)


HURRY: Final = "SET LOCAL lock_timeout = '50ms'"


def is_buried(session: "psycopg.Connection[Row]", grave: Grave) -> bool:
    """End a run, and all that ends with it; False: not now, since somebody is busy with it."""

    def run(statement: str, values: Mapping[str, Any]) -> Sequence[Row]:
        return session.execute(statement, values).fetchall()

    grown = False
    with session.transaction():
        # Leases hang on this thread: it does not wait for locks.
        session.execute(HURRY)
        family = locks.family_of(grave.run_id, run)
        locks.lock(family, run)
        grown = not set(locks.family_of(grave.run_id, run)) <= set(family)
        if grown:
            raise psycopg.Rollback  # it has started others meanwhile
        which = {"id": grave.run_id, "crashes": grave.crashes, "token": grave.token}
        stood = run(open_calls.STEP_AT, which)
        if run(statements.BURY, {**which, **_end(grave, *stood)}):
            children.end_with_all(family[0], run)
    return not grown


def _end(grave: Grave, stood: Row | None = None) -> dict[str, Any]:
    """Return what the row says of the end. `stood` is where the run stood, if that is known."""
    name, action, after_crash, is_call, was_begun_before, _left = stood or (
        None,
        "",
        None,
        False,
        False,
        None,
    )
    entry: dict[str, Json] | None = None
    code, params = POISONED, dict[str, Json](crashes=grave.crashes)
    was_begun = grave.fate.was_begun or was_begun_before
    if is_call and was_begun and _is_single(action, after_crash):
        reason = Doubt.WORKER_HELD if grave.fate.is_held else Doubt.WORKER_DIED
        code, params = OUTCOME_UNKNOWN, {"reason": reason}
        entry = {
            "step_name": name,
            "action": action,
            "status": StepStatus.UNKNOWN,
            "duration_ms": 0,
            "error": {"code": code, "params": params},
            "then": Then.STOP,
        }
    with translation.override("en"):
        message = wording.sentence(code, params)
    return {
        "step_name": name,
        "entry": None if entry is None else Jsonb(entry),
        "error_code": code,
        "error_message": message,
    }


def _is_single(action: str, after_crash: str | None) -> bool:
    if after_crash is not None:
        return after_crash == "ask"
    try:
        return registry.get(action).effect is Effect.NOT_REPEATABLE
    except registry.UnknownAction:
        return False
