"""Starts and stops the embedded server. Every change of its state happens under one lock."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from config.postgres import cluster, program
from config.postgres.account import Account, server_account
from config.postgres.address import (
    DatabaseAddress,
    data_directory,
    data_root,
    postmaster_lines,
    running_address,
)
from config.postgres.errors import ForeignDirectory, ProgramFailed

READY_SECONDS = 120  # recovery after a crash is part of it
ORPHANS_SECONDS = 30
FAST_STOP_SECONDS = 30
IMMEDIATE_STOP_SECONDS = 10

# Kept for as long as this process lives: a collected Popen complains about its living child.
_started: list[subprocess.Popen[bytes]] = []


def start(*, temporary: bool = False) -> DatabaseAddress:
    """Make sure that the server runs and return where.

    A server started as temporary may be stopped by `stop_if_temporary`; asked for once more
    without `temporary`, it stays. Raises PostgresError.
    """
    with lock("postgres.lock", fcntl.LOCK_EX):
        address = running_address()
        if address is None:
            address = _start()
            _temporary_mark().touch()
        if not temporary:
            _temporary_mark().unlink(missing_ok=True)
        return address


def stop() -> bool:
    """Stop the server; sessions are ended, committed work is kept. Return False if none ran."""
    with lock("postgres.lock", fcntl.LOCK_EX):
        _temporary_mark().unlink(missing_ok=True)
        return _stop()


def stop_if_temporary() -> None:
    """Stop the server unless somebody asked for it to stay."""
    with lock("postgres.lock", fcntl.LOCK_EX):
        if _temporary_mark().exists():
            _stop()
            _temporary_mark().unlink()


@contextmanager
def lock(name: str, operation: int) -> Iterator[None]:
    """Hold the lock file `name` in the data root. Raises BlockingIOError if LOCK_NB says so."""
    root = data_root()
    root.mkdir(parents=True, exist_ok=True)
    with (root / name).open("w") as file:
        fcntl.flock(file, operation)
        yield


def _start() -> DatabaseAddress:
    directory = data_directory()
    account = server_account(directory)
    binaries = program.binaries(account)
    cluster.make_unless_made(directory, account, binaries)
    if _living_postmaster(directory) is not None:
        # Started before, and still recovering or stopping.
        return _wait_until_ready(directory, lambda: _living_postmaster(directory) is None)
    _disown_pid_file(directory)
    sockets = cluster.empty_socket_directory(directory, account)
    cluster.write_settings(directory, sockets, account)
    deadline = time.monotonic() + ORPHANS_SECONDS
    while True:
        try:
            return _launch(directory, account, binaries)
        except ProgramFailed as failure:
            if "shared memory block" not in str(failure) or time.monotonic() > deadline:
                raise
        # Sessions of a server that was killed end with their statement; then we may start.
        time.sleep(0.2)  # noqa: TID251 - a person's command, not a worker


def _launch(directory: Path, account: Account, binaries: Path) -> DatabaseAddress:
    with _log(directory).open("wb") as log:
        postgres = [str(binaries / "postgres"), "-D", str(directory.resolve())]
        process = program.run_beside(postgres, account, log)
    account.own(_log(directory))
    _started.append(process)
    return _wait_until_ready(directory, lambda: process.poll() is not None)


def _wait_until_ready(directory: Path, ended: Callable[[], bool]) -> DatabaseAddress:
    reached = _wait(lambda: ended() or running_address() is not None, READY_SECONDS)
    address = running_address()
    if address is not None:
        return address
    if not reached:
        reason = f"not ready after {READY_SECONDS} seconds"
    else:
        reason = program.telling_line(_log(directory).read_text(errors="replace"))
    raise ProgramFailed("postgres", f"{reason} (the log is {_log(directory)})")


def _stop() -> bool:
    directory = data_directory()
    lines = postmaster_lines(directory)
    pid = _living_postmaster(directory)
    if pid is None:
        return False
    for number, seconds in (
        (signal.SIGINT, FAST_STOP_SECONDS),
        (signal.SIGQUIT, IMMEDIATE_STOP_SECONDS),
    ):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            break
        except PermissionError as error:
            raise ForeignDirectory(directory, "stop the server as that user") from error
        if _wait(lambda: _living_postmaster(directory) is None, seconds):
            break
    else:
        raise ProgramFailed("postgres", f"process {pid} does not stop")
    shutil.rmtree(lines[4], ignore_errors=True)
    return True


def _living_postmaster(directory: Path) -> int | None:
    """Return the pid of the server process of this data directory, ready or not."""
    lines = postmaster_lines(directory)
    if not lines:
        return None
    pid = int(lines[0])
    # lines[1] is the directory as that process knows it, also if the project was moved since.
    return pid if _command_names(pid, lines[1]) else None


def _command_names(pid: int, directory: str) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        if Path("/proc/self/cmdline").exists():
            return False
        # No /proc: macOS and the BSDs.
        command = subprocess.run(  # noqa: S603 - a fixed command
            ["/bin/ps", "-p", str(pid), "-o", "command="], capture_output=True, check=False
        ).stdout
    return os.fsencode(directory) in command


def _disown_pid_file(directory: Path) -> None:
    """Free a crashed server's pid file of a pid that another process has by now.

    PostgreSQL would take that process for a server and refuse to start. It never takes its own
    parent for one, so we put our pid there. The other lines stay: by them PostgreSQL finds orphans
    of the crashed server that still hold its shared memory.
    """
    lines = postmaster_lines(directory)
    if lines:
        text = "\n".join([str(os.getpid()), *lines[1:], ""])
        (directory / "postmaster.pid").write_text(text)


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)  # noqa: TID251 - a person's command, not a worker
    return False


def _log(directory: Path) -> Path:
    return directory / "server.log"


def _temporary_mark() -> Path:
    return data_root() / "postgres.temporary"
