"""A worker in the test's own process, and actions that tests declare."""

from contextlib import suppress
from datetime import timedelta
from time import monotonic
from unittest import mock

import pytest
from django.db.models import F

from tests.support.time_travel import travel
from tests.workflows.runtime.conftest import library, machine, publish_steps_fixture  # noqa: F401
from workflows.engine.decide import MAX_CRASHES
from workflows.models.run import WorkflowRun
from workflows.runtime.runs.execute import execute
from workflows.runtime.steps.live import LiveExecutor
from workflows.runtime.workers.lease_keeper import Watch
from workflows.runtime.workers.session import DispatcherSession

LEASE = timedelta(seconds=30)


class Killed(BaseException):
    """The worker's process is gone."""


class Hand:
    """Claims and executes what is due, as a slot of a worker would."""

    def __init__(self):
        self.session = DispatcherSession("north", 4, LEASE)

    def claim(self):
        """Claim what is due, and leave it: the worker dies here."""
        return self.session.claim(8)

    def step(self):
        """Claim once and do that; return how many runs it was."""
        watch = Watch(LEASE)
        claims = self.session.claim(8)
        for claim in claims:
            watch.take(claim, monotonic())
            execute(claim, watch)
        return len(claims)

    def work_until_before(self, name):
        """Do all that is due until a run is about to carry out this step."""
        real = LiveExecutor.carry_out

        def carry_out(executor, job, settle):
            if job.instruction.name == name:
                raise Killed
            return real(executor, job, settle)

        with mock.patch.object(LiveExecutor, "carry_out", carry_out), suppress(Killed):
            while self.step():
                pass

    def poison(self):
        """Let what is under way have ended its workers too often."""
        WorkflowRun.objects.filter(status="running").update(
            status="queued", crashes=MAX_CRASHES, lease_token=F("lease_token") + 1, worker=None
        )

    def lose(self):
        """Let the worker of what is under way be gone: another takes over."""
        WorkflowRun.objects.filter(status="running").update(
            status="queued", crashes=1, lease_token=F("lease_token") + 1, worker=None
        )

    def travel(self):
        """Let the next moment that each run waits for be past."""
        travel()

    def work(self):
        """Do all that is due; return the runs, the oldest first."""
        watch = Watch(LEASE)
        while claims := self.session.claim(8):
            for claim in claims:
                watch.take(claim, monotonic())
                execute(claim, watch)
        return list(WorkflowRun.objects.order_by("id"))


@pytest.fixture
def worker(db):
    """A worker."""
    hand = Hand()
    yield hand
    hand.session.close()
