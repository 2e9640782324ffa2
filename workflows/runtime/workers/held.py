"""Finds dispatchers whose interpreter is held by a call that lets no other thread go on.

Time alone does not show it: on a busy machine an honest dispatcher waits for the processor. So two
things have to come together: no thread of the dispatcher got the interpreter, and one of them used
the processor all the same. The interpreter changes threads every five milliseconds of plain Python,
so a thread that uses fifty times as much, while another asks for it, is in a call that does not let
go.

What is beside such a call is handed to other workers early: that harms nothing if the call ends,
since the dispatcher finds out before it calls anybody. The dispatcher is ended late, when it does
not.
"""

import logging
import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep  # noqa: TID251  # a dispatcher takes a moment to stand still
from typing import Final

import psycopg
from psycopg.types.json import Jsonb

from workflows.runtime.waits import notify
from workflows.runtime.workers import statements
from workflows.runtime.workers.board import BoardOfAnother
from workflows.runtime.workers.reaper import Left, kept_by, left_by, take_from_the_held
from workflows.runtime.workers.session import brief_session

logger = logging.getLogger(__name__)

# A dispatcher's heart beats ten times a second, and gets the interpreter from threads of plain
# Python within a tenth of a second of their processor time.
SILENT_SECONDS: Final = 0.2  # from here on its use of the processor is watched
HAND_OVER_CPU_SECONDS: Final = 0.25  # used by one thread since then: what is beside it goes on
HELD_SECONDS: Final = 2.0  # of silence
HELD_CPU_SECONDS: Final = 1.0  # used by one thread meanwhile: the dispatcher is ended
# Who was kept from looking for longer than this does not count what was used meanwhile: a machine
# that stood still may count that as use.
STEADY_SECONDS: Final = 0.5
# A dispatcher that says nothing and waits for the processor, or for its memory, is given so long.
STARVED_SECONDS: Final = 30.0
STOP_SECONDS: Final = 0.1  # for a process to stand still that was told to
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_WAITS_FOR_THE_MACHINE: Final = frozenset({"R", "D"})
_STANDS_STILL: Final = frozenset({"T", "t", "Z", "X"})


@dataclass(slots=True)
class Look:
    """What is known of one dispatcher."""

    board: BoardOfAnother
    beat_at: float = 0.0
    looked_at: float = 0.0
    used_before: dict[int, float] = field(default_factory=dict)  # seconds, by thread
    is_handed_over: bool = False  # since it fell silent

    @property
    def silent_seconds(self) -> float:
        """For how long no thread has got the interpreter."""
        return monotonic() - self.board.beat_at

    def is_silent(self) -> bool:
        return self.silent_seconds >= SILENT_SECONDS

    def look(self, pid: int) -> float:
        """Return how much of the processor one thread has used since the dispatcher fell silent."""
        before, self.looked_at = self.looked_at, monotonic()
        if not self.is_silent():
            return 0.0
        beat_at = self.board.beat_at
        if beat_at != self.beat_at:
            self.beat_at, self.is_handed_over, before = beat_at, False, 0.0
        if self.looked_at - before > STEADY_SECONDS:
            self.used_before = _used_by_threads(pid)
        return max(self.used(pid).values(), default=0.0)

    def is_held(self, used_seconds: float) -> bool:
        """Whether a call holds its interpreter for so long that the dispatcher has to be ended."""
        return self.silent_seconds >= HELD_SECONDS and used_seconds >= HELD_CPU_SECONDS

    def used(self, pid: int) -> dict[int, float]:
        """Return the processor time of each thread since the dispatcher fell silent."""
        before = self.used_before if self.board.beat_at == self.beat_at else {}
        now = _used_by_threads(pid) if before else {}
        return {one: used - before.get(one, 0.0) for one, used in now.items()}


def hand_over(pid: int, look: Look) -> None:
    """Give a dispatcher's runs to others, but for those it may not lose.

    What it writes of them afterwards is void by their token, and before a call it asks.
    """
    os.kill(pid, signal.SIGSTOP)
    try:
        if not _stands_still(pid):
            return
        look.is_handed_over = True
        look.board.note_hand_over()
        cells, used = look.board.cells(), look.used(pid)
        but, worker = kept_by(cells, used), look.board.worker
        with brief_session() as session:
            session.autocommit = True
            taken = take_from_the_held(session, worker, left_by(cells, used), but)
            session.execute(notify.WAKE)
        logger.warning("runs_handed_over", extra={"worker": worker, "runs": taken})
    except psycopg.Error:
        logger.warning("runs_not_handed_over", extra={"pid": pid}, exc_info=True)
    finally:
        os.kill(pid, signal.SIGCONT)


def end(pid: int, look: Look | None) -> None:
    """End a dispatcher; what its runs were in the middle of is kept for who takes them over."""
    if look is not None:
        # Its session, and so its lock, lasts until all is written: nobody takes over before that.
        os.kill(pid, signal.SIGSTOP)
        left = left_by(look.board.cells(), look.used(pid))
        _put_back(look.board.worker, left, is_still=_stands_still(pid))
    os.kill(pid, signal.SIGKILL)


def is_starved(pid: int) -> bool:
    """Whether a process wants to go on, and the machine does not let it."""
    return any(fields[0] in _WAITS_FOR_THE_MACHINE for _thread, fields in _threads(pid))


def _put_back(worker: int, left: Left, *, is_still: bool) -> None:
    """Note what a dispatcher leaves that will be ended, and let others go on with its runs."""
    try:
        with brief_session() as session:
            session.autocommit = True
            session.execute(statements.NOTE_END, {"worker": worker, "left": Jsonb(left)})
            if is_still:
                take_from_the_held(session, worker, left)
                session.execute(notify.WAKE)
    except psycopg.Error:
        # As after any other death: each of them counts it.
        logger.warning("end_not_noted", extra={"worker": worker}, exc_info=True)


def _stands_still(pid: int) -> bool:
    """Whether a process that was told to stop has done so, and all its threads."""
    until = monotonic() + STOP_SECONDS
    while not all(fields[0] in _STANDS_STILL for _thread, fields in _threads(pid)):
        if monotonic() >= until:
            return False
        sleep(0.002)
    return True


def _used_by_threads(pid: int) -> dict[int, float]:
    return {
        thread: (int(fields[11]) + int(fields[12])) / _TICKS for thread, fields in _threads(pid)
    }


def _threads(pid: int) -> list[tuple[int, list[str]]]:
    """Return what the kernel says of each thread, from its state on."""
    found = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                fields = (task / "stat").read_text().rpartition(")")[2].split()
                found.append((int(task.name), fields))
    return found
