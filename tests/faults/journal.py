"""The receiver as the suite sees it: a process to start and to kill, a journal to read."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.faults.processes import ROOT, die_with_the_suite


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request as it arrived."""

    at: float  # seconds of the machine's clock
    key: str  # its Idempotency-Key
    message: str  # "<order>/<step>", with "/<item>" behind it for a child run

    @property
    def order(self):
        """The order it is about."""
        return self.message.partition("/")[0]


class Provider:
    """Somebody else's server."""

    def __init__(self, journal: Path, seed):
        self.journal, self._seed, self._port = journal, seed, 0
        self._process = None
        self.start()

    def start(self):
        """Start, at the address it had before."""
        command = [sys.executable, "-m", "tests.faults.receiver"]
        self._process = subprocess.Popen(
            [*command, str(self.journal), str(self._port), str(self._seed)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_the_suite,
        )
        self._port = int(self._process.stdout.readline())

    def kill(self):
        """End it in the middle of whatever it does."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    @property
    def host_and_port(self):
        """Where it listens."""
        return f"127.0.0.1:{self._port}"

    def address(self, mode, **how):
        """Return an address at which it behaves so."""
        query = "&".join(f"{name}={value}" for name, value in how.items())
        return f"http://{self.host_and_port}/{mode}?{query}"

    def deliveries(self):
        """Return what has arrived so far, in order."""
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        return [Delivery(**json.loads(line)) for line in lines]
