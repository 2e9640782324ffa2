"""Where the embedded PostgreSQL listens, read without starting anything.

The settings import this module in every process: standard library only, one small file read,
one connection to a local socket (0.1 ms together).
"""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DATABASE = "sayr"
OWNER_ROLE = "sayr_owner"
APP_ROLE = "sayr_app"
PORT = 5432  # it only names the socket file: the server listens on no network

# postmaster.pid, line by line: https://www.postgresql.org/docs/18/storage-file-layout.html
_SOCKET_DIRECTORY_LINE = 4
_STATUS_LINE = 7


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """How to reach the database, as URLs."""

    app_url: str  # the application: reads and writes rows, changes no tables
    owner_url: str  # migrations and tests: owns the tables, may create databases


def data_root() -> Path:
    """Return the directory for everything the project keeps on disk (SAYR_DATA_DIR, else .data).

    A relative SAYR_DATA_DIR counts from the project, wherever the process was started.
    """
    return PROJECT_ROOT / (os.environ.get("SAYR_DATA_DIR") or ".data")


def data_directory() -> Path:
    """Return the server's data directory, which need not exist."""
    return data_root() / "postgres"


def running_address() -> DatabaseAddress | None:
    """Return where the server listens, or None if it is not there or not ready yet."""
    lines = postmaster_lines(data_directory())
    if len(lines) <= _STATUS_LINE or lines[_STATUS_LINE].strip() != "ready":
        return None
    socket_directory = lines[_SOCKET_DIRECTORY_LINE]
    if not _somebody_listens(socket_directory):
        return None
    return DatabaseAddress(_url(APP_ROLE, socket_directory), _url(OWNER_ROLE, socket_directory))


def postmaster_lines(directory: Path) -> list[str]:
    """Return the lines of the server's pid file, none if there is no such file."""
    try:
        return (directory / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        # Somebody else's server is none for us: its socket is closed to us, too.
        return []


def _somebody_listens(socket_directory: str) -> bool:
    # Only a connection tells a server from the pid file of a crashed one: after a restart of the
    # machine or container the pid can be another process's.
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(f"{socket_directory}/.s.PGSQL.{PORT}")
    except TimeoutError:
        return True  # so busy that nobody takes the call, but there
    except OSError:
        return False
    return True


def _url(role: str, socket_directory: str) -> str:
    return f"postgresql://{role}@/{DATABASE}?host={quote(socket_directory, safe='/')}"
