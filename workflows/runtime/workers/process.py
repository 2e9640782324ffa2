"""What the processes of a cluster agree on: how they stop, and how they say that they live.

django-q2 forks its children from the cluster's main process. Two pipes are laid before that: the
stop pipe, whose end of file tells every dispatcher to drain (main closed it, or main is gone and
the kernel did), and the beat pipe, through which dispatchers tell the supervisor that they live.
"""

import ctypes
import os
import signal
from typing import Final

from django.db.backends.postgresql.base import DatabaseWrapper

BEAT_VARIABLE: Final = "SAYR_BEAT_FD"
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15

_stop_reader: int | None = None
_stop_writer: int | None = None
_is_child = False  # of a cluster's main process


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends: no orphan goes on executing."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def call_it(name: str) -> None:
    """Give this process, and what it forks, a name for `ps` and `top`: at most 15 letters."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NAME, name.encode())


def arm_main() -> None:
    """Prepare a cluster's main process, before django-q2 forks from it."""
    global _stop_reader, _stop_writer
    _stop_reader, _stop_writer = os.pipe()
    os.register_at_fork(after_in_child=_arm_child)


def ask_dispatchers_to_stop() -> None:
    """Close the stop pipe: every dispatcher reads its end."""
    global _stop_writer
    if _stop_writer is not None:
        os.close(_stop_writer)
        _stop_writer = None


def stop_pipe() -> int:
    """Return the descriptor that becomes readable when the dispatcher must drain."""
    if _stop_reader is None:
        raise RuntimeError("arm_main() was not called in this process's cluster")
    return _stop_reader


def ignore_termination() -> None:
    """Leave SIGTERM to the main process: sent to the whole group, it would kill steps mid-way.

    To be called again by each cluster's broker: django-q2's guard sets the signal back to its
    default just before it makes one. Elsewhere (a web process makes brokers too) it does nothing.
    """
    if _is_child:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def beat(*, leaving: bool = False, board: int | None = None) -> None:
    """Tell the supervisor that this process lives, or that it has drained.

    `board` is the descriptor of the memory in which it says what its slots do.
    """
    descriptor = os.environ.get(BEAT_VARIABLE)
    if descriptor is None:
        return
    sign = "-" if leaving else ""
    where = "" if board is None else f":{board}"
    try:
        os.write(int(descriptor), f"{sign}{os.getpid()}{where}\n".encode())
    except (BrokenPipeError, BlockingIOError):
        return  # no supervisor reads; it has its own ways to find that out


def _arm_child() -> None:
    global _is_child
    _is_child = True
    ask_dispatchers_to_stop()
    ignore_termination()
    die_with_parent()
    # A pool opened before the fork is one socket for two processes, which read each other's
    # answers. Forget it; do not close it, it is the parent's.
    DatabaseWrapper._connection_pools.clear()  # type: ignore[attr-defined]  # not in the stubs
