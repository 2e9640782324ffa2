"""One demo per data directory, and the way to end it from elsewhere."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from config.demo.errors import AlreadyRunning, StillRunning
from config.demo.processes import STOP_SECONDS
from config.postgres.address import data_root

# Web, worker and sandbox one after another, at the worst; then PostgreSQL.
END_SECONDS: Final = 3 * STOP_SECONDS + 60


@contextmanager
def only_demo() -> Iterator[None]:
    """Be the one demo of the data directory. Raises AlreadyRunning."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not "w": that would empty the file of the demo that runs.
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(_pid(file)) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def end_running_demo() -> bool:
    """Ask a running demo to end, and wait for it. Return False if none runs.

    Raises StillRunning.
    """
    try:
        with _path().open() as file:
            if not _is_held(file):
                return False
            pid = _pid(file)
            if pid:  # 0 would be ourselves
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + END_SECONDS
            while _is_held(file):
                if time.monotonic() > deadline:
                    raise StillRunning(pid)
                time.sleep(0.05)  # noqa: TID251 - a person's command, not a worker
            return True
    except FileNotFoundError:
        return False


def _path() -> Path:
    return data_root() / "demo.pid"


def _pid(file: IO[str]) -> int:
    deadline = time.monotonic() + 5
    while True:
        file.seek(0)
        text = file.read().strip()
        if text.isdecimal() or time.monotonic() > deadline:
            return int(text or 0)
        # It has the lock and writes its number this very moment.
        time.sleep(0.01)  # noqa: TID251 - a person's command, not a worker


def _is_held(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False
