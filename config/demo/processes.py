"""The demo's child processes: started, watched, and stopped so that none is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from config.demo.errors import NotReady, ProcessEnded
from config.demo.interruption import Interruption
from config.postgres.address import PROJECT_ROOT
from workflows.runtime.workers.process import die_with_parent

# In the environment of every process that the demo starts, and of what those start in turn.
MARK: Final = "SAYR_DEMO"
READY_SECONDS: Final = 60.0
# A worker lets its steps in flight finish for 35 seconds.
STOP_SECONDS: Final = 40.0
LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class DemoProcess:
    """One process and its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise ProcessEnded if it is gone."""
        code = self.process.poll()
        if code is not None:
            raise ProcessEnded(self.name, code, self.log)


class Children:
    """All of them. Stopped in the reverse order of their start, when the `with` block ends."""

    def __init__(self, logs: Path, mark: str, interruption: Interruption) -> None:
        self._logs, self._mark, self._interruption = logs, mark, interruption
        self._started: list[DemoProcess] = []

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # From here on a signal may hasten the end, but not break it off.
        self._interruption.is_expected = True
        while self._started:
            self._stop(self._started.pop())

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str]
    ) -> DemoProcess:
        log = self._logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own programs
                list(command),
                cwd=PROJECT_ROOT,
                env={**environment, MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl+C goes to all of a terminal's processes: it must reach only the demo.
                start_new_session=True,
                # Safe: the demo has no threads. Only Linux can do this.
                preexec_fn=die_with_parent if sys.platform == "linux" else None,
            )
        child = DemoProcess(name, process, log)
        self._started.append(child)
        return child

    def finish(self, child: DemoProcess) -> None:
        """Wait for a process that ends by itself. Raises ProcessEnded if it failed."""
        while (code := child.process.poll()) is None:
            time.sleep(LOOK_SECONDS)  # noqa: TID251 - a person's command, not a worker
        self._started.remove(child)
        if code:
            raise ProcessEnded(child.name, code, child.log)

    def wait_for(self, child: DemoProcess, answers: Callable[[], bool]) -> None:
        """Wait until the process answers. Raises ProcessEnded, NotReady."""
        deadline = time.monotonic() + READY_SECONDS
        while not answers():
            self.check()
            if time.monotonic() > deadline:
                raise NotReady(child.name, READY_SECONDS, child.log)
            time.sleep(LOOK_SECONDS)  # noqa: TID251 - a person's command, not a worker

    def check(self) -> None:
        """Raise ProcessEnded if one of them is gone."""
        for child in self._started:
            child.check()

    def _stop(self, child: DemoProcess) -> None:
        """SIGTERM to the process alone: it sees to its own children. SIGKILL to what is left."""
        process = child.process
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while process.poll() is None:
            if self._interruption.is_urgent or time.monotonic() > deadline:
                break
            time.sleep(LOOK_SECONDS)  # noqa: TID251 - a person's command, not a worker
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def living(mark: str) -> list[int]:
    """Return the pids of the processes that a demo with this mark left behind.

    Only Linux tells another process's environment; elsewhere there are none to be seen.
    """
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        # Gone in the meantime, or somebody else's.
        with suppress(OSError):
            if wanted in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    return [pid for pid in found if pid != os.getpid()]
