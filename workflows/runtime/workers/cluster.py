"""The main process of one django-q2 cluster: `runs` executes runs, `tasks` does the chores.

Forked from the supervisor, not started anew: what both clusters have loaded stands in memory once.
"""

import gc
import importlib
import os
import signal
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from types import FrameType
from typing import Final

from django.conf import settings
from django.db import connections
from django_q import conf
from django_q.cluster import Cluster

from workflows.runtime.workers import process
from workflows.runtime.workers.process import BEAT_VARIABLE

RUNS: Final = "runs"
TASKS: Final = "tasks"

_ENDING: Final = {signal.SIGTERM, signal.SIGINT}


class DrainingCluster(Cluster):  # type: ignore[misc]  # django-q2 ships no types
    """On SIGTERM, tells the dispatchers first: a cluster stops when its tasks have returned."""

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        """Stop, once: a second signal in the middle of it would wait for locks the first holds."""
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)
        super().sig_handler(signum, frame)

    def stop(self) -> bool:
        """Stop django-q2's processes in their order."""
        process.ask_dispatchers_to_stop()
        stopped: bool = super().stop()
        return stopped


def start(name: str, beats: tuple[int, int]) -> ForkProcess:
    """Fork a cluster, in a session and so a process group of its own.

    `beats` is a pipe: the reader stays here, the writer is the cluster's.
    """
    connections.close_all()  # a socket has one owner
    # What is there now stays: the collector must not write into pages that are shared.
    gc.collect()
    gc.freeze()
    child = get_context("fork").Process(target=_main, args=(name, beats), name=name)
    # Held back until the child has put the supervisor's handlers aside, which would swallow it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        child.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return child


def _main(name: str, beats: tuple[int, int]) -> None:
    os.setsid()
    process.die_with_parent()
    process.call_it(f"sayr {name}")
    signal.set_wakeup_fd(-1)
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    reader, writer = beats
    os.close(reader)
    os.environ[BEAT_VARIABLE] = str(writer)
    _configure_queue(name)
    if name == RUNS:
        _use_database_of_workers()
    process.arm_main()
    DrainingCluster().start()


def _configure_queue(name: str) -> None:
    """Let django-q2 read its settings again: it does so when imported, and that was before."""
    os.environ["Q_CLUSTER_NAME"] = name
    known = conf.Conf  # what its other modules hold
    importlib.reload(conf)
    for key, value in vars(conf.Conf).items():
        if not key.startswith("__"):
            setattr(known, key, value)
    conf.Conf = known


def _use_database_of_workers() -> None:
    """Keep statements short, and pool connections; the chores may write for minutes."""
    databases = {**settings.DATABASES, "default": settings.SAYR_WORKER_DATABASE}
    for wrapper in connections.all(initialized_only=True):
        del connections[wrapper.alias]
    connections.settings = connections.configure_settings(databases)
