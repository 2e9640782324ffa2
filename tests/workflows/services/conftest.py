"""A worker in the test's own process, and actions that tests declare."""

from datetime import timedelta
from time import monotonic

import pytest

from tests.workflows.runtime.conftest import library, publish_steps_fixture  # noqa: F401
from workflows.models.run import WorkflowRun
from workflows.runtime.execute import execute
from workflows.runtime.session import PumpSession
from workflows.runtime.watch import Watch

LEASE = timedelta(seconds=30)


class Hand:
    """Claims and executes what is due, as a slot of a worker would."""

    def __init__(self):
        self.session = PumpSession("north", 4, LEASE)

    def claim(self):
        """Claim what is due, and leave it: the worker dies here."""
        return self.session.claim(8)

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
