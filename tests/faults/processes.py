"""Processes of the suite: none of them outlives it."""

import ctypes
import signal
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
_PR_SET_PDEATHSIG = 1


def die_with_the_suite():
    """Ask the kernel to end this process when the suite ends, however that happens."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def is_alive(process):
    """Whether a process goes on executing."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def send(processes, number):
    """Send a signal to those that are left."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
