"""What all scenarios share: a database, a receiver, a worker group."""

import os
import signal
from contextlib import ExitStack, closing
from pathlib import Path

from django.db import connection

from tests.faults import own_server
from tests.faults.journal import Provider
from tests.faults.ledger import WORKERS, Ledger
from tests.faults.processes import is_alive, send
from tests.support.live import LiveDatabase, WorkerGroup, connected_to

WORKERS_OF_A_GROUP = 2
SLOTS = 8


class World:
    """Used as a context: what it started has ended when it is left."""

    def __init__(self, directory: Path, seed, *, is_short: bool):
        self.directory, self.seed, self.is_short = directory, seed, is_short
        self._stack = ExitStack()
        self._group = None  # the one that scenarios share
        self.groups: list[WorkerGroup] = []

    def __enter__(self):
        with ExitStack() as stack:
            self.log = stack.enter_context((self.directory / "workers.log").open("ab"))
            self.provider = Provider(self.directory / "journal", self.seed)
            stack.callback(self.provider.kill)
            os.environ["SAYR_ALLOWED_PRIVATE_HOSTS"] = self.provider.host_and_port
            self.database = stack.enter_context(closing(LiveDatabase("faults")))
            stack.enter_context(connected_to(self.database))
            self.ledger = stack.enter_context(closing(Ledger(self.database.owner_url)))
            stack.callback(self.stop_workers)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception):
        return self._stack.__exit__(*exception)

    def group(self):
        """Return the worker group, started if none runs."""
        if self._group is None or not any(map(is_alive, self._group.everything())):
            self._group = self.new_group()
        return self._group

    def new_group(self, **settings):
        """Start another worker group, as on another host."""
        return self.new_groups(1, **settings)[0]

    def new_groups(self, count, **settings):
        """Start so many worker groups at once."""
        how = {"workers": WORKERS_OF_A_GROUP, "slots": SLOTS, "log": self.log, **settings}
        made = [WorkerGroup(self.database, waits=False, **how) for _ in range(count)]
        self.groups += made
        for group in made:
            group.wait()
        return made

    def stop_workers(self):
        """Stop every worker group, and see that none of it is left."""
        for group in self.groups:
            self.stop(group)
        self._group = None

    def stop(self, group):
        """Stop a group as an operating system would: SIGTERM, and after a while SIGKILL."""
        everything = group.everything()
        try:
            return group.stop()
        finally:
            send(everything, signal.SIGKILL)
            group.process.wait()
            self.groups = [one for one in self.groups if one is not group]

    def end_group(self, group):
        """End a whole host: every process at once."""
        everything = group.everything()
        send(everything, signal.SIGKILL)
        group.process.wait()
        self.groups = [one for one in self.groups if one is not group]

    def workers(self, *groups):
        """Return (number, pid, runs held) of the dispatchers of these groups, the busiest first."""
        # Not those that are dead and wait to be collected.
        pids = [one.pid for group in groups for one in group.everything() if is_alive(one)]
        return self.ledger.rows(WORKERS, pids=pids)

    def break_database(self):
        """End the server in the middle of everything."""
        own_server.break_off()

    def mend_database(self):
        """Start it again. This thread's session is gone with the old one."""
        own_server.mend()
        connection.close()
