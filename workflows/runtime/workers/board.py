"""What each slot of a dispatcher is in the middle of, in memory that outlives the dispatcher.

The supervisor reads it when it has to end a dispatcher that cannot speak for itself any more: it
tells the run that holds the interpreter from those that were carried out beside it. A slot writes
its own cell and nobody else's, so no lock is needed; a mark is the store of one byte.

The heartbeat has a thread of its own. A database that answers slowly must not make the supervisor
shoot a worker in the middle of its steps; a main thread that hangs must not go on beating for ever.
"""

import mmap
import os
import struct
from enum import IntEnum
from threading import Event, Thread, get_native_id, local
from time import monotonic
from typing import Final, NamedTuple
from uuid import UUID

from actions.spec import Effect
from workflows.runtime.workers.process import beat

# The last beat of its heart; the worker's number; how often runs of it were handed to others.
_HEAD: Final = struct.Struct("=dqI")
_CELL: Final = struct.Struct("=16sqIB")  # run, lease token, thread, state
_STATE_OFFSET: Final = _CELL.size - 1
_BEAT: Final = struct.Struct("=d")
_HAND_OVERS: Final = struct.Struct("=I")
_HAND_OVERS_OFFSET: Final = _HEAD.size - _HAND_OVERS.size

_own = local()  # the cell of a slot's thread


class SlotState(IntEnum):
    """What a slot is in the middle of."""

    IDLE = 0
    WORKING = 1  # on a run, of which nothing outside this database is under way
    CALLING = 2  # an action was begun that must not be done twice; what it came to is not written
    CALLING_REPEATABLE = 3


class Cell(NamedTuple):
    """One slot, as it was found."""

    run_id: UUID
    token: int
    thread: int  # as the kernel counts them
    state: SlotState


class Board:
    """The memory of one dispatcher. `descriptor` names it to whoever may look into this process."""

    def __init__(self, slots: int, worker: int) -> None:
        self.descriptor = os.memfd_create("sayr-board")
        os.ftruncate(self.descriptor, _HEAD.size + slots * _CELL.size)
        self._memory = mmap.mmap(self.descriptor, 0)
        self.worker = worker
        self.heard_of = 0  # so many times it was found out which runs are held no more
        _HEAD.pack_into(self._memory, 0, monotonic(), worker, 0)

    def beat(self) -> None:
        """Say that a thread got the interpreter just now."""
        _BEAT.pack_into(self._memory, 0, monotonic())

    @property
    def hand_overs(self) -> int:
        """How often the supervisor has handed runs of this dispatcher to others."""
        return int(_HAND_OVERS.unpack_from(self._memory, _HAND_OVERS_OFFSET)[0])

    def sit_down(self, slot: int) -> None:
        """Let this thread write the cell of a slot from now on."""
        _own.seat = (self._memory, _HEAD.size + slot * _CELL.size, get_native_id())
        _own.board = self

    def close(self) -> None:
        """Forget its name; the memory goes with the last who has it."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def begin(run_id: UUID, token: int) -> None:
    """Note that this thread begins to carry out a run."""
    if (seat := getattr(_own, "seat", None)) is not None:
        memory, offset, thread = seat
        _CELL.pack_into(memory, offset, run_id.bytes, token, thread, SlotState.WORKING)


def mark_call(effect: Effect) -> None:
    """Note that an action is begun whose effect is outside this database."""
    is_single = effect is Effect.NOT_REPEATABLE
    _mark(SlotState.CALLING if is_single else SlotState.CALLING_REPEATABLE)


def may_be_handed_over() -> bool:
    """Whether this thread's run may have been given to another worker a moment ago.

    To be asked after `mark_call`: who hands runs over does so while this process stands still, and
    then leaves a call alone that was marked before. So either the mark is seen there, or this here.
    """
    board = getattr(_own, "board", None)
    return board is not None and board.hand_overs != board.heard_of


def mark_written() -> None:
    """Note that what an action came to stands in the run's row."""
    _mark(SlotState.WORKING)


def leave() -> None:
    _mark(SlotState.IDLE)


def _mark(state: SlotState) -> None:
    if (seat := getattr(_own, "seat", None)) is not None:
        memory, offset, _thread = seat
        memory[offset + _STATE_OFFSET] = state


class BoardOfAnother:
    """The memory of a dispatcher, seen from the supervisor; it outlives that process."""

    def __init__(self, pid: int, descriptor: int) -> None:
        """Open it. Raises OSError if the process has ended."""
        with open(f"/proc/{pid}/fd/{descriptor}", "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)

    @property
    def beat_at(self) -> float:
        """When a thread last got the interpreter: monotonic seconds, the same in all processes."""
        return float(_HEAD.unpack_from(self._memory)[0])

    @property
    def worker(self) -> int:
        return int(_HEAD.unpack_from(self._memory)[1])

    def note_hand_over(self) -> None:
        """Tell the dispatcher that it may hold some of its runs no more. It must stand still."""
        [before] = _HAND_OVERS.unpack_from(self._memory, _HAND_OVERS_OFFSET)
        _HAND_OVERS.pack_into(self._memory, _HAND_OVERS_OFFSET, (before + 1) % 2**32)

    def cells(self) -> list[Cell]:
        found = []
        for offset in range(_HEAD.size, len(self._memory), _CELL.size):
            run, token, thread, state = _CELL.unpack_from(self._memory, offset)
            if state != SlotState.IDLE:
                found.append(Cell(UUID(bytes=run), token, thread, SlotState(state)))
        return found


HEART_SECONDS: Final = 0.1
BEAT_SECONDS: Final = 1.0

# Longer than all of a dispatcher's statements in turn, each at its time-out (session.py), may take.
HUNG_SECONDS: Final = 40.0


class Pulse:
    """Beats while the dispatcher's main thread gives signs of life."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._touched = monotonic()
        self._stopped = Event()
        beat(board=board.descriptor)
        Thread(target=self._beat, daemon=True).start()

    def touch(self) -> None:
        self._touched = monotonic()

    def stop(self) -> None:
        self._stopped.set()
        beat(leaving=True)

    def _beat(self) -> None:
        next_beat = monotonic() + BEAT_SECONDS
        while not self._stopped.wait(HEART_SECONDS):
            self._board.beat()
            if monotonic() < next_beat:
                continue
            next_beat = monotonic() + BEAT_SECONDS
            if monotonic() - self._touched < HUNG_SECONDS:
                # With its board each time: the supervisor may have missed it.
                beat(board=self._board.descriptor)
