"""A worker in the test's own process: it claims and executes what is due, when it is told to."""

from datetime import timedelta
from time import monotonic

from workflows.runtime.runs.execute import execute
from workflows.runtime.workers.lease_keeper import Watch
from workflows.runtime.workers.session import DispatcherSession
from workflows.services.runs.entries import entries_of

LEASE = timedelta(seconds=30)


class Machine:
    """One worker of a group."""

    def __init__(self, group="north"):
        self.session = DispatcherSession(group, 4, LEASE)

    def turn(self, limit=4):
        """Match events, claim once, execute; return how many runs were claimed."""
        self.session.match_events()
        claims = self.session.claim(limit)
        for claim in claims:
            self.execute(claim)
        return len(claims)

    def execute(self, claim):
        """Carry a claimed run as far as it goes."""
        watch = Watch(LEASE)
        watch.take(claim, monotonic())
        execute(claim, watch)

    def work(self, turns=200):
        """Work until nothing is due; fail if that does not come to an end."""
        for _ in range(turns):
            if not self.turn():
                return
        raise AssertionError("the runs go on for ever")

    def close(self):
        """Leave."""
        self.session.close()


def entries(run):
    """Return the steps of a run with their ends."""
    run.refresh_from_db()
    return [(entry["step_name"], entry["status"]) for entry in entries_of(run)]


def output(run, step):
    """Return the last output of a step."""
    run.refresh_from_db()
    found = [one["output"] for one in entries_of(run) if one["step_name"] == step]
    return found[-1]
