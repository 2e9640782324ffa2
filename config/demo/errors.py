"""What stands between a person and a running demo. Each message is one line with a way out."""

from pathlib import Path

LINES_SHOWN = 5


class DemoError(Exception):
    """The demo cannot do what was asked."""


class AlreadyRunning(DemoError):
    """Another demo uses this data directory."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"The demo is running already (process {pid}): make stop ends it.")


class StillRunning(DemoError):
    """A demo that was asked to stop does not."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"The demo (process {pid}) does not stop: kill -9 {pid} ends all of it.")


class ProcessEnded(DemoError):
    """A process of the demo ended by itself, or a command it needs failed."""

    def __init__(self, name: str, code: int, log: Path) -> None:
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        super().__init__(f"{name} ended with {how}. {end_of(log)}")
        self.name, self.code = name, code


class NotReady(DemoError):
    """A process runs but does not answer."""

    def __init__(self, name: str, seconds: float, log: Path) -> None:
        super().__init__(f"{name} does not answer after {seconds:.0f} seconds. {end_of(log)}")


class NoFreePort(DemoError):
    """Every port that was tried is in use."""

    def __init__(self, first: int, last: int) -> None:
        super().__init__(f"The ports {first} to {last} are all in use: free one of them.")


class NotForProduction(DemoError):
    """The environment says that this is production."""

    def __init__(self) -> None:
        super().__init__(
            "The demo makes people with known passwords, and SAYR_ENVIRONMENT says production."
        )


class ForeignDatabase(DemoError):
    """The database of DATABASE_URL holds somebody's own data."""

    def __init__(self) -> None:
        super().__init__(
            "The database of DATABASE_URL holds data of its own, and the demo makes people with "
            "known passwords: give it an empty database, or unset DATABASE_URL."
        )


class CheckFailed(DemoError):
    """Something did not happen as it should."""


def end_of(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    told = [line for line in lines if line.strip()][-LINES_SHOWN:]
    return "\n".join([f"Its log, {log}, ends:" if told else f"Its log, {log}, is empty.", *told])
