"""Runs a command beside the server; the last such command stops a server started for it."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from types import FrameType

from config.postgres import server

NOT_FOUND = 127  # as a shell says it
_SIGNAL_BASE = 128


def run(command: list[str]) -> int:
    """Run `command` with DATABASE_URL and DATABASE_OWNER_URL set and return its exit code.

    Several at once share the server. Raises PostgresError.
    """
    if os.environ.get("DATABASE_URL"):
        return _run(command, {"DATABASE_OWNER_URL": os.environ["DATABASE_URL"], **os.environ})
    try:
        with server.lock("postgres.users.lock", fcntl.LOCK_SH):
            address = server.start(temporary=True)
            urls = {"DATABASE_URL": address.app_url, "DATABASE_OWNER_URL": address.owner_url}
            return _run(command, {**os.environ, **urls})
    finally:
        stop_after_the_last()


def stop_after_the_last() -> None:
    """Stop a server started for a command, unless another command still uses it."""
    try:
        with server.lock("postgres.users.lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
            server.stop_if_temporary()
    except BlockingIOError:
        pass  # another command still uses it, and will look after it


def _run(command: list[str], environment: Mapping[str, str]) -> int:
    try:
        child = subprocess.Popen(command, env=environment)  # noqa: S603 - the person's own command
    except OSError as error:
        print(f"Cannot run {command[0]}: {error.strerror}.", file=sys.stderr)
        return NOT_FOUND

    def pass_on(number: int, frame: FrameType | None) -> None:
        # A key like Ctrl-C in our terminal has reached the command already.
        if number in {signal.SIGTERM, signal.SIGHUP} or not _in_foreground():
            child.send_signal(number)

    signals = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
    before = {number: signal.signal(number, pass_on) for number in signals}
    try:
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else _SIGNAL_BASE - code


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
