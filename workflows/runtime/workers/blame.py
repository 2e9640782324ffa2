"""Whom the end of a dispatcher is put down to, and how each of its runs stands after it.

A held interpreter is held by one thread, which uses the processor meanwhile; all others wait for
it. Its run is to blame, and no other. Same arguments, same answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tenants.core.json import Json
from tenants.core.json.jsontext import loads
from workflows.runtime.workers.board import Cell, SlotState

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
