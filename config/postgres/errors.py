"""What stands between a person and a running embedded PostgreSQL."""

OWN_SERVER = "set DATABASE_URL to a PostgreSQL 15 or newer of your own"


class PostgresError(Exception):
    """The embedded PostgreSQL cannot do what was asked. The message is one line with a way out."""


class NotInstalled(PostgresError):
    """The wheel with the binaries is missing."""

    def __init__(self) -> None:
        super().__init__(
            f"The embedded PostgreSQL is not installed: run `make setup`, or {OWN_SERVER}."
        )


class UnsupportedPlatform(PostgresError):
    """The wheel's binaries cannot run here."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The embedded PostgreSQL does not run on {what}: {OWN_SERVER}.")


class NoAccount(PostgresError):
    """Root has no unprivileged account to hand the server to."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"PostgreSQL refuses to run as root and the account {name} cannot be made ({reason}): "
            f"run as an ordinary user, or {OWN_SERVER}."
        )


class ForeignDirectory(PostgresError):
    """A directory that must be ours belongs to somebody else."""

    def __init__(self, directory: object, remedy: str) -> None:
        super().__init__(f"{directory} belongs to another user: {remedy}.")


class OtherVersion(PostgresError):
    """The data directory was made by another major version."""

    def __init__(self, directory: object, found: str, expected: str) -> None:
        super().__init__(
            f"The data in {directory} is PostgreSQL {found}'s, the program is {expected}: "
            f"move that directory away (a new one is made), or {OWN_SERVER}."
        )


class ProgramFailed(PostgresError):
    """A PostgreSQL program ended with an error, or never became ready."""

    def __init__(self, program: str, reason: str) -> None:
        super().__init__(f"{program} failed: {reason}. If that cannot be mended, {OWN_SERVER}.")
