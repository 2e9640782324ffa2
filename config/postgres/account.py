"""Who the server runs as: whoever started it, or an account of its own if that was root."""

import os
import pwd
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from config.postgres.errors import ForeignDirectory, NoAccount

NAME = "sayr-postgres"
# For what root's server needs outside the project, if its account cannot enter the project.
HOME = Path("/var/lib/sayr-postgres")


@dataclass(frozen=True, slots=True)
class Account:
    """The system account of the server's processes and files."""

    uid: int
    gid: int

    @property
    def is_caller(self) -> bool:
        return self.uid == os.geteuid()

    def own(self, path: Path) -> None:
        """Give `path` to the account."""
        if not self.is_caller:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, directory: Path) -> bool:
        """Say whether the account may read `directory` and pass all directories above it."""
        if self.is_caller:
            return True
        test = ["/bin/sh", "-c", 'test -r "$1/." && test -x "$1"', "sh", str(directory)]
        return subprocess.run(  # noqa: S603 - a fixed command
            test, user=self.uid, group=self.gid, extra_groups=[], cwd="/", check=False
        ).returncode == 0  # fmt: skip


def server_account(directory: Path) -> Account:
    """Return the account that the server with this data directory runs as, made if it is missing.

    Raises ForeignDirectory if the caller cannot act for it, NoAccount if root cannot make it.
    """
    owner = directory.stat() if directory.exists() else None
    if os.geteuid() != 0:
        if owner and owner.st_uid != os.geteuid():
            raise ForeignDirectory(directory, "start as that user, or remove the directory")
        return Account(os.geteuid(), os.getegid())
    if owner and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    return _made_account()


def _made_account() -> Account:
    # initdb looks its account up by name, so a bare number would not do.
    reason = ""
    for _attempt in range(10):
        try:
            entry = pwd.getpwnam(NAME)
        except KeyError:
            reason = _make_account()
            if reason:
                # Another process may be at it: the account database is locked, or has the name now.
                time.sleep(0.2)  # noqa: TID251 - a person's command, not a worker
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise NoAccount(NAME, reason)


def _make_account() -> str:
    """Return why the account could not be made, empty if it was."""
    command = ["useradd", "--system", "--user-group", "--no-create-home"]
    command += ["--home-dir", str(HOME), "--shell", "/bin/false", NAME]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            command, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return "there is no useradd"
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""
