"""What a worker tells the others of itself."""

from datetime import timedelta

import pytest
from django.db.models import F

from tests.workflows.runtime.machine import LEASE, Machine
from workflows.models.worker import WorkflowWorker
from workflows.runtime.reaper import take_over_from_the_dead

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def machines():
    machines = [Machine("north"), Machine("south")]
    yield machines
    for machine in machines:
        machine.close()


def test_a_worker_that_was_given_up_is_known_again_when_it_thaws(machines):
    frozen, other = machines
    known = WorkflowWorker.objects.filter(number=frozen.session.worker)
    before = known.values("group", "host", "pid", "slots").get()
    silent = LEASE + timedelta(seconds=1)
    known.update(beat_at=F("beat_at") - silent)
    take_over_from_the_dead(other.session.connection(), LEASE, sweep=False)
    assert not known.exists()

    frozen.session.renew([])

    assert known.values("group", "host", "pid", "slots").get() == before
    assert WorkflowWorker.objects.count() == 2
