"""Owns both clusters: starts them, sees that they live, restarts them, drains them.

A silent dispatcher is shot; a cluster that cannot replace it is restarted as a group; on SIGTERM
only the clusters' main processes are asked to stop, since SIGTERM to every process kills steps
mid-way.
"""

import logging
import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.context import ForkProcess
from time import monotonic
from types import FrameType
from typing import Final

from django.db import DatabaseError

from workflows.runtime.workers import cluster as clusters
from workflows.runtime.workers import held
from workflows.runtime.workers.board import BoardOfAnother
from workflows.runtime.workers.cluster import RUNS, TASKS
from workflows.runtime.workers.held import Look

logger = logging.getLogger(__name__)

SILENCE_SECONDS: Final = 4.0  # a dispatcher beats every second
MISSING_SECONDS: Final = 8.0  # for django-q2 to replace a dispatcher: a fork
# For a cluster to start: the forks, the first connections. A busy host needs many times the usual
# second, and a cluster that is ended before it has started never starts.
START_SECONDS: Final = 60.0
RESTART_SECONDS: Final = 1.0  # between two starts of a cluster that ends by itself
TASKS_GRACE_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 0.1
# Between two looks at a dispatcher that is silent. Most of them say something again at once.
LOOK_AGAIN_SECONDS: Final = 0.03


@dataclass(slots=True)
class ClusterProcess:
    """A cluster's main process, with the group of everything it forked."""

    name: str
    process: ForkProcess
    beat_reader: int
    beats: dict[int, float] = field(default_factory=dict)  # pid: monotonic seconds of its last
    looks: dict[int, Look] = field(default_factory=dict)  # by pid
    drained: set[int] = field(default_factory=set)
    complete_at: float = field(
        default_factory=monotonic
    )  # when all dispatchers were last seen alive
    was_complete: bool = False  # whether they ever were

    @property
    def pid(self) -> int:
        """The main process, and the group."""
        return self.process.pid or 0

    @property
    def has_ended(self) -> bool:
        return not self.process.is_alive()

    def read_beats(self) -> None:
        """Note who said what since the last look."""
        try:
            text = os.read(self.beat_reader, 65536).decode()
        except BlockingIOError:
            return
        for line in text.split():
            number, _, board = line.partition(":")
            pid = int(number)
            if pid < 0:
                self.beats.pop(-pid, None)
                self.looks.pop(-pid, None)
                self.drained.add(-pid)
                continue
            self.beats[pid] = monotonic()
            if board and pid not in self.looks:
                with suppress(OSError):  # it has ended meanwhile
                    self.looks[pid] = Look(BoardOfAnother(pid, int(board)))

    def ask_to_stop(self) -> None:
        """SIGTERM to the main process alone."""
        if not self.has_ended:
            os.kill(self.pid, signal.SIGTERM)

    def end_group(self) -> None:
        """SIGKILL to whatever is left of the group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.kill()  # it may not have made its group yet
        self.process.join()
        os.close(self.beat_reader)


class Supervisor:
    """One `run_worker`: a worker group."""

    def __init__(
        self, *, workers: int, grace_seconds: float, plan_chores: Callable[[], None]
    ) -> None:
        self.workers = workers
        self.grace_seconds = grace_seconds
        self.plan_chores = plan_chores
        self.stopping = False
        self.clusters: dict[str, ClusterProcess] = {}
        self.started_at: dict[str, float] = {}
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_writer, False)

    def run(self) -> None:
        """Work until SIGTERM or SIGINT, then drain."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        try:
            while not self.stopping:
                for name in (RUNS, TASKS):
                    self._see_to(name)
                self._wait(self._look_again_in())
        finally:
            self._drain()

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _look_again_in(self) -> float:
        """Return the seconds until the next look at the clusters."""
        cluster = self.clusters.get(RUNS)
        looks = cluster.looks.values() if cluster else ()
        return LOOK_AGAIN_SECONDS if any(one.is_silent() for one in looks) else LOOK_SECONDS

    def _see_to(self, name: str) -> None:
        cluster = self.clusters.get(name)
        if cluster is None:
            if monotonic() - self.started_at.get(name, 0) >= RESTART_SECONDS:
                self.started_at[name] = monotonic()
                self._start(name)
            return
        cluster.read_beats()
        if cluster.has_ended:
            self._remove(cluster, "cluster_ended")
        elif name == RUNS:
            _end_silent(cluster)
            if self._is_stalled(cluster):
                self._remove(cluster, "cluster_stalled")

    def _start(self, name: str) -> None:
        if name == TASKS:
            try:
                self.plan_chores()
            except DatabaseError:
                # Tried again in a second; the runs' cluster does not wait for it.
                logger.warning("chores_not_planned", exc_info=True)
                return
        self.clusters[name] = start_cluster(name)

    def _is_stalled(self, cluster: ClusterProcess) -> bool:
        """Whether fewer dispatchers live than should, for longer than a replacement takes."""
        alive = sum(_is_in_group(pid, cluster.pid) for pid in cluster.beats)
        if alive >= self.workers:
            cluster.complete_at, cluster.was_complete = monotonic(), True
        patience = MISSING_SECONDS if cluster.was_complete else START_SECONDS
        return monotonic() - cluster.complete_at > patience

    def _remove(self, cluster: ClusterProcess, event: str) -> None:
        logger.error(event, extra={"cluster": cluster.name, "pid": cluster.pid})
        cluster.end_group()
        del self.clusters[cluster.name]

    def _drain(self) -> None:
        for cluster in self.clusters.values():
            cluster.ask_to_stop()
        asked_at = monotonic()
        while monotonic() - asked_at < self.grace_seconds:
            # A chore is done again by the clock: it is not worth the whole grace.
            chores_may_go = monotonic() - asked_at > TASKS_GRACE_SECONDS
            waiting = [one for one in self.clusters.values() if not self._is_drained(one)]
            if all(one.name == TASKS and chores_may_go for one in waiting):
                break
            self._wait(0.1)
        for cluster in self.clusters.values():
            cluster.end_group()

    def _is_drained(self, cluster: ClusterProcess) -> bool:
        """Whether nothing of the cluster can be harmed by SIGKILL any more."""
        cluster.read_beats()
        if cluster.has_ended:
            return True
        # After a monitor was killed, a graceful stop hangs: the dispatchers' own word is enough.
        return cluster.name == RUNS and bool(cluster.drained) and not cluster.beats

    def _wait(self, seconds: float) -> None:
        readers = [cluster.beat_reader for cluster in self.clusters.values()]
        ready, _, _ = select.select([self._wake_reader, *readers], [], [], seconds)
        if self._wake_reader in ready:
            os.read(self._wake_reader, 1024)


