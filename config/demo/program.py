"""`python -m config.demo`, `… --check`, `… stop`: one line says what is."""

import os
import sys
import time
from contextlib import suppress

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseTrouble

from config.demo import addresses
from config.demo.check import check
from config.demo.database import kept_database
from config.demo.errors import DemoError, NotForProduction, ProcessEnded
from config.demo.interruption import DemoInterrupted, Interruption
from config.demo.lock import end_running_demo, only_demo
from config.demo.running import Demo, running
from config.demo.welcome import welcome
from config.postgres.errors import PostgresError

USAGE = "Usage: python -m config.demo [--check | stop]"
MISUSED = 2
INTERRUPTED = 130
WATCH_SECONDS = 0.5


def main(arguments: list[str]) -> int:
    interruption = Interruption()
    try:
        return _do(arguments, interruption)
    except DemoInterrupted:
        return INTERRUPTED
    except (DemoError, PostgresError, ImproperlyConfigured) as error:
        return _fail(str(error))
    except (DatabaseTrouble, psycopg.Error) as error:
        return _fail(f"The database: {str(error).strip().splitlines()[0]}")
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return _fail(f"The demo: {error.strerror or error}{where}.")


def _do(arguments: list[str], interruption: Interruption) -> int:
    match arguments:
        case []:
            return _show(interruption)
        case ["--check"]:
            return check(interruption)
        case ["stop"]:
            _say("The demo is stopped." if end_running_demo() else "No demo was running.")
            return 0
        case _:
            return _fail(USAGE, MISUSED)


def _show(interruption: Interruption) -> int:
    if os.environ.get("SAYR_ENVIRONMENT", "").strip() == "production":
        raise NotForProduction
    with only_demo():
        interruption.listen()
        try:
            with running(
                addresses.usual(), kept_database(interruption), interruption, _progress
            ) as demo:
                _say(welcome(demo))
                code = _watch(demo)
        except DemoInterrupted:
            code = 0
        _say("Everything is stopped.")
    return code


def _watch(demo: Demo) -> int:
    """Stay until a signal comes or a process ends by itself; return the exit code."""
    try:
        while True:
            demo.children.check()
            time.sleep(WATCH_SECONDS)  # noqa: TID251 - a person's command, not a worker
    except DemoInterrupted:
        _say("\nStopping: steps in flight finish. Ctrl+C again stops at once.")
        return 0
    except ProcessEnded as error:
        return _fail(f"{error}\nStopping the rest.")


def _progress(what: str) -> None:
    _say(f"Starting: {what} …")


def _say(text: str) -> None:
    # The terminal may be gone, and the pipe closed: no reason to leave anything running.
    with suppress(OSError):
        print(text, flush=True)


def _fail(message: str, code: int = 1) -> int:
    with suppress(OSError):
        print(message, file=sys.stderr)
    return code
