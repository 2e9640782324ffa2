"""A worker in the test's own process: it claims and executes what is due, when it is told to."""

from contextlib import suppress
from datetime import timedelta
from time import monotonic
from unittest import mock

from django.db.models import F

from tests.support.time_travel import travel
from workflows.engine.decide import MAX_CRASHES
from workflows.models.run import WorkflowRun
from workflows.runtime.runs.execute import execute
from workflows.runtime.steps.live import LiveExecutor
from workflows.runtime.workers.lease_keeper import Watch
from workflows.runtime.workers.session import DispatcherSession
from workflows.services.runs.entries import entries_of

LEASE = timedelta(seconds=30)


class Killed(BaseException):
    """The worker's process is gone."""


class Machine:
    """One worker of a group."""

    def __init__(self, group="north"):
        self.session = DispatcherSession(group, 4, LEASE)

    def claim(self, limit=8):
        """Claim what is due, and leave it: the worker dies here."""
        return self.session.claim(limit)

    def step(self, watch=None, limit=8):
        """Claim once, and carry that as far as it goes; return how many runs it was."""
        claims = self.claim(limit)
        for claim in claims:
            self.execute(claim, watch)
        return len(claims)

    def turn(self, limit=4):
        """Match events, then do a step."""
        self.session.match_events()
        return self.step(limit=limit)

    def execute(self, claim, watch=None):
        """Carry a claimed run as far as it goes."""
        watch = watch or Watch(LEASE)
        watch.take(claim, monotonic())
        execute(claim, watch)

    def work(self, turns=200):
        """Work until nothing is due; return the runs, the oldest first. It must come to an end."""
        for _ in range(turns):
            if not self.turn():
                return list(WorkflowRun.objects.order_by("id"))
        raise AssertionError("the runs go on for ever")

    def work_until_before(self, name):
        """Do all that is due until a run is about to carry out this step: the worker dies."""
        real = LiveExecutor.carry_out

        def carry_out(executor, job):
            if job.instruction.name == name:
                raise Killed
            return real(executor, job)

        with mock.patch.object(LiveExecutor, "carry_out", carry_out), suppress(Killed):
            while self.step():
                pass

    def poison(self):
        """Let what is under way have ended its workers too often."""
        self._lose(MAX_CRASHES)

    def lose(self):
        """Let the worker of what is under way be gone: another takes over."""
        self._lose(1)

    def _lose(self, crashes):
        WorkflowRun.objects.filter(status="running").update(
            status="queued", crashes=crashes, lease_token=F("lease_token") + 1, worker=None
        )

    def travel(self):
        """Let the next moment that each run waits for be past."""
        travel()

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
