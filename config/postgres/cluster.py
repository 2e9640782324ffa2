"""The server's data directory: made whole or not at all, its settings written at every start."""

import hashlib
import os
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

from config.postgres import program
from config.postgres.account import HOME, Account
from config.postgres.address import PORT
from config.postgres.errors import ForeignDirectory, OtherVersion, ProgramFailed

_LOCALE = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
_LOCALE += ["--lc-collate=C", "--lc-ctype=C", "--lc-messages=C"]
_LOCALE += ["--lc-monetary=C", "--lc-numeric=C", "--lc-time=C"]

_SETTINGS = """\
# Written at every start by config/postgres/cluster.py: changes here are lost.
listen_addresses = ''
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 128MB
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'iso, ymd'
log_checkpoints = off
# The log names errors, never the rows or statements of the people whose data this is.
log_min_error_statement = panic
log_error_verbosity = terse
fsync = {durable}
full_page_writes = {durable}
"""


def make_unless_made(directory: Path, account: Account, binaries: Path) -> None:
    """Create the data directory with its roles and database. Raises ProgramFailed, OtherVersion."""
    version = directory / "PG_VERSION"
    if version.exists():
        found = version.read_text().strip()
        if found != program.MAJOR_VERSION:
            raise OtherVersion(directory, found, program.MAJOR_VERSION)
        return
    if directory.is_symlink() or directory.exists():
        raise ProgramFailed("initdb", f"{directory} holds no PostgreSQL data: remove it")
    # Put in its place when complete: a crash half-way leaves nothing that counts.
    for abandoned in directory.parent.glob("postgres-unfinished-*"):
        shutil.rmtree(abandoned)
    if account.can_enter(directory.parent):
        made = _initialised(directory.parent, "postgres-unfinished-", account, binaries)
        made.rename(directory)
    else:
        HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        directory.symlink_to(_initialised(HOME, "data-", account, binaries))


def write_settings(directory: Path, sockets: Path, account: Account) -> None:
    """Write the server's settings file. SAYR_POSTGRES_FSYNC=off trades durability for speed."""
    durable = "on" if _durable() else "off"
    quoted = str(sockets).replace("'", "''")
    settings = directory / "postgresql.conf"
    settings.write_text(_SETTINGS.format(port=PORT, sockets=quoted, durable=durable))
    account.own(settings)


def empty_socket_directory(directory: Path, account: Account) -> Path:
    """Return the private directory for the socket of a server that does not run.

    It lies in /tmp, because a socket's path has room for 107 bytes and the project may lie deep,
    and has the same name at every start, so that running processes find the server again.
    Raises ForeignDirectory if somebody else took the name.
    """
    digest = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:12]
    sockets = Path("/tmp") / f"sayr-{account.uid}-{digest}"  # noqa: S108 - made safe below
    try:
        sockets.mkdir(mode=0o700)
        account.own(sockets)
    except FileExistsError:
        pass
    status = sockets.lstat()
    if sockets.is_symlink() or status.st_uid != account.uid or status.st_mode & 0o077:
        raise ForeignDirectory(sockets, "remove it")
    for left_by_crash in sockets.iterdir():
        left_by_crash.unlink()
    return sockets


def _initialised(home: Path, prefix: str, account: Account, binaries: Path) -> Path:
    """Return a new data directory in `home`, its server not running."""
    directory = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
    try:
        account.own(directory)
        quick = [] if _durable() else ["--no-sync"]
        initdb = [str(binaries / "initdb"), "-D", str(directory), "-U", "postgres", "--auth=trust"]
        program.run_to_end([*initdb, *_LOCALE, *quick], account)
        _make_roles(directory, account, binaries)
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    return directory


def _make_roles(directory: Path, account: Account, binaries: Path) -> None:
    # The single-user server needs no socket and no client, and leaves nothing running.
    postgres = [str(binaries / "postgres"), "--single", "-j", "-D", str(directory), "template1"]
    roles = files("config.postgres").joinpath("roles.sql").read_text()
    said = program.run_to_end(postgres, account, stdin=roles)
    if "ERROR:" in said:
        # A statement's error does not fail the single-user server.
        raise ProgramFailed("roles.sql", next(s for s in said.splitlines() if "ERROR:" in s))


def _durable() -> bool:
    return os.environ.get("SAYR_POSTGRES_FSYNC", "").lower() != "off"
