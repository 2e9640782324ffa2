"""`python -m config.postgres start | stop | status | run -- COMMAND`: one line says what is."""

import os
import sys
from urllib.parse import parse_qs, urlsplit

from config.postgres import server
from config.postgres.address import running_address
from config.postgres.errors import OWN_SERVER, PostgresError
from config.postgres.run import run

USAGE = "Usage: python -m config.postgres start | stop | status | run -- COMMAND …"
NOT_RUNNING = 3  # what `status` of init scripts answers
MISUSED = 2
INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    try:
        return _do(arguments)
    except PostgresError as error:
        return _fail(str(error))
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        remedy = f"make room or set SAYR_DATA_DIR to another place, or {OWN_SERVER}"
        return _fail(f"The embedded PostgreSQL: {error.strerror}{where}: {remedy}.")
    except KeyboardInterrupt:
        return INTERRUPTED


def _do(arguments: list[str]) -> int:
    match arguments:
        case ["start"]:
            return _start()
        case ["stop"]:
            return _stop()
        case ["status"]:
            return _status()
        case ["run", "--", _, *_]:
            return run(arguments[2:])
        case _:
            return _fail(USAGE, MISUSED)


def _start() -> int:
    own = os.environ.get("DATABASE_URL")
    print(_says(own) if own else _says(server.start().app_url))
    return 0


def _stop() -> int:
    print("PostgreSQL is stopped." if server.stop() else "PostgreSQL was not running.")
    return 0


def _status() -> int:
    own = os.environ.get("DATABASE_URL")
    address = running_address()
    if own:
        print(f"{_says(own)} (DATABASE_URL)")
    elif address:
        print(_says(address.app_url))
    else:
        print("PostgreSQL is not running: python -m config.postgres start")
        return NOT_RUNNING
    return 0


def _says(url: str) -> str:
    """Return the sentence for `url`. It names no user and no password."""
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query).get("host", ["the default socket"])[0]
    port = f":{parts.port}" if parts.port else ""
    return f"PostgreSQL listens at {host}{port}, database {parts.path.lstrip('/')}"


def _fail(message: str, code: int = 1) -> int:
    print(message, file=sys.stderr)
    return code
