"""Processes of a measurement: what they cost, and that none is left behind."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from workflows.runtime.workers.process import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60


class Patience:
    """Gives up when nothing has moved for a minute: a busy machine is slow, and not broken."""

    def __init__(self, problem):
        self.problem, self.seen, self.since = problem, None, time.monotonic()

    def look(self, seen=None):
        """Note how far it has come. Raises AssertionError."""
        if seen != self.seen:
            self.seen, self.since = seen, time.monotonic()
        elif time.monotonic() - self.since > PATIENCE_SECONDS:
            reached = "" if seen is None else f" (stands at {seen})"
            raise AssertionError(f"{self.problem}: nothing moved in {PATIENCE_SECONDS} s{reached}")


def without_limits():
    """Let this process's own statements take their time: it fills tables of a million rows.

    What is under test keeps its limits: workers are processes of their own.
    """
    from django.db import connections

    settings = connections.settings["default"]
    none = "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0"
    # Read when a thread connects for the first time.
    settings["OPTIONS"] = {**settings["OPTIONS"], "options": none}


def tree(pid):
    """Return a process and all its descendants."""
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(pid):
    """Return what a process, its living descendants and its collected dead ones have used."""
    total = 0.0
    for process in tree(pid):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def pss_mb(pid):
    """Return the memory of a process tree, what it shares counted once."""
    total = 0
    for process in tree(pid):
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 2**20


@contextmanager
def running(command, environment=None, **how):
    """Run a command beside the block; end it and all its descendants with the block."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment or os.environ,
        start_new_session=True,
        text=True,
        preexec_fn=die_with_parent,  # an interrupted measurement leaves nothing running either
        **how,
    )
    try:
        yield process
    finally:
        everything = tree(process.pid)
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(40)
        # Its group, and what has a group of its own.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for one in everything:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait()


@contextmanager
def sink(delay):
    """Run a receiver; the block gets its host and port."""
    command = ["-m", "tests.benchmarks.sink", str(delay)]
    with running(command, stdout=subprocess.PIPE) as process:
        yield f"127.0.0.1:{process.stdout.readline().strip()}"
