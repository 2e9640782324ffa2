"""What a worker writes of a run counts while the run is its own: fenced by the lease token.

What a step came to is known to this worker alone until it stands in the run's row. So a write that
fails is written again, as long as the lease holds; the dispatcher renews the lease meanwhile.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from time import sleep  # noqa: TID251  # holds a known result, which no other worker has
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import Error as DatabaseTrouble
from django.db import transaction

from tenants.core.json import Json
from tenants.core.json.jsontext import storable
from workflows.engine.history.folding import Fold
from workflows.engine.outcomes import WalkAbandoned
from workflows.engine.progress import Progress
from workflows.engine.statuses import RunStatus
from workflows.runtime.database import as_json, is_trouble, reconnect, released, rows
from workflows.runtime.runs import statements
from workflows.runtime.runs.claims import Claim
from workflows.runtime.workers.lease_keeper import Watch

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS: Final = 0.02
MAX_PAUSE_SECONDS: Final = 2.0

Done = TypeVar("Done")


class LeaseLost(WalkAbandoned):
    """The run was taken over, or ended, by somebody else: this worker must not touch it again."""

    def __init__(self, run_id: UUID) -> None:
        super().__init__(f"run {run_id} is no longer held by this worker")
        self.run_id = run_id


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
    return _status(claim) == RunStatus.RUNNING


def is_given_back(claim: Claim) -> bool | None:
    """Whether this worker's run is in the queue again, or parked, or ended; None: it is not."""
    return True if _status(claim) not in {None, RunStatus.RUNNING} else None


def _status(claim: Claim) -> str | None:
    """Return the run's status under this claim's token; None: it is somebody else's."""
    found = rows(statements.STANDS, {"id": claim.run_id, "token": claim.token})
    return found[0][0] if found else None


def put_down(claim: Claim) -> None:
    """Give a run back between two steps. Raises LeaseLost."""
    fenced(statements.PUT_DOWN, {"id": claim.run_id, "token": claim.token})


def give_up(claim: Claim, note: Json, *, is_begun: bool, wait: timedelta = timedelta(0)) -> None:
    """Give back a run that this worker cannot carry on, although it lives. Raises LeaseLost.

    `is_begun`: its step may have been done. `note` is kept beside the step. It rests for `wait`.
    """
    values = {"id": claim.run_id, "token": claim.token, "begun": is_begun, "wait": wait}
    fenced(statements.GIVE_UP, {**values, "note": storable(note)})


def fenced(statement: str, values: Mapping[str, Any]) -> bool:
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
        fenced(statements.FOLD, {**fence, **moves})
        return fenced(statement, {**values, "fold": None, "entries": "[]"})


class Insistence:
    """Lets a worker do its database work on one claimed run until it is done."""

    def __init__(self, claim: Claim, watch: Watch) -> None:
        self._claim, self._watch = claim, watch

    def until_done(
        self, work: Callable[[], Done], found: Callable[[], Done | None] = lambda: None
    ) -> Done:
        """Do the work, which is one transaction; again after trouble, while the lease holds.

        It may have been done although trouble came back instead of an answer. The fence keeps it
        from being done twice, and `found` returns what it came to then; None: it was not done.
        Raises LeaseLost, and the trouble once the lease may be over.
        """
        pauses = growing_pauses()
        in_doubt = False
        while True:
            try:
                with released():
                    return work() if not in_doubt else _work_or_find(work, found)
            except DatabaseTrouble as trouble:
                if not is_trouble(trouble):
                    raise
                self.rest(pauses, trouble)
                in_doubt = True

    def rest(self, pauses: Iterator[float], trouble: DatabaseTrouble) -> None:
        """Wait a little before the next try. Raises the trouble if there is no time for one."""
        reconnect()
        if not self._watch.holds(self._claim):
            raise trouble
        ids = {"run": str(self._claim.run_id), "reason": str(trouble).strip()}
        logger.warning("database_work_again", extra=ids)
        sleep(next(pauses))


def growing_pauses() -> Iterator[float]:
    """Yield seconds: short at first, since most trouble is one bad connection."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        yield pause
        pause = min(2 * pause, MAX_PAUSE_SECONDS)


def _work_or_find(work: Callable[[], Done], found: Callable[[], Done | None]) -> Done:
    try:
        return work()
    except LeaseLost:
        done = found()
        if done is None:
            raise
        return done
