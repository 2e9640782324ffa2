"""A PostgreSQL that belongs to the suite alone: it is ended and started many times."""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from config.postgres import server
from config.postgres.address import data_directory, postmaster_lines

END_SECONDS = 30


def start(directory: Path):
    """Start it, and let Django and the workers use it."""
    os.environ["SAYR_DATA_DIR"] = str(directory)
    address = server.start()
    os.environ["DATABASE_URL"] = os.environ["SAYR_TEST_APP_URL"] = address.app_url
    os.environ["DATABASE_OWNER_URL"] = address.owner_url


def break_off():
    """End it in mode immediate: nobody may finish, nothing is tidied up."""
    pid = int(postmaster_lines(data_directory())[0])
    os.kill(pid, signal.SIGQUIT)
    end = monotonic() + END_SECONDS
    while _runs(pid):
        if monotonic() > end:
            raise AssertionError(f"PostgreSQL did not end within {END_SECONDS} s")
        sleep(0.02)


def mend():
    """Start it again: it recovers from its log."""
    server.start()


def remove(directory: Path, *, keep_logs: bool = False):
    """Stop it and take its files away."""
    try:
        server.stop()
    finally:
        # They may lie elsewhere, if the server's account cannot enter this folder.
        shutil.rmtree((directory / "postgres").resolve(), ignore_errors=True)
        if not keep_logs:
            shutil.rmtree(directory, ignore_errors=True)


def _runs(pid):
    with suppress(OSError):
        # Empty for a process that has ended and was not collected yet.
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    return False
