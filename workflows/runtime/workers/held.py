"""Finds pumps whose interpreter is held: by a call that neither ends nor lets other threads go on.

Time alone does not show it: on a busy machine an honest pump waits for the processor. So two things
have to come together: no thread of the pump got the interpreter, and the pump used the processor.
"""

import logging
import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

import psycopg
from psycopg.types.json import Jsonb

from workflows.runtime.runs import statements
from workflows.runtime.workers.blame import Left, left_by
from workflows.runtime.workers.board import BoardOfAnother
from workflows.runtime.workers.session import brief_session

logger = logging.getLogger(__name__)

# A pump's heart beats four times a second, and gets the interpreter from threads of plain Python
# within a tenth of a second of their processor time.
SILENT_SECONDS: Final = 0.6  # from here on its use of the processor is watched
HELD_SECONDS: Final = 2.0  # of silence
HELD_CPU_SECONDS: Final = 1.0  # used meanwhile
# A pump that says nothing and waits for the processor, or for its memory, is given so long.
STARVED_SECONDS: Final = 30.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_WAITS_FOR_THE_MACHINE: Final = frozenset({"R", "D"})


@dataclass(slots=True)
class Look:
    """What is known of one pump."""

    board: BoardOfAnother
    beat_at: float = 0.0
    used_before: dict[int, float] = field(default_factory=dict)  # seconds, by thread

    def is_held(self, pid: int) -> bool:
        """Whether a call holds its interpreter."""
        silent = monotonic() - self.board.beat_at
        if silent < SILENT_SECONDS:
            return False
        if self.board.beat_at != self.beat_at:
            self.beat_at, self.used_before = self.board.beat_at, _used_by_threads(pid)
        return silent >= HELD_SECONDS and sum(self.used(pid).values()) >= HELD_CPU_SECONDS

    def used(self, pid: int) -> dict[int, float]:
        """Return the processor time of each thread since the pump fell silent."""
        before = self.used_before if self.board.beat_at == self.beat_at else {}
        now = _used_by_threads(pid) if before else {}
        return {one: used - before.get(one, 0.0) for one, used in now.items()}


def end(pid: int, look: Look | None) -> None:
    """End a pump; what its runs were in the middle of is kept for those who take them over."""
    if look is not None:
        # Its session, and so its lock, lasts until all is written: nobody takes over before that.
        os.kill(pid, signal.SIGSTOP)
        _note(look.board.worker, left_by(look.board.cells(), look.used(pid)))
    os.kill(pid, signal.SIGKILL)


def is_starved(pid: int) -> bool:
    """Whether a process wants to go on, and the machine does not let it."""
    return any(fields[0] in _WAITS_FOR_THE_MACHINE for _thread, fields in _threads(pid))


def _note(worker: int, left: Left) -> None:
    try:
        with brief_session() as session:
            session.execute(statements.NOTE_END, {"worker": worker, "left": Jsonb(left)})
    except psycopg.Error:
        # As after any other death: each of them counts it.
        logger.warning("end_not_noted", extra={"worker": worker}, exc_info=True)


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