def start_cluster(name: str) -> ClusterProcess:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    process = clusters.start(name, (reader, writer))
    os.close(writer)
    cluster = ClusterProcess(name, process, reader)
    logger.info("cluster_started", extra={"cluster": name, "pid": cluster.pid})
    return cluster


def _end_silent(cluster: ClusterProcess) -> None:
    """End the dispatchers that say nothing any more, and those whose interpreter is held."""
    for pid, heard in list(cluster.beats.items()):
        look, silent = cluster.looks.get(pid), monotonic() - heard
        used = look.look(pid) if look else 0.0
        is_held = look is not None and look.is_held(used)
        if look and used >= held.HAND_OVER_CPU_SECONDS and not (is_held or look.is_handed_over):
            logger.warning("dispatcher_held_up", extra={"pid": pid})
            with suppress(ProcessLookupError):
                held.hand_over(pid, look)
        if not is_held and silent < SILENCE_SECONDS:
            continue
        if not is_held and silent < held.STARVED_SECONDS and held.is_starved(pid):
            continue
        del cluster.beats[pid]
        cluster.looks.pop(pid, None)
        if _is_in_group(pid, cluster.pid):
            logger.warning(
                "dispatcher_held" if is_held else "dispatcher_silent", extra={"pid": pid}
            )
            with suppress(ProcessLookupError):
                held.end(pid, look)


def _is_in_group(pid: int, group: int) -> bool:
    """Whether the process lives and belongs to the cluster: its number may have been used again."""
    try:
        return os.getpgid(pid) == group
    except ProcessLookupError:
        return False
